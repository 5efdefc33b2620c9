//! Sessions of older clients that can be asked.

use std::time::Duration;

use bytes::Bytes;
use flowstead_wire::{Change, LaneOptions};
use http::Request;
use serde_json::{Value, json};

use crate::fake::{ANNA, BERT, Reply, Stream, Who, World, legacy, message, post};

async fn initialize(world: &World, who: Who, capabilities: Value) -> Reply {
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "c", "version": "1"}});
    world.send(who, post(&[], message("initialize", &params).to_string())).await
}

/// A session of a client that can be asked.
async fn begin(world: &World, who: Who) -> String {
    let reply = initialize(world, who, json!({"elicitation": {}})).await;
    assert_eq!(reply.result()["protocolVersion"], "2025-11-25");
    let id = reply.header("mcp-session-id").to_owned();
    assert!(!id.is_empty());
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    assert_eq!(world.send(who, post(&[("mcp-session-id", &id)], ready)).await.status, 202);
    id
}

async fn list(world: &World, who: Who, id: &str) -> Reply {
    let mut request = legacy("tools/list", &json!({}));
    request.headers_mut().insert("mcp-session-id", id.parse().unwrap());
    world.send(who, request).await
}

fn without_body(method: &str, id: &str) -> Request<Bytes> {
    Request::builder().method(method).uri("/mcp").header("mcp-session-id", id).body(Bytes::new()).unwrap()
}

#[tokio::test]
async fn only_a_client_that_can_be_asked_gets_a_session() {
    let world = World::new();
    for capabilities in [json!({"elicitation": {}}), json!({"sampling": {}})] {
        assert_ne!(initialize(&world, ANNA, capabilities).await.header("mcp-session-id"), "");
    }
    for capabilities in [json!({}), json!({"roots": {"listChanged": true}})] {
        let reply = initialize(&world, ANNA, capabilities).await;
        assert_eq!((reply.header("mcp-session-id"), reply.header("content-type")), ("", "application/json"));
    }
    // Wrong parameters are refused by the other lane and begin nothing.
    let reply = world.legacy("initialize", &json!({"capabilities": {"elicitation": {}}})).await;
    assert_eq!(reply.error().1, -32602);
}

#[tokio::test]
async fn a_session_serves_its_user_and_is_not_there_for_others() {
    let world = World::new();
    let id = begin(&world, ANNA).await;
    assert!(list(&world, ANNA, &id).await.result()["tools"].is_array());
    // The other lane has the same list, though its text does not pass the engine.
    let (here, there) = (list(&world, ANNA, &id).await.result(), world.legacy("tools/list", &json!({})).await.result());
    assert_eq!(here.to_string(), there.to_string());
    let other_key = Who { key: "k9", ..ANNA };
    assert!(list(&world, other_key, &id).await.result()["tools"].is_array(), "a session is its user's, not its key's");
    for id in [id.as_str(), "no-such-session"] {
        let (status, code, _) = list(&world, BERT, id).await.error();
        assert_eq!((status, code), (404, -32600));
        assert_eq!(world.send(BERT, without_body("GET", id)).await.error().0, 404);
        assert_eq!(world.send(BERT, without_body("DELETE", id)).await.error().0, 404);
    }
    assert!(list(&world, ANNA, &id).await.result()["tools"].is_array());
}

#[tokio::test]
async fn delete_ends_a_session_without_a_word() {
    let world = World::new();
    let id = begin(&world, ANNA).await;
    let reply = world.send(ANNA, without_body("DELETE", &id)).await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (204, ""));
    assert_eq!(list(&world, ANNA, &id).await.error().0, 404);
    assert_eq!(world.send(ANNA, without_body("DELETE", &id)).await.error().0, 404);
    // A new beginning is possible with the old id still in the client's hand.
    let params = json!({"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "c", "version": "1"}});
    let reply = world.send(ANNA, post(&[("mcp-session-id", &id)], message("initialize", &params).to_string())).await;
    assert!(!["", &id].contains(&reply.header("mcp-session-id")), "{reply:?}");
}

#[tokio::test]
async fn the_oldest_session_of_a_key_ends_for_a_new_one() {
    let world = World::with(LaneOptions { sessions_per_key: 2, ..LaneOptions::default() });
    let first = begin(&world, ANNA).await;
    let of_bert = begin(&world, BERT).await;
    let second = begin(&world, ANNA).await;
    let third = begin(&world, ANNA).await;
    assert_eq!(list(&world, ANNA, &first).await.error().0, 404);
    for (who, id) in [(ANNA, second), (ANNA, third), (BERT, of_bert)] {
        assert!(list(&world, who, &id).await.result()["tools"].is_array());
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_uses_ends_after_its_time() {
    let world = World::with(LaneOptions { session_idle: Duration::from_secs(1800), ..LaneOptions::default() });
    let id = begin(&world, ANNA).await;
    tokio::time::sleep(Duration::from_secs(1799)).await;
    assert!(list(&world, ANNA, &id).await.result()["tools"].is_array());
    tokio::time::sleep(Duration::from_secs(1801)).await;
    assert_eq!(list(&world, ANNA, &id).await.error().0, 404);
}

#[tokio::test]
async fn the_stream_of_a_session_tells_what_changes() {
    let world = World::new();
    let id = begin(&world, ANNA).await;
    let mut stream = Stream::of(world.answer(ANNA, without_body("GET", &id)).await);
    world.changes.send(Change::Resource("fake://one".into())).unwrap();
    world.changes.send(Change::Tools).unwrap();
    assert_eq!(stream.method().await, "notifications/tools/list_changed", "nobody asked for that resource yet");
    let mut subscribe = legacy("resources/subscribe", &json!({"uri": "fake://one"}));
    subscribe.headers_mut().insert("mcp-session-id", id.parse().unwrap());
    assert_eq!(world.send(ANNA, subscribe).await.result(), json!({}));
    world.changes.send(Change::Resource("fake://one".into())).unwrap();
    assert_eq!(stream.next().await.unwrap()["params"]["uri"], "fake://one");
    let mut unsubscribe = legacy("resources/unsubscribe", &json!({"uri": "fake://one"}));
    unsubscribe.headers_mut().insert("mcp-session-id", id.parse().unwrap());
    assert_eq!(world.send(ANNA, unsubscribe).await.result(), json!({}));
    world.changes.send(Change::Resource("fake://one".into())).unwrap();
    world.changes.send(Change::Prompts).unwrap();
    assert_eq!(stream.method().await, "notifications/prompts/list_changed");
    world.closing.cancel();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn without_a_session_nothing_can_be_subscribed_to() {
    let world = World::new();
    let (status, code, text) = world.legacy("resources/subscribe", &json!({"uri": "fake://one"})).await.error();
    assert_eq!((status, code), (200, -32601), "{text}");
}

#[tokio::test]
async fn a_panic_in_a_session_ends_the_call_and_not_the_session() {
    let world = World::new();
    let id = begin(&world, ANNA).await;
    let mut request = legacy("tools/call", &json!({"name": "panics"}));
    request.headers_mut().insert("mcp-session-id", id.parse().unwrap());
    assert_eq!(world.send(ANNA, request).await.error().1, -32603);
    assert!(list(&world, ANNA, &id).await.result()["tools"].is_array());
}
