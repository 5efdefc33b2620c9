//! Requests that cannot be served, and what they are told.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::answer;

#[tokio::test]
async fn a_path_that_is_not_there_is_404_and_a_verb_that_is_not_there_405() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let message = admin.get("/setings").await.refusal(404, "not_found");
    assert!(message.contains("Did you mean 'setting'?"), "{message}");
    admin.get("/graphql").await.refusal(404, "not_found");
    admin.get("//nowhere").await.refusal(404, "not_found");
    let refused = admin.send("PUT", "/setting", &json!({})).await;
    assert!(refused.header("allow").contains("POST"), "{}", refused.header("allow"));
    refused.refusal(405, "malformed");
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_with_their_place() {
    let app = TestApp::new().start().await;
    let send =
        |kind: &'static str, body: &'static str| answer(app.admin().request("POST", "/setting").header("content-type", kind).body(body));
    assert!(send("application/json", "{\"name\": }").await.refusal(400, "malformed").contains("line 1, column 10"));
    send("application/json", "[1]").await.refusal(400, "malformed");
    send("application/json", "").await.refusal(400, "malformed");
    send("application/x-www-form-urlencoded", "name=x").await.refusal(415, "unsupported_media");
    let wide = send("application/json", "{\"name\": \"x\", \"value\": {\"n\": [99999999999999999999]}}").await.expect(422);
    assert_eq!(wide["field"], "/value/n/0");
    send("application/json", "{\"name\": \"x\", \"value\": NaN}").await.refusal(400, "malformed");
}

#[tokio::test]
async fn unknown_fields_and_wrong_values_are_refused_by_their_place() {
    let app = TestApp::new().start().await;
    let refused = async |of: &str, body: Value| app.admin().post(&format!("/{of}"), body).await.expect(422);
    let unknown = refused("setting", json!({"name": "x", "valeu": 1})).await;
    assert_eq!(unknown["field"], "/valeu");
    assert!(unknown["error_message"].as_str().unwrap().contains("'value'"), "{unknown}");
    assert_eq!(refused("setting", json!({"value": 1})).await["field"], "/name");
    assert_eq!(refused("setting", json!({"name": 5})).await["field"], "/name");
    assert_eq!(refused("setting", json!({"name": "x".repeat(129)})).await["field"], "/name");
    assert_eq!(refused("setting", json!({"name": "x", "version": 7})).await["field"], "/version");
    assert_eq!(refused("flow", json!({"name": "x", "script": "", "input_schema": {"type": "objekt"}})).await["code"], "invalid");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_whether_its_length_is_announced_or_not() {
    let app = TestApp::new().config(|config| config.server.body_limit_bytes = 10_000).start().await;
    let big = json!({"name": "x", "value": "y".repeat(50_000)});
    app.admin().post("/setting", big.clone()).await.refusal(413, "too_large");
    let chunks = futures_util::stream::iter(
        big.to_string().into_bytes().chunks(1000).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>(),
    );
    let request = app.admin().request("POST", "/setting").header("content-type", "application/json");
    answer(request.body(reqwest::Body::wrap_stream(chunks))).await.refusal(413, "too_large");
    app.admin().post("/setting", json!({"name": "x", "value": "y".repeat(9_000)})).await.expect(201);
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_is_kept_by_nobody() {
    let app = TestApp::new().start().await;
    for path in ["/alive", "/nowhere", "/setting"] {
        let answer = app.nobody().get(path).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-store", "nosniff"), "{path}");
    }
}

#[tokio::test]
async fn the_server_says_that_it_is_there_and_what_it_did() {
    let app = TestApp::new().start().await;
    let nobody = app.nobody();
    assert_eq!(nobody.get("/alive").await.expect(200)["name"], "flowstead");
    assert_eq!(nobody.get("//health/live").await.expect(200)["status"], "live");
    assert_eq!(nobody.get("//health/ready").await.expect(200)["status"], "ready");
    nobody.get("/setting").await.refusal(401, "unauthenticated");
    let metrics = nobody.get("//metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in ["flowstead_executions_live 0", "flowstead_http_requests_total{status=\"4xx\"} 1", "# TYPE flowstead_slots gauge"] {
        assert!(metrics.text.contains(line), "{line} is missing in\n{}", metrics.text);
    }
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_server_from_ending() {
    let app = TestApp::new().config(|config| config.server.drain_seconds = 0).start().await;
    let mut half = tokio::net::TcpStream::connect(app.url.strip_prefix("http://").expect("a plain address")).await.expect("a connection");
    tokio::io::AsyncWriteExt::write_all(&mut half, b"POST /api/latest/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{")
        .await
        .expect("sent");
    app.until_in_flight(1).await;
    drop(app);
    drop(half);
}
