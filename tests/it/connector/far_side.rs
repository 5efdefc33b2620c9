//! The other side of connections: an HTTP server on loopback that answers as its paths say, and counts what came.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Redirect, Response};
use axum::routing::{any, get, post};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A running far side; it ends with the test.
pub struct FarSide {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    pub port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicUsize,
    /// Answers that are under way and have not been given up.
    waiting: AtomicUsize,
    /// Tokens that were given to a user.
    refreshed: AtomicUsize,
}

struct Waiting(Arc<Seen>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl FarSide {
    pub async fn start() -> FarSide {
        let seen = Arc::new(Seen::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let router = Router::new()
            .route("/echo/{*rest}", any(echo))
            .route("/status/{code}", any(status))
            .route("/after/{failures}", any(after))
            .route("/slow", any(slow))
            .route("/broken", get(broken))
            .route("/size/{bytes}", get(size))
            .route("/stall/{bytes}", get(stall))
            .route("/cut/{bytes}", get(cut))
            .route("/count", any(amount))
            .route("/token", post(token))
            .route("/refresh", post(refresh))
            .route("/with-token", any(with_token))
            .route("/text", get(text))
            .route("/to/{port}", get(to))
            .route("/round", get(|| async { Redirect::temporary("/round") }))
            .route("/digest", any(digest))
            .route("/v1/chat/completions", post(chat))
            .route("/openai/deployments/{model}/chat/completions", post(chat))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(seen.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        FarSide { url: format!("http://127.0.0.1:{port}"), port, seen }
    }

    pub fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }

    /// Waits until so many requests to `/slow` are under way.
    pub async fn until_waiting(&self, count: usize) {
        for _ in 0..2400 {
            if self.seen.waiting.load(Ordering::SeqCst) == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("{} requests wait, not {count}", self.seen.waiting.load(Ordering::SeqCst));
    }
}

/// Bytes of a piece of an answer that comes bit by bit.
const PIECE: usize = 16 << 10;

type Count = State<Arc<Seen>>;

fn count(seen: &Seen) -> usize {
    seen.requests.fetch_add(1, Ordering::SeqCst) + 1
}

/// What was asked, as JSON.
async fn echo(State(seen): Count, request: Request) -> impl IntoResponse {
    count(&seen);
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let headers: serde_json::Map<_, _> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), json!(String::from_utf8_lossy(value.as_bytes())))).collect();
    let asked = json!({
        "method": parts.method.as_str(), "path": parts.uri.path(), "query": parts.uri.query(), "headers": headers,
        "body": String::from_utf8_lossy(&body),
    });
    ([("set-cookie", "color=red; Path=/"), ("x-thing", "one")], Json(asked))
}

async fn status(State(seen): Count, Path(code): Path<u16>) -> impl IntoResponse {
    count(&seen);
    (StatusCode::from_u16(code).expect("a status"), Json(json!({ "code": code })))
}

/// Answers 503 so often, then 200.
async fn after(State(seen): Count, Path(failures): Path<usize>) -> StatusCode {
    if count(&seen) > failures { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// Never answers.
async fn slow(State(seen): Count) -> StatusCode {
    count(&seen);
    seen.waiting.fetch_add(1, Ordering::SeqCst);
    let _waiting = Waiting(seen);
    std::future::pending().await
}

/// Promises more than it sends.
async fn broken(State(seen): Count) -> Response {
    count(&seen);
    let sent = futures_util::stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("no more"))]);
    Response::builder().header(header::CONTENT_LENGTH, 1000).body(Body::from_stream(sent)).expect("a response")
}

/// So many bytes, as they come.
async fn size(State(seen): Count, Path(bytes): Path<usize>) -> Response {
    count(&seen);
    let pieces = futures_util::stream::iter((0..bytes).step_by(PIECE))
        .map(move |at| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; PIECE.min(bytes - at)])));
    Response::new(Body::from_stream(pieces))
}

/// So many bytes, and then nothing more, without an end.
async fn stall(State(seen): Count, Path(bytes): Path<usize>) -> Response {
    count(&seen);
    let sent = futures_util::stream::iter((0..bytes).step_by(PIECE))
        .map(move |at| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; PIECE.min(bytes - at)])));
    let never = futures_util::stream::once(async move {
        seen.waiting.fetch_add(1, Ordering::SeqCst);
        let _waiting = Waiting(seen);
        std::future::pending().await
    });
    Response::new(Body::from_stream(sent.chain(never)))
}

/// So many bytes of twice as many that are promised.
async fn cut(State(seen): Count, Path(bytes): Path<usize>) -> Response {
    count(&seen);
    let sent = futures_util::stream::iter((0..bytes).step_by(PIECE))
        .map(move |at| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; PIECE.min(bytes - at)])));
    let end = futures_util::stream::iter([Err(std::io::Error::other("no more"))]);
    Response::builder().header(header::CONTENT_LENGTH, 2 * bytes).body(Body::from_stream(sent.chain(end))).expect("a response")
}

/// How many bytes came, how their number was announced, and the first of them.
async fn amount(State(seen): Count, headers: HeaderMap, body: Body) -> Json<Value> {
    count(&seen);
    let (mut size, mut first, mut body) = (0, String::new(), body.into_data_stream());
    while let Some(Ok(piece)) = body.next().await {
        if size == 0 {
            first = String::from_utf8_lossy(&piece[..piece.len().min(200)]).into_owned();
        }
        size += piece.len();
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    Json(json!({ "size": size, "announced": header(header::CONTENT_LENGTH), "type": header(header::CONTENT_TYPE), "first": first }))
}

/// Gives tokens to the client `me` whose secret is `open sesame!`, each good for an hour: `token-number-1`, ...
async fn token(State(seen): Count, headers: HeaderMap, form: axum::extract::Form<std::collections::HashMap<String, String>>) -> Response {
    let number = count(&seen);
    let login = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // `me:open+sesame%21`
    if login != "Basic bWU6b3BlbitzZXNhbWUlMjE=" {
        let answer = json!({ "error": "invalid_client", "error_description": "The client is not known." });
        return (StatusCode::UNAUTHORIZED, Json(answer)).into_response();
    }
    if form.get("grant_type").map(String::as_str) != Some("client_credentials") || form.get("scope").map(String::as_str) != Some("a b") {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_scope" }))).into_response();
    }
    Json(json!({ "access_token": format!("token-number-{number}"), "token_type": "bearer", "expires_in": 3600 })).into_response()
}

/// Gives tokens to who shows the refresh token of the time, `refresh-number-0` at first: each is good once, and with each comes the next.
async fn refresh(State(seen): Count, form: axum::extract::Form<std::collections::HashMap<String, String>>) -> Response {
    count(&seen);
    let said = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let number = seen.refreshed.load(Ordering::SeqCst);
    if (said("grant_type"), said("client_id"), said("refresh_token")) != ("refresh_token", "me", &format!("refresh-number-{number}")) {
        let answer = json!({ "error": "invalid_grant", "error_description": "The refresh token was used before." });
        return (StatusCode::BAD_REQUEST, Json(answer)).into_response();
    }
    seen.refreshed.store(number + 1, Ordering::SeqCst);
    let (token, next) = (format!("token-of-ada-{number}"), format!("refresh-number-{}", number + 1));
    Json(json!({ "access_token": token, "token_type": "bearer", "expires_in": 3600, "refresh_token": next })).into_response()
}

/// Lets in who has the first token, the first time; then the one after that.
async fn with_token(State(seen): Count, headers: HeaderMap) -> Response {
    let number = count(&seen);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_good = if number < 3 { given == "Bearer token-number-1" } else { given == "Bearer token-number-4" };
    if is_good { Json(json!({ "said": given })).into_response() } else { StatusCode::UNAUTHORIZED.into_response() }
}

async fn text() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=iso-8859-1")], &b"gr\xfc\xdfe"[..])
}

/// Sends on to another host, which is this one by another name.
async fn to(Path(port): Path<u16>) -> Redirect {
    Redirect::temporary(&format!("http://localhost:{port}/echo/there"))
}

/// Lets in who knows `me` and `open sesame`.
async fn digest(State(seen): Count, headers: HeaderMap, request: Request) -> Response {
    count(&seen);
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let challenge = r#"Digest realm="far", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", qop="auth", algorithm=MD5"#;
    let expected = given.split("cnonce=\"").nth(1).and_then(|rest| rest.split('"').next()).map(|cnonce| {
        let method = digest_auth::HttpMethod::from(request.method().as_str().to_owned());
        let mut context = digest_auth::AuthContext::new_with_method("me", "open sesame", "/digest?a=1", None::<&[u8]>, method);
        context.set_custom_cnonce(cnonce.to_owned());
        digest_auth::parse(challenge).expect("a challenge").respond(&context).expect("an answer").to_header_string()
    });
    if expected.as_deref() == Some(given) {
        return Json(json!("in")).into_response();
    }
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

/// A language model that repeats what it was told, for who has the key `sk-right`. As `busy` it does so at the third time.
async fn chat(State(seen): Count, headers: HeaderMap, uri: axum::http::Uri, Json(asked): Json<Value>) -> Response {
    let time = count(&seen);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    if header("authorization") != "Bearer sk-right" && header("api-key") != "sk-right" {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": { "message": "Incorrect API key provided." } }))).into_response();
    }
    if asked["model"] == "busy" && time < 3 {
        return (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "0")]).into_response();
    }
    if asked["model"] == "silent" {
        return std::future::pending().await;
    }
    let said = format!("{}\n{}", uri, asked["messages"][0]["content"].as_str().unwrap_or_default());
    if asked["stream"] != true {
        let message = json!({ "role": "assistant", "content": said });
        return Json(json!({ "choices": [{ "message": message, "finish_reason": "stop" }], "usage": { "total_tokens": 5 } }))
            .into_response();
    }
    let mut pieces: Vec<String> = Vec::new();
    for part in said.split_inclusive(' ') {
        pieces.push(format!("data: {}\n\n", json!({ "choices": [{ "delta": { "content": part } }] })));
    }
    pieces.push(format!("data: {}\n\n", json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] })));
    pieces.push("data: [DONE]\n\n".to_owned());
    if asked["model"] == "cut" {
        pieces.truncate(1);
    }
    let body = Body::from_stream(futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
