//! Answers that we make ourselves: JSON-RPC errors, and those of `rmcp` that are plain text made into such.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use serde_json::{Value, json};

use crate::envelope::Id;

/// The body of an answer: JSON, an event stream, or nothing.
pub type LaneBody = UnsyncBoxBody<Bytes, Infallible>;
pub type LaneResponse = Response<LaneBody>;

pub(crate) const PARSE_ERROR: i32 = -32700;
pub(crate) const INVALID_REQUEST: i32 = -32600;
pub(crate) const METHOD_NOT_FOUND: i32 = -32601;
pub(crate) const INTERNAL_ERROR: i32 = -32603;
pub(crate) const UNSUPPORTED_VERSION: i32 = -32022;

/// Longest text of a refusal of `rmcp` that is passed on, bytes.
const TEXT_LIMIT: usize = 4096;

/// A JSON-RPC error that answers no request in particular, as the front of the door gives it.
pub fn refusal(status: StatusCode, code: i32, message: &str) -> LaneResponse {
    error(status, &Id::NULL, (code, message), None)
}

/// A JSON-RPC error.
pub(crate) fn error(status: StatusCode, id: &Id, (code, message): (i32, &str), data: Option<Value>) -> LaneResponse {
    let mut error = json!({ "code": code, "message": message });
    if let Some(data) = data {
        error["data"] = data;
    }
    let body = json!({ "jsonrpc": "2.0", "id": id.value(), "error": error }).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> LaneResponse {
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = status;
    response
}

/// GET and whatever else is no message, outside a session.
pub(crate) fn not_allowed() -> LaneResponse {
    let message = "Without a session this address takes POST only: send a JSON-RPC message. The event stream is for session clients.";
    let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, INVALID_REQUEST, message);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

pub(crate) fn is_json(response: &LaneResponse) -> bool {
    media_type(response).is_some_and(|value| value.starts_with("application/json"))
}

fn media_type(response: &LaneResponse) -> Option<&str> {
    response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

/// A refusal in plain text becomes a JSON-RPC error with the same status; 415 was about the JSON itself, hence 400.
pub(crate) async fn in_shape(response: LaneResponse, id: &Id) -> LaneResponse {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_json(&response) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let text = String::from_utf8_lossy(&text[..text.len().min(TEXT_LIMIT)]);
    let (status, code) = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (StatusCode::BAD_REQUEST, INVALID_REQUEST),
        status if status.is_server_error() => {
            tracing::error!(%status, %text, "the protocol engine failed");
            return error(status, id, (INTERNAL_ERROR, "There was an internal error; the server's log has it."), None);
        }
        status => (status, INVALID_REQUEST),
    };
    let mut shaped = error(status, id, (code, &text), None);
    if let Some(allow) = parts.headers.get(header::ALLOW) {
        shaped.headers_mut().insert(header::ALLOW, allow.clone());
    }
    shaped
}
