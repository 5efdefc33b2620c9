//! What a caller reads when something went wrong: one mapping from error kinds to statuses, one JSON body.
//!
//! Handlers return [`Error`]; the outermost layer ([`super::trace`]) writes the body, since it knows the request id.
//! Nothing that is not meant for the caller (SQL text, panics, source errors) ever gets into an answer.

use std::any::Any;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use crate::error::{Error, Kind};

/// Seconds a client waits after a 503 that names no time of its own.
const RETRY_LATER: u64 = 5;

/// The error behind a response, for the layer that renders it.
#[derive(Clone)]
pub(super) struct Fault(pub(super) Arc<Error>);

impl Kind {
    /// The HTTP status of this kind.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Kind::Malformed => StatusCode::BAD_REQUEST,
            Kind::Invalid | Kind::SchemaViolation => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
            Kind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.kind().status().into_response();
        if let Some(seconds) = retry_after(&self) {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind() == Kind::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(Fault(Arc::new(self)));
        response
    }
}

fn retry_after(error: &Error) -> Option<u64> {
    let given = error.detail_value().and_then(|d| d.get("retry_after")).and_then(Value::as_u64);
    match error.kind() {
        Kind::Throttled | Kind::Unavailable => Some(given.unwrap_or(RETRY_LATER)),
        _ => None,
    }
}

/// The JSON body of `error`: `{"error_message", "code", "field"?, "details"?, "request_id"}`.
pub(super) fn body(error: &Error, request_id: &str) -> Value {
    let mut body = Map::new();
    if error.kind() == Kind::Internal {
        body.insert("error_message".into(), format!("There was an internal error. The log has it as request {request_id}.").into());
    } else {
        body.insert("error_message".into(), error.message().into());
    }
    body.insert("code".into(), error.kind().code().into());
    if error.kind() != Kind::Internal {
        if let Some(field) = error.field_pointer() {
            body.insert("field".into(), field.into());
        }
        if let Some(details) = error.detail_value() {
            body.insert("details".into(), details.clone());
        }
    }
    body.insert("request_id".into(), request_id.into());
    Value::Object(body)
}

/// The error for a refusal that the router or the HTTP library made by itself, without a body of ours.
pub(super) fn of_status(status: StatusCode) -> Error {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            Error::new(Kind::Malformed, "This path does not take that method. The 'allow' header lists the ones that it takes.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "The body is larger than this server accepts."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Error::new(Kind::UnsupportedMedia, "The body must be JSON, with 'content-type: application/json'.")
        }
        StatusCode::NOT_FOUND => Error::not_found("There is nothing at this path."),
        status if status.is_client_error() => Error::new(Kind::Malformed, "The request could not be read as HTTP."),
        status => Error::internal(format!("a layer answered {status} without an error")),
    }
}

/// A panic in a handler, as the internal error that it is.
pub(super) fn of_panic(payload: &(dyn Any + Send)) -> Error {
    let text = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    Error::internal(format!("a handler panicked: {}", text.unwrap_or("no message")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_has_the_place_and_the_details() {
        let error = Error::invalid("The limit is too high.").field("/limit").details(json!({"maximum": 1000}));
        let expected = json!({
            "error_message": "The limit is too high.", "code": "invalid", "field": "/limit",
            "details": {"maximum": 1000}, "request_id": "r1",
        });
        assert_eq!(body(&error, "r1"), expected);
    }

    #[test]
    fn an_internal_error_says_nothing_but_its_request() {
        let error = Error::internal("no such table: flow").field("/x").details(json!({"sql": "select"}));
        let text = body(&error, "r1").to_string();
        assert!(!text.contains("table") && !text.contains("sql") && text.contains("r1"), "{text}");
    }

    #[test]
    fn who_has_to_wait_is_told_how_long() {
        let throttled = Error::new(Kind::Throttled, "Too many tries.").details(json!({"retry_after": 17})).into_response();
        assert_eq!(throttled.headers()[header::RETRY_AFTER], "17");
        let away = Error::new(Kind::Unavailable, "Starting.").into_response();
        assert!(away.headers().contains_key(header::RETRY_AFTER));
    }
}
