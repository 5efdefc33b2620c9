//! Calls that take long wait outside the engine, and nobody can tell.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{ANNA, Reply, World, legacy, modern};

/// Longer than a call stays in the engine.
const LONG: Duration = Duration::from_secs(5);

fn call(name: &str, after: u64) -> Value {
    json!({ "name": name, "arguments": { "after_seconds": after } })
}

/// A call under way, of a client of either era.
fn asking(world: &World, is_modern: bool, params: Value) -> tokio::task::JoinHandle<Reply> {
    let lanes = std::sync::Arc::clone(&world.lanes);
    let mut request = if is_modern { modern("tools/call", params) } else { legacy("tools/call", &params) };
    request.extensions_mut().insert(ANNA);
    tokio::spawn(async move { Reply::of(lanes.answer(request).await).await })
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_waited_for_outside_is_the_same() {
    let world = World::new();
    for name in ["capable", "fails", "keyed", "needs", "panics", "breaks", "gone"] {
        let soon = (world.modern("tools/call", call(name, 0)).await, world.legacy("tools/call", &call(name, 0)).await);
        let late = (world.modern("tools/call", call(name, 5)).await, world.legacy("tools/call", &call(name, 5)).await);
        for (soon, late) in [(soon.0, late.0), (soon.1, late.1)] {
            assert_eq!((soon.status, &soon.text), (late.status, &late.text), "{name}");
            assert_eq!(soon.headers, late.headers, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_long_leaves_nothing_in_the_engine() {
    let mut world = World::new();
    let runtime = tokio::runtime::Handle::current();
    for is_modern in [true, false] {
        let before = runtime.metrics().num_alive_tasks();
        let asking = asking(&world, is_modern, call("waits", 0));
        let gone = world.waiting.recv().await.unwrap();
        assert!(runtime.metrics().num_alive_tasks() > before + 1, "the engine has tasks for a request");
        tokio::time::sleep(LONG).await;
        assert_eq!(runtime.metrics().num_alive_tasks(), before + 1, "only the one that asks is left");
        gone.cancel();
        assert_eq!(asking.await.unwrap().result()["content"][0]["text"], "nobody waits any more");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_ends_the_wait_outside_too() {
    let mut world = World::new();
    for is_modern in [true, false] {
        let asking = asking(&world, is_modern, call("waits", 0));
        let gone = world.waiting.recv().await.unwrap();
        tokio::time::sleep(LONG).await;
        assert!(!gone.is_cancelled());
        asking.abort();
        gone.cancelled().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_gets_the_last_word_of_calls_outside() {
    let mut world = World::new();
    let asking = asking(&world, true, call("waits", 0));
    world.waiting.recv().await.unwrap();
    tokio::time::sleep(LONG).await;
    world.closing.cancel();
    assert_eq!(asking.await.unwrap().result()["content"][0]["text"], "nobody waits any more");
}

#[tokio::test(start_paused = true)]
async fn however_many_wait_in_and_outside_the_next_call_gets_its_turn() {
    let mut world = World::new();
    let with_token = || json!({ "name": "waits", "_meta": { "progressToken": "t" } });
    let waits: Vec<_> = (0..200).flat_map(|_| [asking(&world, true, call("waits", 0)), asking(&world, true, with_token())]).collect();
    let mut gone = Vec::new();
    for _ in 0..waits.len() {
        gone.push(world.waiting.recv().await.unwrap());
    }
    assert_eq!(world.modern("tools/call", json!({ "name": "keyed" })).await.status, 200);
    gone.iter().for_each(tokio_util::sync::CancellationToken::cancel);
    for wait in waits {
        assert_eq!(wait.await.unwrap().result()["content"][0]["text"], "nobody waits any more");
    }
}
