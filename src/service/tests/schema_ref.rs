//! Schemas by name: flows refer to SCHEMA records, and a change of one is a change of all that refer to it.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_flow_takes_what_the_schema_that_it_refers_to_says_at_that_moment() {
    let world = World::with_engine().await;
    let admin = &world.admin;
    let post = json!({ "type": "object", "properties": { "code": { "type": "string", "maxLength": 4 } } });
    let schema = world.make(admin, "SCHEMA", json!({ "name": "address", "value": post })).await.unwrap().id;
    let input = json!({ "type": "object", "properties": { "to": { "$ref": "schema:address" } } });
    world.make(admin, "FLOW", json!({ "name": "send", "script": "", "input_schema": input })).await.unwrap();
    let start = async |code: &str| {
        let target = Target::Flow(Selector::Name("send".into()));
        world.service.execution_start(admin, StartRequest::new(target, json!({ "to": { "code": code } }))).await
    };
    assert_eq!(kind(start("12345").await), Kind::SchemaViolation);
    let started = start("1234").await.unwrap();
    let pinned = started.row.json("input_schema").unwrap();
    assert!(pinned["$defs"]["schema_address"].is_object(), "the execution keeps the schema it was started with: {pinned}");
    world.change(admin, "SCHEMA", schema, json!({ "value": { "type": "object" } })).await.unwrap();
    start("12345").await.unwrap();
}

#[tokio::test]
async fn a_schema_that_refers_to_what_is_not_there_is_refused_with_near_names() {
    let world = World::new().await;
    let anna = world.user("anna", &[("", "FLOW", None), ("READ", "PROJECT", None)]).await;
    world.make(&world.admin, "SCHEMA", json!({ "name": "address", "value": {} })).await.unwrap();
    let flow = |of: &str| json!({ "name": "f", "script": "", "input_schema": { "$ref": format!("schema:{of}") } });
    let refused = world.make(&world.admin, "FLOW", flow("adress")).await.err().unwrap();
    assert_eq!(refused.field_pointer(), Some("/input_schema"));
    assert!(refused.message().contains("'address'"), "{refused}");
    let unseen = world.make(&anna, "FLOW", flow("address")).await.err().unwrap();
    assert!(unseen.message().contains("no SCHEMA") && !unseen.message().contains("mean"), "{unseen}");
    let tree = json!({ "properties": { "next": { "$ref": "schema:tree" } } });
    world.make(&world.admin, "SCHEMA", json!({ "name": "tree", "value": tree })).await.unwrap();
    world.make(&world.admin, "FLOW", flow("tree")).await.unwrap();
}
