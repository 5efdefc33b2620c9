//! Webhooks: requests from other systems that start a flow, and the answers that the flow gives.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::body;
use super::gate::{COOKIE, KEY_HEADER, SESSION_HEADER, coming_from};
use super::json;
use super::route::{Endpoint, EndpointBuilder, Shape, Verb};
use super::state::HttpState;
use crate::error::Result;
use crate::records::Status;
use crate::service::{KEY_START, WebhookBody, WebhookCall, status_of};
use crate::store::Row;

/// The longest that a call waits for its answer, seconds; the server's setting may be shorter.
const LONGEST: f64 = 300.0;
const DOC: &str = "Calls a webhook: starts its flow with the request as its input, and answers what the flow answers; with `async=1`, or after \
                   300 seconds, 202 and the id of the execution.";
const AT: &str = "/webhook/{name}/call";
const BELOW: &str = "/webhook/{name}/call/{*path}";
/// A page of a flow is shown in an origin of its own, so that its scripts cannot act with the login of who looks at it.
const SANDBOX: &str = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";
/// Headers that are the server's to set.
const OURS: [&str; 10] = [
    "connection",
    "content-length",
    "content-security-policy",
    "keep-alive",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-request-id",
];

const fn at(verb: Verb, path: &'static str, operation: &'static str) -> EndpointBuilder {
    Endpoint::new(verb, path, operation, DOC).of_webhook().answer(200, Shape::Bytes)
}

pub(super) static ENDPOINTS: &[Endpoint] = &[
    at(Verb::Get, AT, "webhook_call_get").once(|verb| on(verb, call)),
    at(Verb::Post, AT, "webhook_call_post").optional_body(Shape::Bytes).once(|verb| on(verb, call)),
    at(Verb::Put, AT, "webhook_call_put").optional_body(Shape::Bytes).once(|verb| on(verb, call)),
    at(Verb::Patch, AT, "webhook_call_patch").optional_body(Shape::Bytes).once(|verb| on(verb, call)),
    at(Verb::Delete, AT, "webhook_call_delete").once(|verb| on(verb, call)),
    at(Verb::Get, BELOW, "webhook_call_below_get").once(|verb| on(verb, call)),
    at(Verb::Post, BELOW, "webhook_call_below_post").optional_body(Shape::Bytes).once(|verb| on(verb, call)),
    at(Verb::Put, BELOW, "webhook_call_below_put").optional_body(Shape::Bytes).once(|verb| on(verb, call)),
    at(Verb::Patch, BELOW, "webhook_call_below_patch").optional_body(Shape::Bytes).once(|verb| on(verb, call)),
    at(Verb::Delete, BELOW, "webhook_call_below_delete").once(|verb| on(verb, call)),
];

async fn call(State(state): State<HttpState>, Path(place): Path<HashMap<String, String>>, request: Request) -> Result<Response> {
    let (parts, content) = request.into_parts();
    let raw = body::read(&parts.headers, content, state.body_limit()).await?;
    let mut query: Vec<(String, String)> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let is_async = query.iter().any(|(name, value)| name == "async" && matches!(value.as_str(), "1" | "true" | "True"));
    query.retain(|(name, _)| name != "async");
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let call = WebhookCall {
        method: parts.method.to_string(),
        path: place.get("path").map(|path| format!("/{path}")).unwrap_or_default(),
        query,
        headers: foreign(&parts.headers),
        body: read(&text(header::CONTENT_TYPE).unwrap_or_default(), &raw),
        raw,
        idempotency_key: text(HeaderName::from_static("idempotency-key")),
        client: text(header::USER_AGENT),
        address: coming_from(&parts),
    };
    let name = place.get("name").map(String::as_str).unwrap_or_default();
    let started = state.service().webhook_start(name, call).await?;
    let id = started.id;
    started.commit.wait().await?;
    if is_async {
        return Ok(accepted(&id.to_string()));
    }
    let timeout = Duration::from_secs_f64(LONGEST.min(state.wait_limit()));
    tokio::select! {
        row = state.service().webhook_wait(id, timeout) => Ok(answer(&row?, &id.to_string())),
        () = state.draining().cancelled() => Ok(accepted(&id.to_string())),
    }
}

/// What a body is, by its type.
fn read(media: &str, raw: &[u8]) -> Result<WebhookBody> {
    let essence = body::essence(media);
    if raw.is_empty() {
        return Ok(WebhookBody::None);
    }
    match essence.as_str() {
        "application/json" => json::parse(raw).map(WebhookBody::Json),
        "application/x-www-form-urlencoded" => Ok(WebhookBody::Form(form_urlencoded::parse(raw).into_owned().collect())),
        _ if essence.ends_with("+json") => json::parse(raw).map(WebhookBody::Json),
        _ if essence.starts_with("text/") => match std::str::from_utf8(raw) {
            Ok(text) => Ok(WebhookBody::Text(text.to_owned())),
            Err(_) => Ok(WebhookBody::Other),
        },
        _ => Ok(WebhookBody::Other),
    }
}

/// The headers of a request without the credentials of this server, which a browser may send along.
fn foreign(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut all = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let text = match name.as_str() {
            KEY_HEADER | SESSION_HEADER => continue,
            "authorization" if text.contains(KEY_START) => continue,
            "cookie" => {
                let is_foreign = |pair: &&str| pair.split('=').next().is_some_and(|name| name.trim() != COOKIE);
                let rest: Vec<&str> = text.split(';').map(str::trim).filter(is_foreign).collect();
                if rest.is_empty() {
                    continue;
                }
                rest.join("; ")
            }
            _ => text,
        };
        all.push((name.as_str().to_owned(), text));
    }
    all
}

fn accepted(id: &str) -> Response {
    (StatusCode::ACCEPTED, axum::Json(json!({ "execution_id": id }))).into_response()
}

/// What the caller gets of an execution.
fn answer(row: &Row, id: &str) -> Response {
    let mut response = match status_of(row) {
        Some(Status::EndedSuccess) => match row.json("webhook_reply").filter(|reply| reply.is_object()) {
            Some(reply) => of_flow(reply),
            None => axum::Json(row.json("output_value").cloned().unwrap_or_default()).into_response(),
        },
        Some(Status::EndedError) => failed("flow_failed", "The flow of this webhook failed.", id),
        Some(Status::EndedCancelled) => failed("flow_cancelled", "The flow of this webhook was cancelled.", id),
        _ => return accepted(id),
    };
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Why it failed is for those who may read the execution.
fn failed(code: &str, message: &str, id: &str) -> Response {
    let body = json!({ "error_message": message, "code": code, "execution_id": id });
    (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
}

/// The answer that a flow gave itself.
fn of_flow(reply: &Value) -> Response {
    let body = &reply["body"];
    let text = || body.as_str().unwrap_or_default().to_owned();
    let (media, content) = match reply["kind"].as_str() {
        Some("text") => (Some("text/plain; charset=utf-8"), Body::from(text())),
        Some("html") => (Some("text/html; charset=utf-8"), Body::from(text())),
        Some("base64") => (Some("application/octet-stream"), Body::from(STANDARD.decode(text()).unwrap_or_default())),
        Some("json") => (Some("application/json"), Body::from(body.to_string())),
        _ => (None, Body::empty()),
    };
    let mut response = Response::new(content);
    let status = reply["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    *response.status_mut() = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if let Some(media) = media {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    }
    for (name, value) in reply["headers"].as_object().into_iter().flatten() {
        let (Ok(name), Some(value)) = (HeaderName::try_from(name.as_str()), value.as_str()) else { continue };
        let sets_session = name == header::SET_COOKIE && value.trim_start().starts_with(COOKIE);
        if OURS.contains(&name.as_str()) || sets_session {
            continue;
        }
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn credentials_of_this_server_are_not_for_flows() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("cookie", "theme=dark; flowstead_session=abc; x=1"),
            ("authorization", "Bearer cldm_a_b"),
            (KEY_HEADER, "cldm_a_b"),
            (SESSION_HEADER, "abc"),
            ("x-other", "y"),
        ] {
            headers.insert(name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value));
        }
        let shown = foreign(&headers);
        assert_eq!(shown, [("cookie".to_owned(), "theme=dark; x=1".to_owned()), ("x-other".to_owned(), "y".to_owned())]);
        headers.insert(header::COOKIE, HeaderValue::from_static("flowstead_session=abc"));
        assert_eq!(foreign(&headers).len(), 1);
    }

    #[test]
    fn a_body_is_read_by_its_type() {
        let of = |media: &str, raw: &[u8]| read(media, raw);
        assert!(matches!(of("application/json; charset=utf-8", b"{\"a\": 1}"), Ok(WebhookBody::Json(_))));
        assert!(matches!(of("application/cloudevents+json", b"1"), Ok(WebhookBody::Json(_))));
        assert_eq!(of("application/json", b"{").err().map(|e| e.kind()), Some(Kind::Malformed));
        assert!(matches!(of("text/csv", b"a,b"), Ok(WebhookBody::Text(_))));
        assert!(matches!(of("text/plain", b"\xff"), Ok(WebhookBody::Other)));
        assert!(matches!(of("", b"x"), Ok(WebhookBody::Other)));
        assert!(matches!(of("application/json", b""), Ok(WebhookBody::None)));
        let Ok(WebhookBody::Form(fields)) = of("application/x-www-form-urlencoded", b"a=1%202&a=%C3%BC") else { panic!("a form") };
        assert_eq!(fields, [("a".to_owned(), "1 2".to_owned()), ("a".to_owned(), "\u{fc}".to_owned())]);
    }

    #[test]
    fn a_flow_sets_no_header_that_is_the_servers() {
        let reply = json!({ "status": 201, "kind": "text", "body": "x", "headers": {
            "X-Own": "1", "Content-Length": "99", "Content-Security-Policy": "none", "set-cookie": "flowstead_session=stolen",
            "Content-Type": "text/css",
        } });
        let response = of_flow(&reply);
        assert_eq!(response.status(), 201);
        let names: Vec<&str> = response.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["content-type", "x-own"]);
        assert_eq!(response.headers()["content-type"], "text/css");
    }
}
