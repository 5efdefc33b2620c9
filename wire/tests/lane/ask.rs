//! Questions to the client: at the end of a call, or in the middle of one where there is a session.

use serde_json::{Value, json};

use crate::fake::{ANNA, Stream, World, message, post};

fn declared(mut params: Value, capabilities: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
    params
}

fn accept(name: &str) -> Value {
    json!({"who": {"action": "accept", "content": {"name": name}}})
}

#[tokio::test]
async fn a_call_that_asks_is_repeated_with_the_answers_and_the_state() {
    let world = World::new();
    let asks = world.modern("tools/call", json!({"name": "asks"})).await.result();
    assert_eq!((&asks["resultType"], &asks["requestState"]), (&json!("input_required"), &json!("sealed")));
    let form = &asks["inputRequests"]["who"];
    assert_eq!(
        (&form["method"], &form["params"]["mode"], &form["params"]["message"]),
        (&json!("elicitation/create"), &json!("form"), &json!("Who?"))
    );
    let params = json!({"name": "asks", "inputResponses": accept("Ada"), "requestState": "sealed"});
    let done = world.modern("tools/call", params).await.result();
    assert_eq!((&done["resultType"], &done["content"][0]["text"]), (&json!("complete"), &json!("Ada Some(\"sealed\")")));
    let without = world.modern("tools/call", json!({"name": "asks", "inputResponses": null})).await.result();
    assert_eq!(without["resultType"], "input_required");
}

#[tokio::test]
async fn a_prompt_may_ask_as_well() {
    let world = World::new();
    let asks = world.modern("prompts/get", json!({"name": "asks"})).await.result();
    assert_eq!(asks["inputRequests"]["who"]["method"], "elicitation/create");
    let text = world.modern("prompts/get", json!({"name": "asks", "inputResponses": accept("Ada")})).await.result();
    assert!(text["description"].as_str().is_some_and(|text| text.contains("Ada")), "{text}");
}

#[tokio::test]
async fn a_capability_that_is_missing_is_named() {
    let world = World::new();
    let reply = world.modern("tools/call", json!({"name": "needs"})).await;
    assert_eq!((reply.error().0, reply.error().1), (400, -32021));
    assert_eq!(reply.messages()[0]["error"]["data"]["requiredCapabilities"], json!({"sampling": {}}));
}

#[tokio::test]
async fn a_call_that_is_made_again_is_known_by_its_key() {
    let world = World::new();
    let mut request = crate::fake::legacy("tools/call", &json!({"name": "keyed"}));
    request.headers_mut().insert("idempotency-key", "by-header".parse().unwrap());
    assert_eq!(world.send(ANNA, request).await.result()["content"][0]["text"], "by-header");
    let params = json!({"name": "keyed", "_meta": {"flowstead/idempotencyKey": "by-meta"}});
    assert_eq!(world.modern("tools/call", params).await.result()["content"][0]["text"], "by-meta");
}

/// A session of a client with these capabilities.
async fn begin(world: &World, capabilities: Value) -> String {
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "c", "version": "1"}});
    let reply = world.send(ANNA, post(&[], message("initialize", &params).to_string())).await;
    let id = reply.header("mcp-session-id").to_owned();
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    assert_eq!(world.send(ANNA, post(&[("mcp-session-id", &id)], ready)).await.status, 202);
    id
}

fn in_session(id: &str, body: &Value) -> http::Request<bytes::Bytes> {
    post(&[("mcp-session-id", id), ("mcp-protocol-version", "2025-11-25")], body.to_string())
}

#[tokio::test]
async fn a_client_with_a_session_is_asked_on_the_stream_of_its_call() {
    let world = World::new();
    let id = begin(&world, json!({"elicitation": {}})).await;
    for (answer, expected) in [
        (json!({"action": "accept", "content": {"name": "Ada"}}), "Ada"),
        (json!({"action": "decline"}), "Some(Declined)"),
        (json!({"action": "cancel"}), "Some(Cancelled)"),
    ] {
        let call = message("tools/call", &json!({"name": "asks"}));
        let mut stream = Stream::of(world.answer(ANNA, in_session(&id, &call)).await);
        let asked = stream.next().await.unwrap();
        assert_eq!((&asked["method"], &asked["params"]["message"]), (&json!("elicitation/create"), &json!("Who?")));
        let reply = json!({"jsonrpc": "2.0", "id": asked["id"], "result": answer});
        assert_eq!(world.send(ANNA, in_session(&id, &reply)).await.status, 202);
        let done = stream.next().await.unwrap();
        assert_eq!(done["result"]["content"][0]["text"], expected, "{done}");
    }
}

#[tokio::test]
async fn a_client_that_refuses_to_be_asked_gave_no_answer() {
    let world = World::new();
    let id = begin(&world, json!({"elicitation": {}})).await;
    let call = message("tools/call", &json!({"name": "asks"}));
    let mut stream = Stream::of(world.answer(ANNA, in_session(&id, &call)).await);
    let asked = stream.next().await.unwrap();
    let reply = json!({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "No."}});
    assert_eq!(world.send(ANNA, in_session(&id, &reply)).await.status, 202);
    assert_eq!(stream.next().await.unwrap()["result"]["content"][0]["text"], "no answer");
}

#[tokio::test]
async fn a_session_hears_as_much_of_the_log_as_it_asked_for() {
    let world = World::new();
    let id = begin(&world, json!({"elicitation": {}})).await;
    let call = message("tools/call", &json!({"name": "logs"}));
    // What belongs to no request in particular comes on the session's own stream.
    let own = http::Request::builder().method("GET").uri("/mcp").header("mcp-session-id", &id).body(bytes::Bytes::new()).unwrap();
    let mut heard = Stream::of(world.answer(ANNA, own).await);
    world.send(ANNA, in_session(&id, &call)).await.result();
    let level = message("logging/setLevel", &json!({"level": "info"}));
    world.send(ANNA, in_session(&id, &level)).await.result();
    world.send(ANNA, in_session(&id, &call)).await.result();
    for (level, data) in [("info", "one"), ("error", "two")] {
        let told = heard.next().await.unwrap();
        assert_eq!((&told["params"]["level"], &told["params"]["data"]), (&json!(level), &json!(data)), "{told}");
    }
}

#[tokio::test]
async fn a_modern_request_says_itself_what_it_wants_of_the_log() {
    let world = World::new();
    let params = declared(json!({"name": "logs", "_meta": {"io.modelcontextprotocol/logLevel": "error"}}), json!({}));
    let messages = world.modern("tools/call", params).await.messages();
    assert_eq!((messages.len(), &messages[0]["params"]["data"]), (2, &json!("two")));
    let quiet = world.modern("tools/call", json!({"name": "logs"})).await;
    assert_eq!(quiet.messages().len(), 1);
}
