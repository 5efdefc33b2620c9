//! Secrets in vaults, played by a stand-in that speaks their interface: read and written by connections, and named in inputs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Json, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::far_side::FarSide;
use super::{connect, connections, refused, server};
use crate::server::Server;

const TOKEN: &str = "hvs.the-token-of-the-vault";
const HIDDEN: &str = "hunter2-lies-in-a-vault";

/// A vault with the engines `secret`, which keeps versions, and `old`, which does not.
struct Vault {
    url: String,
    state: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    versions: BTreeMap<String, Vec<Value>>,
    plain: BTreeMap<String, Value>,
    asked: Vec<String>,
}

impl Vault {
    async fn start() -> Vault {
        let state: Arc<Mutex<Inside>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = axum::Router::new().fallback(serve).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Vault { url, state }
    }

    fn keeps(&self, path: &str, data: Value) {
        self.state.lock().expect("no panic").versions.entry(path.to_owned()).or_default().push(data);
    }

    fn asked(&self, what: &str) -> usize {
        self.state.lock().expect("no panic").asked.iter().filter(|asked| asked.as_str() == what).count()
    }

    fn inputs(&self, more: Value) -> Value {
        let mut inputs = json!({ "connector_type": "VAULT", "host": self.url, "token": TOKEN });
        if let (Value::Object(inputs), Value::Object(more)) = (&mut inputs, more) {
            inputs.extend(more);
        }
        inputs
    }
}

fn errors(status: StatusCode, said: &[&str]) -> Response {
    (status, Json(json!({ "errors": said }))).into_response()
}

async fn serve(State(state): State<Arc<Mutex<Inside>>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let path = uri.path().strip_prefix("/v1/").unwrap_or_default().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    if path.ends_with("/slow") && !path.starts_with("sys/") {
        return std::future::pending().await;
    }
    let mut state = state.lock().expect("no panic");
    state.asked.push(format!("{method} {path}"));
    if path == "auth/approle/login" {
        let is_known = body == json!({ "role_id": "flows", "secret_id": "the-secret-of-flows" });
        let auth = json!({ "auth": { "client_token": TOKEN } });
        return if is_known { Json(auth).into_response() } else { errors(StatusCode::BAD_REQUEST, &["invalid role or secret ID"]) };
    }
    if headers.get("x-vault-token").is_none_or(|token| token != TOKEN) {
        return errors(StatusCode::FORBIDDEN, &["permission denied"]);
    }
    if path == "auth/token/lookup-self" {
        return Json(json!({ "data": { "ttl": 10, "creation_ttl": 100, "renewable": true } })).into_response();
    }
    if path == "auth/token/renew-self" {
        return Json(json!({ "auth": {} })).into_response();
    }
    if let Some(path) = path.strip_prefix("sys/internal/ui/mounts/") {
        let (engine, _) = path.split_once('/').unwrap_or((path, ""));
        return match engine {
            "secret" => Json(json!({ "data": { "path": "secret/", "type": "kv", "options": { "version": "2" } } })).into_response(),
            "old" => Json(json!({ "data": { "path": "old/", "type": "kv", "options": null } })).into_response(),
            _ => errors(StatusCode::FORBIDDEN, &["preflight capability check returned 403"]),
        };
    }
    if path == "secret/data/garbled" {
        return "no json".into_response();
    }
    let (engine, rest) = path.split_once('/').unwrap_or((&path, ""));
    if engine == "old" {
        return old(&mut state, &method, rest, body);
    }
    let (side, name) = rest.split_once('/').unwrap_or((rest, ""));
    versioned(&mut state, (&method, side, name), (&uri, &body))
}

fn old(state: &mut Inside, method: &Method, name: &str, body: Value) -> Response {
    match *method {
        Method::POST => drop(state.plain.insert(name.to_owned(), body)),
        Method::DELETE => drop(state.plain.remove(name)),
        _ => {
            let found = state.plain.get(name).map(|data| Json(json!({ "data": data })).into_response());
            return found.unwrap_or_else(|| errors(StatusCode::NOT_FOUND, &[]));
        }
    }
    StatusCode::NO_CONTENT.into_response()
}

fn versioned(state: &mut Inside, (method, side, name): (&Method, &str, &str), (uri, body): (&Uri, &Value)) -> Response {
    let gone = || errors(StatusCode::NOT_FOUND, &[]);
    let named = body["versions"][0].as_u64().or_else(|| uri.query()?.strip_prefix("version=")?.parse().ok());
    let at = |all: &Vec<Value>| named.and_then(|n| usize::try_from(n).ok()).unwrap_or(all.len()).saturating_sub(1);
    match (side, method.as_str()) {
        ("metadata", "GET") => {
            let keys: Vec<&str> = state.versions.keys().filter_map(|key| key.strip_prefix(name)?.strip_prefix('/')).collect();
            return Json(json!({ "data": { "keys": keys } })).into_response();
        }
        ("metadata", "DELETE") => drop(state.versions.remove(name)),
        ("data", "POST") => {
            let all = state.versions.entry(name.to_owned()).or_default();
            all.push(body["data"].clone());
            return Json(json!({ "data": { "version": all.len() } })).into_response();
        }
        _ => {
            let Some(all) = state.versions.get_mut(name) else { return gone() };
            let at = at(all);
            let Some(one) = all.get_mut(at) else { return gone() };
            if (side, method.as_str()) == ("data", "GET") {
                return if one.is_null() { gone() } else { Json(json!({ "data": { "data": one, "metadata": {} } })).into_response() };
            }
            *one = Value::Null;
        }
    }
    StatusCode::NO_CONTENT.into_response()
}

#[tokio::test]
async fn secrets_are_written_read_listed_and_deleted_in_engines_of_both_versions() {
    let (server, vault) = (server().await, Vault::start().await);
    let ask = async |more: Value| connect(&server, vault.inputs(more)).await["result"].clone();
    assert_eq!(ask(json!({ "secret_path": "secret/app/db", "data": { "user": "one" } })).await["version"], 1);
    assert_eq!(ask(json!({ "secret_path": "secret/app/db", "data": { "user": "two" } })).await["version"], 2);
    assert_eq!(ask(json!({ "secret_path": "secret/app/db" })).await, json!({ "user": "two" }));
    assert_eq!(ask(json!({ "secret_path": "secret/app/db", "version": 1 })).await, json!({ "user": "one" }));
    assert_eq!(ask(json!({ "secret_path": "secret/app", "mode": "list" })).await, json!(["db"]));
    ask(json!({ "secret_path": "secret/app/db", "mode": "delete" })).await;
    assert_eq!(ask(json!({ "secret_path": "secret/app/db", "version": 1 })).await, json!({ "user": "one" }));
    ask(json!({ "secret_path": "secret/app/db", "mode": "destroy", "version": 1 })).await;
    ask(json!({ "secret_path": "secret/app/db", "mode": "delete_metadata" })).await;
    assert_eq!(ask(json!({ "secret_path": "secret/app", "mode": "list" })).await, json!([]));

    ask(json!({ "secret_path": "old/app", "data": { "user": "three" } })).await;
    assert_eq!(ask(json!({ "secret_path": "old/app" })).await, json!({ "user": "three" }));
    let (_, text) = refused(&server, vault.inputs(json!({ "secret_path": "old/app", "mode": "destroy", "version": 1 }))).await;
    assert!(text.contains("keeps one version"), "{text}");
    ask(json!({ "secret_path": "old/app", "mode": "delete" })).await;
    let (_, text) = refused(&server, vault.inputs(json!({ "secret_path": "old/app" }))).await;
    assert!(text.contains("there is no such secret"), "{text}");
    assert!(!connections(&server).await.iter().any(|each| each.to_string().contains(TOKEN)));
}

#[tokio::test]
async fn what_goes_wrong_with_a_vault_is_said_in_words() {
    let (server, vault) = (server().await, Vault::start().await);
    let (port, _) = super::rest::secure_side().await;
    for (more, words) in [
        (json!({ "secret_path": "secret/none" }), "404 Not Found: there is no such secret"),
        (json!({ "secret_path": "secret/x", "token": "hvs.a-wrong-one" }), "403 Forbidden: permission denied"),
        (json!({ "secret_path": "nowhere/x" }), "preflight capability check"),
        (json!({ "secret_path": "secret/garbled" }), "no JSON"),
        (json!({ "secret_path": "secret/slow", "timeout": 0.3 }), "within the timeout of 0.3 s"),
        (json!({ "secret_path": "secret/../x" }), "no path of a secret"),
        (json!({ "secret_path": "secret/x", "host": "http://127.0.0.1:9" }), "no connection"),
        (json!({ "secret_path": "secret/x", "host": format!("https://localhost:{port}") }), "certificate"),
    ] {
        let (class, text) = refused(&server, vault.inputs(more.clone())).await;
        assert_eq!(class, "DependencyFailedError", "{more}: {text}");
        assert!(text.contains(words) && !text.contains("hvs."), "{more}: {text}");
    }
}

#[tokio::test]
async fn a_cancelled_read_is_given_up_and_one_that_was_under_way_is_made_again() {
    let (mut server, vault) = (server().await, Vault::start().await);
    let id = server.launch("connect", &vault.inputs(json!({ "secret_path": "secret/slow" }))).await;
    let mounts = "GET sys/internal/ui/mounts/secret/slow";
    until(|| vault.asked(mounts) == 1).await;
    server.kill9().await;
    server.restart().await;
    until(|| vault.asked(mounts) == 2).await;
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
}

async fn until(holds: impl Fn() -> bool) {
    for _ in 0..2400 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it does not come about");
}

async fn config(server: &Server, name: &str, columns: Value) {
    let mut body = json!({ "name": name });
    body.as_object_mut().expect("an object").extend(columns.as_object().cloned().expect("an object"));
    let made = server.post("/vault_config", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn a_reference_is_fetched_at_the_last_moment_and_shown_nowhere() {
    let (server, vault, far) = (server().await, Vault::start().await, FarSide::start().await);
    vault.keeps("app/far", json!({ "password": HIDDEN, "port": far.port, "fields": { "who": HIDDEN } }));
    config(&server, "main", json!({ "url": vault.url, "token": TOKEN, "is_auto_renew": true })).await;
    let app = json!({ "url": vault.url, "auth_method": "APPROLE", "approle_role_id": "flows", "approle_secret_id": "the-secret-of-flows" });
    config(&server, "app", app).await;
    for name in ["main", "app"] {
        let of = |key: &str| format!("vault.secret({name}:app/far.{key})");
        let inputs = json!({
            "scheme": "http", "hostname": "127.0.0.1", "port": of("port"), "path": "/echo/x", "method": "post", "json": of("fields"),
            "headers": { "x-key": format!("Key {}!", of("password")) },
        });
        let echoed = connect(&server, inputs).await["json"].clone();
        assert_eq!(echoed["headers"]["x-key"], "Key (protected)!");
        assert_eq!(echoed["body"], "{\"who\":\"(protected)\"}", "an object stays one");
    }
    assert_eq!(vault.asked("GET secret/data/app/far"), 2, "once for each connection");
    assert_eq!(vault.asked("POST auth/token/renew-self"), 1);
    for connection in connections(&server).await {
        let shown = connection.to_string() + &server.messages(connection["id"].as_str().expect("an id")).await.join("\n");
        assert!(!shown.contains(HIDDEN) && !shown.contains(TOKEN), "{shown}");
        assert!(connection["input_value"]["headers"]["x-key"].as_str().is_some_and(|text| text.contains("vault.secret(")), "{connection}");
    }
    assert!(!server.whole_log().contains(HIDDEN));
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_says_where_it_ends() {
    let (server, vault, far) = (server().await, Vault::start().await, FarSide::start().await);
    vault.keeps("app/far", json!({ "password": HIDDEN }));
    config(&server, "main", json!({ "url": vault.url, "token": TOKEN })).await;
    config(&server, "wrong", json!({ "url": vault.url, "token": "hvs.a-wrong-one" })).await;
    config(&server, "off", json!({ "url": vault.url, "token": TOKEN, "is_enabled": false })).await;
    config(&server, "empty", json!({ "url": vault.url })).await;
    config(&server, "closed", json!({ "url": "http://127.0.0.1:9", "token": TOKEN })).await;
    for (of, words) in [
        ("main:app/far.pasword", "no key 'pasword'. Did you mean 'password'"),
        ("main:app/none.password", "404 Not Found"),
        ("main", "is not whole"),
        ("nobody:app/far.password", "nobody"),
        ("wrong:app/far.password", "403 Forbidden"),
        ("off:app/far.password", "is disabled"),
        ("empty:app/far.password", "has no 'token'"),
        ("closed:app/far.password", "no connection"),
    ] {
        let inputs =
            json!({ "connector_type": "REST", "url": format!("{}/echo/x", far.url), "headers": { "x": format!("vault.secret({of})") } });
        let (_, text) = refused(&server, inputs).await;
        assert!(text.contains(words) && !text.contains("hvs.") && !text.contains(HIDDEN), "{of}: {text}");
    }
    assert_eq!(far.requests(), 0);
}
