//! Calls that go on as tasks: who is told of them, in which words, and what there is not.

use flowstead_wire::{Change, Stand};
use serde_json::{Value, json};

use crate::fake::{ANNA, BERT, Stream, World, modern, question};

const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// Parameters of a client that declares tasks.
pub fn with_tasks(mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({"elicitation": {}, "extensions": {EXTENSION: {}}});
    params
}

#[tokio::test]
async fn tasks_are_offered_as_an_extension_and_not_as_a_capability() {
    let world = World::new();
    let capabilities = world.modern("server/discover", json!({})).await.result()["capabilities"].clone();
    assert_eq!((&capabilities["extensions"][EXTENSION], capabilities.get("tasks")), (&json!({}), None), "{capabilities}");
}

#[tokio::test]
async fn only_who_declares_tasks_gets_one() {
    let world = World::new();
    let made = world.modern("tools/call", with_tasks(json!({"name": "task"}))).await.result();
    assert_eq!((&made["resultType"], &made["taskId"], &made["status"]), (&json!("task"), &json!("t"), &json!("working")), "{made}");
    assert!(made.get("result").is_none() && made["ttlMs"].is_null(), "{made}");
    assert_eq!(world.modern("tools/call", json!({"name": "task"})).await.error().1, -32021);
    for (method, params) in [
        ("tasks/get", json!({"taskId": "t"})),
        ("tasks/update", json!({"taskId": "t", "inputResponses": {}})),
        ("tasks/cancel", json!({"taskId": "t"})),
    ] {
        let reply = world.modern(method, params).await;
        let (status, code, _) = reply.error();
        assert_eq!((status, code), (400, -32021), "{method}");
        let required = &reply.messages()[0]["error"]["data"]["requiredCapabilities"];
        assert_eq!(*required, json!({"extensions": {EXTENSION: {}}}));
    }
}

#[tokio::test]
async fn a_task_is_looked_at_answered_and_cancelled_by_its_owner_alone() {
    let world = World::new();
    *world.stand.lock().unwrap() = Stand::Asks(vec![("who".into(), question())]);
    let asks = world.modern("tasks/get", with_tasks(json!({"taskId": "t"}))).await.result();
    assert_eq!((&asks["resultType"], &asks["status"]), (&json!("complete"), &json!("input_required")));
    assert_eq!(asks["inputRequests"]["who"]["method"], "elicitation/create");
    let answers = json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
    let taken = world.modern("tasks/update", with_tasks(json!({"taskId": "t", "inputResponses": answers}))).await.result();
    let without_meta = |mut result: Value| {
        result.as_object_mut().unwrap().remove("_meta");
        result
    };
    assert_eq!(without_meta(taken), json!({"resultType": "complete"}));
    assert_eq!(Value::from(world.answers.lock().unwrap()[0].clone()), answers);
    for (method, params) in [("tasks/get", json!({"taskId": "t"})), ("tasks/cancel", json!({"taskId": "t"}))] {
        assert_eq!(world.send(BERT, modern(method, with_tasks(params))).await.error().1, -32602, "{method}");
    }
    assert_eq!(
        without_meta(world.modern("tasks/cancel", with_tasks(json!({"taskId": "t"}))).await.result()),
        json!({"resultType": "complete"})
    );
    assert_eq!(world.modern("tasks/get", with_tasks(json!({"taskId": "t"}))).await.result()["status"], "cancelled");
}

#[tokio::test]
async fn what_tasks_once_had_is_gone() {
    let world = World::new();
    for method in ["tasks/list", "tasks/result"] {
        assert_eq!(world.modern(method, with_tasks(json!({"taskId": "t"}))).await.error().1, -32601, "{method}");
    }
    // An older hint is ignored.
    let result = world.modern("tools/call", with_tasks(json!({"name": "echo", "task": {"ttl": 60_000}}))).await.result();
    assert_eq!(result["resultType"], "complete");
    let (_, code, message) = world.modern("tasks/get", with_tasks(json!({"taskId": 5}))).await.error();
    assert!([-32602, -32020].contains(&code), "{code} {message}");
}

#[tokio::test]
async fn who_listens_to_a_task_is_told_when_it_stands_otherwise() {
    let world = World::new();
    let params = with_tasks(json!({"notifications": {"taskIds": ["t"]}}));
    let mut stream = Stream::of(world.answer(ANNA, modern("subscriptions/listen", params)).await);
    let first = stream.next().await.unwrap();
    assert_eq!(first["params"]["notifications"]["taskIds"], json!(["t"]), "{first}");
    let told = stream.next().await.unwrap();
    assert_eq!((&told["method"], &told["params"]["status"]), (&json!("notifications/tasks"), &json!("working")));
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 7);
    // Nothing new, then something.
    world.changes.send(Change::Resource("task://t".into())).unwrap();
    *world.stand.lock().unwrap() = Stand::Cancelled;
    world.changes.send(Change::Resource("task://t".into())).unwrap();
    let told = stream.next().await.unwrap();
    assert_eq!((&told["params"]["taskId"], &told["params"]["status"]), (&json!("t"), &json!("cancelled")), "{told}");
}

#[tokio::test]
async fn nobody_is_told_of_a_task_that_is_not_theirs() {
    let world = World::new();
    let params = with_tasks(json!({"notifications": {"taskIds": ["t"], "promptsListChanged": true}}));
    let mut stream = Stream::of(world.answer(BERT, modern("subscriptions/listen", params)).await);
    assert_eq!(stream.method().await, "notifications/subscriptions/acknowledged");
    world.changes.send(Change::Resource("task://t".into())).unwrap();
    world.changes.send(Change::Prompts).unwrap();
    assert_eq!(stream.method().await, "notifications/prompts/list_changed");
}
