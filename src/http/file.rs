//! Content of files: bytes in and out as they come, with ranges and ETags. None of it is ever in memory as a whole.

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use futures_util::{StreamExt as _, stream};

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
use crate::service::{Incoming, NO_CONTENT, OpenFile};

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
    Endpoint::new(
        Verb::Put,
        "/file/{id}/content",
        "file_content_put",
        "Replaces a file's content with the body, of any type; takes `if-match`.",
    )
    .params(WRITE)
    .body(Shape::Bytes)
    .answer(200, Shape::Record(Some("FILE")))
    .once(|verb| on(verb, write)),
];

pub(super) fn of() -> &'static RecordType {
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
    let file = state.service().file_open(&caller.actor, &selector).await?;
    let tag = HeaderValue::try_from(format!("\"{}\"", file.row.text("sha256").unwrap_or(NO_CONTENT))).expect("hex digits are plain ASCII");
    if tag::is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let wanted = if tag::may_be_partial(&headers, &tag) { Wanted::of(&headers, file.size) } else { Wanted::Whole };
    let mut response = part(&file, wanted);
    let media = file.row.text("content_type").and_then(|text| HeaderValue::try_from(text).ok());
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
fn part(file: &OpenFile, wanted: Wanted) -> Response {
    let (status, range) = match wanted {
        Wanted::Whole => (StatusCode::OK, 0..file.size),
        Wanted::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from..to + 1),
        Wanted::Outside => {
            let outside = "There is nothing in that range of bytes; 'content-range' has the size.";
            let mut response = Error::new(Kind::Malformed, outside).into_response();
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            response.headers_mut().extend(wanted.header(file.size));
            return response;
        }
    };
    let length = HeaderValue::from(range.end - range.start);
    let pieces = stream::unfold(file.read(range), |mut reader| async move {
        let piece = reader.next().await.transpose()?;
        // The answer has begun: all that is left is to break it off, so that nobody takes a part for the whole.
        Some((piece.inspect_err(|error| tracing::error!(%error, "the content of a file cannot be read to its end")), reader))
    });
    let mut response = (status, Body::from_stream(pieces)).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, length);
    response.headers_mut().extend(wanted.header(file.size));
    response
}

async fn write(
    State(state): State<HttpState>,
    caller: Caller,
    params: Params,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response> {
    let (parts, content) = request.into_parts();
    let begun = async {
        let selector = record::selector(of(), &params, &id)?;
        let if_match = tag::required(&parts.headers)?;
        state.service().file_begin(&caller.actor, selector, if_match).await
    };
    let begun = begun.await;
    receive(&state, &params, (begun, &parts.headers, content)).await
}

/// Takes in a content whose write has begun, and answers its file.
pub(super) async fn receive(
    state: &HttpState,
    params: &Params,
    (begun, headers, content): (Result<Incoming>, &HeaderMap, Body),
) -> Result<Response> {
    let announced = HttpBody::size_hint(&content).lower();
    let mut content = content.into_data_stream();
    let begun = begun.and_then(|incoming| incoming.announce(announced).map(|()| incoming));
    let incoming = match begun {
        Ok(incoming) => fill(incoming, &mut content).await,
        Err(error) => Err(error),
    };
    let incoming = match incoming {
        Ok(incoming) => incoming,
        Err(error) => {
            // Who asks first whether to send is told so without sending.
            if !headers.contains_key(header::EXPECT) {
                body::discard(&mut content).await;
            }
            return Err(error);
        }
    };
    let actor = incoming.actor().clone();
    let written = state.service().file_finish(incoming).await?;
    let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    let found = record::on_disk(state.service(), &actor, of(), written).await?;
    Ok(record::answer(of(), found, params, status))
}

async fn fill(mut incoming: Incoming, content: &mut BodyDataStream) -> Result<Incoming> {
    while let Some(chunk) = content.next().await {
        incoming.take(&chunk.map_err(|_| body::cut_off())?).await?;
    }
    Ok(incoming)
}
