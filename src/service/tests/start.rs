//! New executions: what is settled before one is made, and what it may do.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::protocol::ChildArgs;
use crate::records::Status;
use crate::service::command::ParentRef;

const SCRIPT: &str = "def handler(system, this, inputs): return {}";

pub(super) fn run(name: &str, input: Value) -> StartRequest {
    StartRequest::new(Target::Flow(Selector::Name(name.to_owned())), input)
}

impl World {
    pub(super) async fn flow(&self, name: &str, project: Uuid) -> Uuid {
        let schema = json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" }, "m": { "default": 7 } } });
        let payload = json!({ "name": name, "script": SCRIPT, "project_id": project, "input_schema": schema });
        self.make(&self.admin, "FLOW", payload).await.unwrap().id
    }
}

#[tokio::test]
async fn an_input_that_breaks_the_schema_makes_no_execution_and_lists_every_breach() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let refused = world.service.execution_start(&world.admin, run("f", json!({ "n": "x" }))).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::SchemaViolation);
    assert_eq!(refused.detail_value().unwrap()["breaches"][0]["pointer"], "/input_value/n");
    let page = world.service.record_list(&world.admin, of("EXECUTION"), &ListRequest::default()).await.unwrap();
    assert_eq!(page.total, 0);
}

#[tokio::test]
async fn the_handler_gets_defaults_and_the_record_keeps_what_was_given() {
    let world = World::with_engine().await;
    let project = world.project("p").await;
    let flow = world.flow("f", project).await;
    let new = world.service.execution_prepare(&world.admin, run("f", json!({ "n": 1 }))).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&new.inputs).unwrap(), json!({ "n": 1, "m": 7 }));
    assert_eq!(new.row.json("input_value"), Some(&json!({ "n": 1 })));
    assert_eq!(new.row.uuid("flow_id"), Some(flow));
    assert_eq!(new.row.uuid("project_id"), Some(project), "an execution goes where its flow is");
    assert_eq!(new.row.text("status"), Some(Status::Pending.name()));
    assert_eq!(&*new.script, SCRIPT);
}

#[tokio::test]
async fn an_unknown_flow_offers_near_names() {
    let world = World::with_engine().await;
    world.flow("import customers", world.project("p").await).await;
    let refused = world.service.execution_start(&world.admin, run("import custommers", json!({}))).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::NotFound);
    assert!(refused.message().contains("'import customers'"), "{refused}");
}

#[tokio::test]
async fn a_start_needs_create_on_execution_and_a_script_the_right_to_write_code() {
    let world = World::with_engine().await;
    let project = world.project("p").await;
    world.flow("f", project).await;
    let reader = world.user("reader", &[("READ", "FLOW", None)]).await;
    let refused = world.service.execution_start(&reader, run("f", json!({ "n": 1 }))).await.err().unwrap();
    assert!(refused.message().contains("CREATE on EXECUTION"), "{refused}");
    let runner = world.user("runner", &[("READ", "FLOW", None), ("CREATE", "EXECUTION", None)]).await;
    world.service.execution_start(&runner, run("f", json!({ "n": 1 }))).await.unwrap();
    let script = StartRequest::new(Target::Script(SCRIPT.to_owned()), Value::Null);
    let refused = world.service.execution_start(&runner, script.clone()).await.err().unwrap();
    assert!(refused.message().contains("CREATE on FLOW"), "{refused}");
    let started = world.service.execution_start(&world.admin, script).await.unwrap();
    assert_eq!(started.row.text("type"), Some("SCRIPT"));
    assert!(started.row.uuid("project_id").is_some(), "it goes to the default project");
}

#[tokio::test]
async fn an_execution_acts_with_its_creators_roles_while_the_user_holds_them() {
    let world = World::with_engine().await;
    let project = world.project("p").await;
    world.flow("f", project).await;
    world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": project })).await.unwrap();
    let rights = [("READ", "FLOW", None), ("CREATE", "EXECUTION", None), ("READ", "SETTING", None), ("CREATE", "SETTING", None)];
    let anna = world.user("anna", &rights).await;
    let flow = world.service.execution_prepare(&anna, run("f", json!({ "n": 1 }))).await.unwrap().actor;
    assert_eq!(world.names(&flow, "SETTING").await, ["s"]);
    let made = world.make(&flow, "SETTING", json!({ "name": "t" })).await.unwrap();
    assert_eq!(made.row.uuid("project_id"), Some(project), "what a flow makes goes where the flow runs");
    let child = world.service.execution_prepare(&flow, run("f", json!({ "n": 1 }))).await.unwrap().actor;
    assert_eq!(world.names(&child, "SETTING").await, ["s", "t"]);
    world.change(&world.admin, "USER", anna.id().unwrap(), json!({ "is_enabled": false })).await.unwrap();
    assert!(world.names(&child, "SETTING").await.is_empty());
}

#[tokio::test]
async fn a_narrow_key_does_not_widen_by_running_a_flow() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    world.make(&world.admin, "SETTING", json!({ "name": "s" })).await.unwrap();
    let scopes = json!([{ "operation": "CREATE", "record_type": "EXECUTION" }, { "operation": "READ", "record_type": "FLOW" }]);
    let request = KeyRequest { user_id: world.first.user_id, name: "k".into(), scopes, ..KeyRequest::default() };
    let key = world.service.key_create(&world.admin, request).await.unwrap();
    let actor = world.service.actor_by_key(&key.token, Door::Rest).await.unwrap();
    let flow = world.service.execution_prepare(&actor, run("f", json!({ "n": 1 }))).await.unwrap().actor;
    assert!(world.names(&flow, "SETTING").await.is_empty());
    let child = world.service.execution_prepare(&flow, run("f", json!({ "n": 1 }))).await.unwrap().actor;
    assert!(world.names(&child, "SETTING").await.is_empty());
}

#[tokio::test]
async fn an_execution_found_again_acts_as_it_did() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let started = world.service.execution_start(&world.admin, run("f", json!({ "n": 1 }))).await.unwrap();
    started.commit.wait().await.unwrap();
    let row = world.service.store().execution_live().await.unwrap().pop().unwrap();
    let again = world.service.execution_load(row).await.unwrap();
    assert_eq!(again.id, started.id);
    assert_eq!(&*again.script, SCRIPT);
    assert_eq!(serde_json::from_str::<Value>(&again.inputs).unwrap(), json!({ "n": 1, "m": 7 }));
    assert_eq!(again.actor.user_id(), Some(world.first.user_id));
    assert!(world.names(&again.actor, "FLOW").await.contains(&"f".to_owned()));
}

#[tokio::test]
async fn one_idempotency_key_makes_one_execution_even_when_sent_twice_at_once() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let request = |n: i64| StartRequest { idempotency_key: Some("k".into()), ..run("f", json!({ "n": n })) };
    let (first, second) =
        tokio::join!(world.service.execution_start(&world.admin, request(1)), world.service.execution_start(&world.admin, request(1)));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.id, second.id);
    assert_ne!(first.existed, second.existed);
    assert_eq!(kind(world.service.execution_start(&world.admin, request(2)).await), Kind::Conflict);
    let anna = world.user("anna", &[("READ", "FLOW", None), ("CREATE", "EXECUTION", None)]).await;
    assert_ne!(world.service.execution_start(&anna, request(1)).await.unwrap().id, first.id, "keys are each user's own");
    world.clock.advance(Duration::from_secs(24 * 3600 + 1));
    assert_ne!(world.service.execution_start(&world.admin, request(2)).await.unwrap().id, first.id);
}

#[tokio::test]
async fn a_warm_start_reads_nothing_from_the_store() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    world.service.execution_prepare(&world.admin, run("f", json!({ "n": 1 }))).await.unwrap();
    let before = world.service.statements();
    world.service.execution_prepare(&world.admin, run("f", json!({ "n": 1 }))).await.unwrap();
    assert_eq!(world.service.statements(), before);
}

#[tokio::test]
async fn a_wait_ends_with_the_news_of_the_end_and_costs_nothing_meanwhile() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let started = world.service.execution_start(&world.admin, run("f", json!({ "n": 1 }))).await.unwrap();
    started.commit.wait().await.unwrap();
    let waiting = world.service.execution_wait(&world.admin, started.id, Duration::from_secs(60));
    let ending = async {
        tokio::task::yield_now().await;
        let mut row = crate::store::Row::new();
        row.set("id", started.id.to_string());
        row.set("status", Status::EndedSuccess.name());
        let writes = vec![crate::store::Write::Update { table: "execution", key: &["id"], row }];
        world.service.store().submit(Unit { writes, lazy: false }).wait().await.unwrap();
        world.service.events().publish(started.id);
    };
    let (row, ()) = tokio::join!(waiting, ending);
    assert_eq!(row.unwrap().text("status"), Some(Status::EndedSuccess.name()));
    let control = world.service.execution_cancel(&world.admin, started.id).await.unwrap();
    assert!(control.had_ended, "a cancel of an ended execution does nothing and says so");
}

#[tokio::test]
async fn a_child_is_made_from_the_arguments_of_flow_code() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let parent = world.service.execution_prepare(&world.admin, run("f", json!({ "n": 1 }))).await.unwrap();
    let args: ChildArgs = serde_json::from_value(json!({
        "kind": "FLOW", "name": "child", "input_value": { "n": 2 }, "run": false, "priority": 5, "scheduled_for": "1800000000",
        "extra": { "description": "d", "init": null }
    }))
    .unwrap();
    let link = ParentRef { id: parent.id, root: parent.id, depth: 1 };
    let id = Uuid::from_u128(9);
    let request = world.service.child_request("f", args, link, id).unwrap();
    let child = world.service.execution_prepare(&parent.actor, request).await.unwrap();
    assert_eq!(child.id, id);
    assert_eq!(child.row.text("name"), Some("child"));
    assert_eq!(child.row.text("status"), Some(Status::Created.name()));
    assert_eq!(child.row.text("scheduled_for"), Some("2027-01-15T08:00:00.000000+00:00"));
    assert_eq!((child.row.integer("priority"), child.row.integer("depth")), (Some(5), Some(1)));
    assert_eq!(child.row.uuid("parent_execution_id"), Some(parent.id));
    let wrong: ChildArgs = serde_json::from_value(json!({ "kind": "FLOW", "extra": { "descripton": "d" } })).unwrap();
    assert!(world.service.child_request("f", wrong, link, id).err().unwrap().message().contains("'description'"));
}

#[tokio::test]
async fn what_has_expired_is_swept_in_pieces_and_what_is_alive_stays() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let start = |key: &str| {
        let request = StartRequest { idempotency_key: Some(key.to_owned()), ..run("f", json!({ "n": 1 })) };
        world.service.execution_start(&world.admin, request)
    };
    for n in 0..1100 {
        start(&format!("old {n}")).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(23 * 3600));
    let young = start("young").await.unwrap();
    world.service.store().barrier().await.unwrap();
    assert_eq!(world.service.sweep().await.unwrap(), 0);
    world.clock.advance(Duration::from_secs(2 * 3600));
    let before = world.service.statements();
    assert_eq!(world.service.sweep().await.unwrap(), 1100);
    assert!(world.service.statements() > before + 4, "one transaction held up everybody");
    assert_eq!(start("young").await.unwrap().id, young.id);
    assert_eq!(world.service.sweep().await.unwrap(), 0);
}

#[tokio::test]
async fn the_states_of_many_executions_are_one_statement() {
    let world = World::with_engine().await;
    world.flow("f", world.project("p").await).await;
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(world.service.execution_start(&world.admin, run("f", json!({ "n": n }))).await.unwrap().id);
    }
    world.service.execution_states(&world.admin, &ids[..1]).await.unwrap();
    let before = world.service.statements();
    world.service.execution_states(&world.admin, &ids[..1]).await.unwrap();
    let one = world.service.statements() - before;
    let before = world.service.statements();
    let states = world.service.execution_states(&world.admin, &ids).await.unwrap();
    assert!(ids.iter().all(|id| states[id].id == *id && states[id].name == "f" && states[id].status == "PENDING"), "{states:?}");
    assert_eq!(world.service.statements() - before, one);
    let nobody = world.user("nobody", &[]).await;
    assert_eq!(kind(world.service.execution_states(&nobody, &ids).await), Kind::NotFound);
    ids.push(Uuid::now_v7());
    assert_eq!(kind(world.service.execution_states(&world.admin, &ids).await), Kind::NotFound);
}
