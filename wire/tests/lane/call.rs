//! Tool calls: results, progress, long waits, and clients that leave.

use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::fake::{ANNA, Reply, Stream, World, legacy, modern};

#[tokio::test]
async fn a_result_has_its_structured_content_and_an_error_has_none() {
    let world = World::new();
    let arguments = json!({"zeta": 1, "alpha": {"b": 1, "a": 2}});
    for reply in [
        world.modern("tools/call", json!({"name": "echo", "arguments": arguments})).await,
        world.legacy("tools/call", &json!({"name": "echo", "arguments": arguments})).await,
        world.legacy("tools/call", &json!({"name": "echo", "arguments": arguments.to_string()})).await,
    ] {
        let result = reply.result();
        assert_eq!((&result["structuredContent"], &result["isError"]), (&arguments, &json!(false)));
        assert!(reply.text.contains(r#"{"zeta":1,"alpha":{"b":1,"a":2}}"#), "{}", reply.text);
    }
    let result = world.legacy("tools/call", &json!({"name": "fails"})).await.result();
    assert_eq!((&result["isError"], result.get("structuredContent")), (&json!(true), None));
    assert_eq!(world.legacy("tools/call", &json!({"name": "gone"})).await.error().1, -32602);
}

fn with_token(name: &str) -> Value {
    json!({"name": name, "_meta": {"progressToken": "t"}})
}

#[tokio::test]
async fn progress_goes_before_the_answer_and_always_grows() {
    let world = World::new();
    for reply in [world.modern("tools/call", with_token("steps")).await, world.legacy("tools/call", &with_token("steps")).await] {
        assert_eq!(reply.header("content-type"), "text/event-stream");
        assert_eq!(reply.header("x-accel-buffering"), "no");
        assert_eq!(reply.result()["content"][0]["text"], "stepped");
        let mut messages = reply.messages();
        messages.pop();
        assert_eq!(messages.len(), 4, "{messages:?}");
        assert!(messages.iter().all(|m| m["method"] == "notifications/progress" && m["params"]["progressToken"] == "t"), "{messages:?}");
        let done: Vec<f64> = messages.iter().map(|m| m["params"]["progress"].as_f64().unwrap()).collect();
        assert!(done.windows(2).all(|pair| pair[0] < pair[1]), "{done:?}");
        assert_eq!(messages[3]["params"], json!({"progressToken": "t", "progress": 3.0, "total": 3.0, "message": "at 3"}));
    }
}

#[tokio::test]
async fn a_call_that_ends_before_it_reports_is_answered_in_json() {
    let world = World::new();
    let reply = world.legacy("tools/call", &json!({"name": "echo", "_meta": {"progressToken": 1}})).await;
    assert_eq!(reply.header("content-type"), "application/json");
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_token_hears_something_within_ten_seconds() {
    let world = World::new();
    for request in [modern("tools/call", with_token("sleeps")), legacy("tools/call", &with_token("sleeps"))] {
        let begun = tokio::time::Instant::now();
        let mut stream = Stream::of(world.answer(ANNA, request).await);
        assert_eq!(stream.method().await, "notifications/progress");
        assert_eq!(begun.elapsed(), Duration::from_secs(10));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_token_gets_comments_if_it_reads_streams() {
    let world = World::new();
    let mut request = legacy("tools/call", &json!({"name": "sleeps"}));
    request.headers_mut().insert("accept", "application/json, text/event-stream".parse().unwrap());
    let reply = world.send(ANNA, request).await;
    assert_eq!(reply.header("content-type"), "text/event-stream");
    assert!(reply.text.matches(":\n\n").count() >= 3, "{}", reply.text);
    assert_eq!(reply.result()["content"][0]["text"], "slept");
    let reply = world.legacy("tools/call", &json!({"name": "sleeps"})).await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.result()["content"][0]["text"], "slept");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_wait() {
    let mut world = World::new();
    for request in [modern("tools/call", json!({"name": "waits"})), legacy("tools/call", &json!({"name": "waits"}))] {
        let lanes = std::sync::Arc::clone(&world.lanes);
        let asking = tokio::spawn(async move {
            let mut request = request;
            request.extensions_mut().insert(ANNA);
            lanes.answer(request).await
        });
        let gone = world.waiting.recv().await.unwrap();
        assert!(!gone.is_cancelled());
        asking.abort();
        gone.cancelled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_a_stream_ends_the_wait() {
    let mut world = World::new();
    let mut body = world.answer(ANNA, modern("tools/call", with_token("waits"))).await.into_body();
    let gone = world.waiting.recv().await.unwrap();
    body.frame().await.unwrap().unwrap();
    assert!(!gone.is_cancelled());
    drop(body);
    gone.cancelled().await;
}

#[tokio::test]
async fn a_server_that_ends_lets_its_calls_say_what_they_have() {
    let mut world = World::new();
    let lanes = std::sync::Arc::clone(&world.lanes);
    let asking = tokio::spawn(async move {
        let mut request = modern("tools/call", json!({"name": "waits"}));
        request.extensions_mut().insert(ANNA);
        Reply::of(lanes.answer(request).await).await
    });
    world.waiting.recv().await.unwrap();
    world.closing.cancel();
    assert_eq!(asking.await.unwrap().result()["content"][0]["text"], "nobody waits any more");
}
