//! Uploads that are promised: an address is given out, and takes a content once from whoever has it.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::on;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::file;
use super::gate::{Caller, coming_from};
use super::param::{Param, ParamKind, Params};
use super::record;
use super::route::{BASE, Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::clock;
use crate::error::Result;
use crate::service::{Actor, Door, IfExists, UploadRequest};

static PROMISE: &[Param] = &[Param {
    name: "if_exists",
    kind: ParamKind::Word(&["overwrite", "error"]),
    doc: "Whether the content of a file of that name is replaced (the default) or the answer is 409.",
}];
static SEND: &[Param] = &[record::PLAIN];
/// Columns of the file that may be asked for.
const COLUMNS: &[&str] = &["content_type", "description", "project_id", "project_name", "bundle_id", "bundle_name", "location_inheritance"];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Post,
        "/file/upload",
        "file_upload",
        "Promises an upload: the address it answers takes a file's content with PUT, once, within 15 minutes and without a key.",
    )
    .params(PROMISE)
    .body(Shape::Named("UploadRequest"))
    .answer(201, Shape::Named("Upload"))
    .once(|verb| on(verb, promise)),
    Endpoint::new(
        Verb::Put,
        "/upload/{token}",
        "upload_put",
        "Takes the content of a promised upload, of any type; the token in the path is the permission.",
    )
    .open()
    .params(SEND)
    .body(Shape::Bytes)
    .answer(201, Shape::Record(Some("FILE")))
    .once(|verb| on(verb, send)),
];

async fn promise(
    State(state): State<HttpState>,
    caller: Caller,
    params: Params,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<(StatusCode, Json<Value>)> {
    let mut fields = body.object()?;
    let mut request = UploadRequest { size: fields.read("size", "a number of bytes", Value::as_u64)?, ..UploadRequest::default() };
    request.columns.insert("name".into(), fields.required_text("name")?.into());
    for column in COLUMNS {
        if let Some(value) = fields.value(column) {
            request.columns.insert((*column).to_owned(), value);
        }
    }
    fields.finish()?;
    if params.text("if_exists") == Some("error") {
        request.if_exists = IfExists::Error;
    }
    let upload = state.service().upload_promise(&caller.actor, request).await?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let root = state.service().config().server.root_url(host);
    let answer = json!({
        "upload_url": format!("{}{BASE}/upload/{}", root, upload.token),
        "method": "PUT",
        "expires_at": clock::format(upload.expires_at),
        "limit_bytes": upload.limit_bytes,
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn send(State(state): State<HttpState>, params: Params, Path(token): Path<String>, request: Request) -> Result<Response> {
    let (parts, content) = request.into_parts();
    let client = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let mut sender = Actor::system(Door::Rest).with_client(client);
    sender.address = coming_from(&parts);
    let begun = state.service().upload_begin(&token, &sender).await;
    file::receive(&state, &params, (begun, &parts.headers, content)).await
}
