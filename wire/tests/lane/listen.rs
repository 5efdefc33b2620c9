//! `subscriptions/listen`: a stream that tells what changes.

use flowstead_wire::Change;
use serde_json::json;

use crate::fake::{ANNA, BERT, Stream, Who, World, modern};

const ID: &str = "io.modelcontextprotocol/subscriptionId";

async fn listen(world: &World, who: Who, filter: serde_json::Value) -> Stream {
    Stream::of(world.answer(who, modern("subscriptions/listen", json!({ "notifications": filter }))).await)
}

#[tokio::test]
async fn what_was_asked_for_is_acknowledged_and_then_told() {
    let world = World::new();
    let mut stream = listen(&world, ANNA, json!({"toolsListChanged": true, "resourceSubscriptions": ["fake://one"]})).await;
    let first = stream.next().await.unwrap();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(first["params"]["notifications"], json!({"toolsListChanged": true, "resourceSubscriptions": ["fake://one"]}));
    assert_eq!(first["params"]["_meta"][ID], 7);
    world.changes.send(Change::Prompts).unwrap();
    world.changes.send(Change::Resource("fake://two".into())).unwrap();
    world.changes.send(Change::Tools).unwrap();
    let told = stream.next().await.unwrap();
    assert_eq!((&told["method"], &told["params"]["_meta"][ID]), (&json!("notifications/tools/list_changed"), &json!(7)));
    world.changes.send(Change::Resource("fake://one".into())).unwrap();
    let told = stream.next().await.unwrap();
    assert_eq!((&told["method"], &told["params"]["uri"]), (&json!("notifications/resources/updated"), &json!("fake://one")));
}

#[tokio::test]
async fn what_the_caller_may_not_see_is_not_told() {
    let world = World::new();
    let mut stream = listen(&world, BERT, json!({"toolsListChanged": true, "promptsListChanged": true})).await;
    assert_eq!(stream.method().await, "notifications/subscriptions/acknowledged");
    world.changes.send(Change::Tools).unwrap();
    world.changes.send(Change::Prompts).unwrap();
    assert_eq!(stream.method().await, "notifications/prompts/list_changed");
}

#[tokio::test]
async fn who_missed_changes_is_told_of_all_there_may_have_been() {
    let world = World::new();
    let mut stream = listen(&world, ANNA, json!({"toolsListChanged": true, "resourceSubscriptions": ["fake://one"]})).await;
    assert_eq!(stream.method().await, "notifications/subscriptions/acknowledged");
    for _ in 0..20 {
        world.changes.send(Change::Prompts).unwrap();
    }
    assert_eq!(stream.method().await, "notifications/tools/list_changed");
    assert_eq!(stream.method().await, "notifications/resources/updated");
}

#[tokio::test]
async fn a_server_that_ends_ends_the_stream_with_a_result() {
    let world = World::new();
    let mut stream = listen(&world, ANNA, json!({"promptsListChanged": true})).await;
    assert_eq!(stream.method().await, "notifications/subscriptions/acknowledged");
    world.closing.cancel();
    let last = stream.next().await.unwrap();
    assert_eq!((&last["id"], &last["result"]["resultType"]), (&json!(7), &json!("complete")), "{last}");
    assert_eq!(stream.next().await, None);
}
