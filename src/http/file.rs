//! Content of files: bytes in and out, with ranges and ETags.

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use bytes::Bytes;

use super::body;
use super::gate::Caller;
use super::param::{Param, Params};
use super::range::Wanted;
use super::record;
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use super::tag;
use crate::error::{Error, Kind, Result};
use crate::records::{self, RecordType};
use crate::service::FileContent;

static READ: &[Param] = &[record::BY];
static WRITE: &[Param] = &[record::BY, record::PLAIN];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Get,
        "/file/{id}/content",
        "file_content_get",
        "Reads a file's content; takes `range`, `if-range` and `if-none-match`.",
    )
    .params(READ)
    .answer(200, Shape::Bytes)
    .once(|verb| on(verb, read)),
    Endpoint::new(Verb::Put, "/file/{id}/content", "file_content_put", "Replaces a file's content with the body, of any type.")
        .params(WRITE)
        .body(Shape::Bytes)
        .answer(200, Shape::Record(Some("FILE")))
        .once(|verb| on(verb, write)),
];

fn of() -> &'static RecordType {
    records::find("FILE").expect("FILE is a record type")
}

async fn read(
    State(state): State<HttpState>,
    caller: Caller,
    params: Params,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let selector = record::selector(of(), &params, &id)?;
    let FileContent { row, content } = state.service().file_content(&caller.actor, &selector).await?;
    let tag = HeaderValue::try_from(format!("\"{}\"", row.text("sha256").unwrap_or("empty"))).expect("hex digits are plain ASCII");
    if tag::is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let mut response = part(&headers, &tag, content);
    let media = row.text("content_type").and_then(|text| HeaderValue::try_from(text).ok());
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, media.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    // Content is whatever somebody put there: a browser keeps it and never runs it as a page of ours.
    about.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    about.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    about.insert(header::ETAG, tag);
    about.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
}

/// The whole content, or the range of it that is wanted.
fn part(headers: &HeaderMap, tag: &HeaderValue, content: Bytes) -> Response {
    let size = content.len() as u64;
    let wanted = if tag::may_be_partial(headers, tag) { Wanted::of(headers, size) } else { Wanted::Whole };
    match wanted {
        Wanted::Whole => content.into_response(),
        Wanted::Outside => {
            let outside = "There is nothing in that range of bytes; 'content-range' has the size.";
            let mut response = Error::new(Kind::Malformed, outside).into_response();
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            insert_range(&mut response, format!("bytes */{size}"));
            response
        }
        Wanted::Part(from, to) => {
            let inside = "a part lies inside the content, which is in memory";
            let (first, last) = (usize::try_from(from).expect(inside), usize::try_from(to).expect(inside));
            let mut response = (StatusCode::PARTIAL_CONTENT, content.slice(first..=last)).into_response();
            insert_range(&mut response, format!("bytes {from}-{to}/{size}"));
            response
        }
    }
}

fn insert_range(response: &mut Response, text: String) {
    response.headers_mut().insert(header::CONTENT_RANGE, HeaderValue::try_from(text).expect("digits are plain ASCII"));
}

async fn write(
    State(state): State<HttpState>,
    caller: Caller,
    params: Params,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response> {
    let selector = record::selector(of(), &params, &id)?;
    let (parts, content) = request.into_parts();
    let content = body::read(&parts.headers, content, state.file_limit()).await?;
    let written = state.service().file_write(&caller.actor, selector, content, None).await?;
    let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    let found = record::on_disk(state.service(), &caller.actor, of(), written).await?;
    Ok(record::answer(of(), found, &params, status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_range(range: &'static str, if_range: Option<&'static str>) -> Response {
        let mut headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
        headers.extend(if_range.map(|tag| (header::IF_RANGE, HeaderValue::from_static(tag))));
        part(&headers, &HeaderValue::from_static("\"abc\""), Bytes::from_static(b"0123456789"))
    }

    #[test]
    fn a_range_says_where_it_lies() {
        let response = of_range("bytes=2-4", None);
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes 2-4/10");
        let outside = of_range("bytes=10-", None);
        assert_eq!(outside.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(outside.headers()[header::CONTENT_RANGE], "bytes */10");
    }

    #[test]
    fn a_range_of_another_content_gets_the_whole() {
        assert_eq!(of_range("bytes=2-4", Some("\"old\"")).status(), StatusCode::OK);
        assert_eq!(of_range("bytes=2-4", Some("\"abc\"")).status(), StatusCode::PARTIAL_CONTENT);
    }
}
