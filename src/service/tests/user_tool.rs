//! User tools: news of them, and names that a newer version took.

use std::sync::{Arc, Mutex};

use super::*;
use crate::store::{Row, Write};

async fn tool(world: &World, name: &str) -> (Uuid, Uuid) {
    let script = "def handler(system, this, inputs):\n    pass\n";
    let flow = world.make(&world.admin, "FLOW", json!({ "name": name, "script": script })).await.unwrap().id;
    let tool = world.make(&world.admin, "MCP_USER_TOOL", json!({ "name": name, "flow_id": flow })).await.unwrap().id;
    (tool, flow)
}

async fn problem(world: &World, id: Uuid) -> Value {
    let found = world.service.record_get(&world.admin, of("MCP_USER_TOOL"), &Selector::Id(id), Some(&["problem".to_owned()])).await;
    found.unwrap().record["problem"].clone()
}

#[tokio::test]
async fn a_tool_whose_name_a_newer_version_took_is_named_at_the_start_and_says_so() {
    let world = World::new().await;
    let (id, _) = tool(&world, "greet").await;
    assert_eq!(problem(&world, id).await, Value::Null);
    // As an older version wrote it.
    let mut row = Row::new();
    row.set("id", id.to_string());
    row.set("name", "Get-Health");
    let writes = vec![Write::Update { table: "mcp_user_tool", key: &["id"], row }];
    world.service.store().submit(Unit { writes, lazy: false }).wait().await.unwrap();
    assert_eq!(world.service.user_tools_shadowed().await.unwrap(), ["Get-Health"]);
    assert_eq!(problem(&world, id).await, "Its name is that of the built-in tool 'get_health'; rename it.");
}

#[tokio::test]
async fn listeners_hear_of_what_shows_and_of_nothing_else() {
    let world = World::new().await;
    let heard: Arc<Mutex<Vec<News>>> = Arc::default();
    let (id, flow) = tool(&world, "greet").await;
    world.service.listeners().add({
        let heard = heard.clone();
        move |news| heard.lock().unwrap().push(news.clone())
    });
    let take = || std::mem::take(&mut *heard.lock().unwrap());
    assert_eq!(world.service.user_tools(&world.admin).await.unwrap().len(), 1);
    world.change(&world.admin, "FLOW", flow, json!({ "script": "def handler(system, this):\n    pass\n" })).await.unwrap();
    world.make(&world.admin, "FLOW", json!({ "name": "other", "script": "" })).await.unwrap();
    world.make(&world.admin, "SETTING", json!({ "name": "other" })).await.unwrap();
    assert_eq!(take(), []);
    world.change(&world.admin, "FLOW", flow, json!({ "description": "Greets." })).await.unwrap();
    world.change(&world.admin, "MCP_USER_TOOL", id, json!({ "timeout_sec": 1 })).await.unwrap();
    world.make(&world.admin, "ROLE", json!({ "name": "new" })).await.unwrap();
    let note = json!({ "record_id": flow, "key": "k", "data": 1 });
    world.make(&world.admin, "RECORD_METADATA", note).await.unwrap();
    let key = "k".to_owned();
    assert_eq!(take(), [News::UserTools, News::UserTools, News::Rights, News::Metadata { record: flow, key }]);
    assert_eq!(world.service.user_tools(&world.admin).await.unwrap()[0].description, "Greets.");
    let gone = world.service.record_delete(&world.admin, of("FLOW"), &Selector::Id(flow), false).await.unwrap();
    gone.wait().await.unwrap();
    assert_eq!(take(), [News::UserTools]);
    assert!(world.service.user_tools(&world.admin).await.unwrap().is_empty());
}
