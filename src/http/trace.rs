//! The outermost layer: gives each request an id, writes error bodies, counts, logs internal faults once.

use std::error::Error as _;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::error::{self, Fault};
use super::page;
use super::route::BASE;
use super::state::HttpState;
use crate::error::{Error, Kind};
use crate::service::LINK_PATH;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every answer, those of the router itself included.
pub(super) async fn wrap(State(state): State<HttpState>, request: Request, next: Next) -> Response {
    let id = Uuid::now_v7().to_string();
    let begun = state.clock().instant();
    let what = (request.method().clone(), loggable(request.uri().path()));
    let under_way = state.requests().begin();
    let mut response = next.run(request).await;
    drop(under_way);
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        explain(&mut response, status, &id, &what);
    }
    let took = state.clock().instant().since(begun);
    state.requests().record(status, took);
    tracing::debug!(request_id = id, method = %what.0, path = what.1, status = status.as_u16(), ?took, "answered");
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, HeaderValue::try_from(id).expect("a UUID is plain ASCII"));
    response
}

/// A path without what is a permission in itself: who reads the log could use it.
fn loggable(path: &str) -> String {
    if path.starts_with(LINK_PATH) {
        return LINK_PATH.to_owned();
    }
    let is_token = path.strip_prefix(BASE).is_some_and(|rest| rest.starts_with("/upload/"));
    if is_token { format!("{BASE}/upload/...") } else { path.to_owned() }
}

/// Gives an error answer its JSON body; pages have one of their own.
fn explain(response: &mut Response, status: StatusCode, id: &str, what: &(axum::http::Method, String)) {
    let error: Option<Error>;
    let fault = response.extensions_mut().remove::<Fault>();
    let error = match &fault {
        Some(Fault(error)) => error.as_ref(),
        None if response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v == "application/json" || v == page::MEDIA) => return,
        None => {
            error = Some(error::of_status(status));
            error.as_ref().expect("just set")
        }
    };
    if error.kind() == Kind::Internal {
        let trail = trail(error);
        tracing::error!(request_id = id, method = %what.0, path = what.1, error = error.message(), trail, "internal error");
    }
    let body = error::body(error, id).to_string();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = Body::from(body);
}

/// The faults underneath, outermost first.
fn trail(error: &Error) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_token_of_an_upload_is_not_logged() {
        assert_eq!(loggable("/api/latest/upload/abc.1.def"), "/api/latest/upload/...");
        assert_eq!(loggable("/api/latest/file/upload"), "/api/latest/file/upload");
    }

    async fn explained(mut response: Response) -> Value {
        let status = response.status();
        explain(&mut response, status, "r1", &(axum::http::Method::GET, "/x".to_owned()));
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("the body is in memory");
        serde_json::from_slice(&body).expect("the body is JSON")
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_that_tells_nothing() {
        let panic: Box<dyn std::any::Any + Send> = Box::new("index 7 out of bounds of a secret");
        let body = explained(error::of_panic(panic.as_ref()).into_response()).await;
        assert_eq!((&body["code"], &body["request_id"]), (&"internal".into(), &"r1".into()));
        assert!(!body.to_string().contains("secret"), "{body}");
    }

    #[tokio::test]
    async fn a_refusal_of_the_router_gets_a_body_of_ours() {
        for status in [StatusCode::METHOD_NOT_ALLOWED, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
            let body = explained((status, "plain text").into_response()).await;
            assert!(body["error_message"].as_str().is_some_and(|text| text.ends_with('.')), "{body}");
        }
    }
}
