//! What is passed on: to parts from their record, to executions from their creator, to schedules and webhooks by their role.

use serde_json::json;

use super::*;
use crate::records::{Storage, Write as Writable};
use crate::service::shipped::TRIGGER;

const SCRIPT: &str = "def handler(system, this, inputs): return {}";

impl World {
    async fn flow_in(&self, project: Uuid, name: &str) -> Uuid {
        self.make(&self.admin, "FLOW", json!({ "name": name, "script": SCRIPT, "project_id": project })).await.unwrap().id
    }

    async fn trigger(&self, actor: &Actor, kind: &str, (name, flow): (&str, Uuid)) -> crate::error::Result<Written> {
        let mut payload = json!({ "name": name, "flow_id": flow, "project_id": null });
        if kind == "SCHEDULE" {
            payload["configuration"] = json!({ "interval_seconds": 60 });
        }
        self.make(actor, kind, payload).await
    }

    /// Role, project and `propagate` of what an identity holds.
    async fn held(&self, identity: Uuid) -> Vec<(String, Value, bool)> {
        let filter = Some(json!({ "field": "identity_id", "op": "eq", "value": identity }));
        let request = ListRequest { filter, ..ListRequest::default() };
        let mut held = Vec::new();
        for item in self.service.record_list(&self.admin, of("IDENTITY_ROLE"), &request).await.unwrap().items {
            let role = Selector::parse(item["role_id"].as_str().unwrap());
            let role = self.service.record_get(&self.admin, of("ROLE"), &role, None).await.unwrap().record;
            held.push((role["name"].as_str().unwrap().to_owned(), item["project_id"].clone(), item["propagate"] == json!(true)));
        }
        held
    }
}

/// The rights that a new trigger in this project hands out, and those to make it.
fn trigger_rights(project: Uuid) -> Vec<(&'static str, &'static str, Option<Uuid>)> {
    let mut rights = vec![("", "SCHEDULE", None), ("", "WEBHOOK", None), ("READ", "SCHEDULER", None), ("", "FLOW", None)];
    rights.extend([("CREATE", "EXECUTION", Some(project)), ("READ", "EXECUTION", Some(project)), ("READ", "SETTING", Some(project))]);
    rights
}

#[tokio::test]
async fn a_part_takes_the_rights_of_its_record() {
    let world = World::new().await;
    let project = world.project("p").await;
    let setting = world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": project })).await.unwrap().id;
    let note = |key: &str| json!({ "record_id": setting, "key": key, "data": 1 });
    let id = world.make(&world.admin, "RECORD_METADATA", note("k")).await.unwrap().id;
    let reader = world.user("reader", &[("READ", "SETTING", Some(project))]).await;
    let writer = world.user("writer", &[("READ", "SETTING", Some(project)), ("UPDATE", "SETTING", Some(project))]).await;
    let stranger = world.user("stranger", &[("", "FLOW", None), ("", "RECORD_METADATA", None)]).await;
    for (actor, sees, changes) in [(&reader, true, Kind::Forbidden), (&stranger, false, Kind::NotFound)] {
        let seen = world.service.record_list(actor, of("RECORD_METADATA"), &ListRequest::default()).await.unwrap();
        assert_eq!(
            (seen.total == 1, world.service.record_get(actor, of("RECORD_METADATA"), &Selector::Id(id), None).await.is_ok()),
            (sees, sees)
        );
        assert_eq!(kind(world.change(actor, "RECORD_METADATA", id, json!({ "data": 2 })).await), changes);
        assert_eq!(kind(world.make(actor, "RECORD_METADATA", note("other")).await), changes);
        assert_eq!(kind(world.service.record_delete(actor, of("RECORD_METADATA"), &Selector::Id(id), false).await), changes);
    }
    world.change(&writer, "RECORD_METADATA", id, json!({ "data": 2 })).await.unwrap();
    world.service.record_delete(&writer, of("RECORD_METADATA"), &Selector::Id(id), false).await.unwrap();
}

#[tokio::test]
async fn metadata_of_the_workspace_needs_update_on_it() {
    let world = World::new().await;
    let workspace = world.service.workspace_id().unwrap();
    let note = json!({ "record_id": workspace, "key": "k", "data": 1 });
    let reader = world.user("reader", &[("READ", "WORKSPACE", None), ("", "RECORD_METADATA", None)]).await;
    let refused = world.make(&reader, "RECORD_METADATA", note.clone()).await.err().unwrap();
    assert!(refused.message().contains("UPDATE on WORKSPACE"), "{refused}");
    let writer = world.user("writer", &[("READ", "WORKSPACE", None), ("UPDATE", "WORKSPACE", None)]).await;
    world.make(&writer, "RECORD_METADATA", note).await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_the_operation_the_type_and_the_project() {
    let world = World::new().await;
    let project = world.project("p").await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": project })).await.unwrap().id;
    let outside = world.make(&world.admin, "SETTING", json!({ "name": "t", "project_id": null })).await.unwrap().id;
    let reader = world.user("reader", &[("READ", "SETTING", None), ("READ", "PROJECT", None)]).await;
    let refused = world.change(&reader, "SETTING", id, json!({ "value": 1 })).await.err().unwrap();
    assert_eq!(refused.message(), format!("This needs UPDATE on SETTING in project {project}, which you do not have."));
    let right = |operation: &str, project: Value| json!({ "operation": operation, "record_type": "SETTING", "project_id": project });
    assert_eq!(refused.detail_value(), Some(&right("UPDATE", json!(project))));
    let refused = world.service.record_delete(&reader, of("SETTING"), &Selector::Id(outside), false).await.err().unwrap();
    assert_eq!(refused.message(), "This needs DELETE on SETTING in the workspace, which you do not have.");
    let refused = world.make(&reader, "SETTING", json!({ "name": "u", "project_id": project })).await.err().unwrap();
    assert_eq!(refused.detail_value(), Some(&right("CREATE", json!(project))));
}

#[tokio::test]
async fn only_propagating_roles_go_on_to_executions_and_one_grant_serves_them_all() {
    let world = World::with_engine().await;
    let project = world.project("p").await;
    world.flow_in(project, "f").await;
    world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": project })).await.unwrap();
    let anna = world.user("anna", &[("READ", "FLOW", None), ("CREATE", "EXECUTION", None)]).await;
    let role = world.make(&world.admin, "ROLE", json!({ "name": "sees settings" })).await.unwrap().id;
    let permission = json!({ "role_id": role, "operation": "READ", "permission_record_type": "SETTING" });
    world.make(&world.admin, "ROLE_PERMISSION", permission).await.unwrap();
    let give = json!({ "identity_id": anna.id(), "role_id": role, "propagate": false });
    let held = world.make(&world.admin, "IDENTITY_ROLE", give).await.unwrap().id;
    let start = || world.service.execution_prepare(&anna, StartRequest::new(Target::Flow(Selector::Name("f".into())), Value::Null));
    let (one, two) = (start().await.unwrap(), start().await.unwrap());
    assert_eq!(world.names(&anna, "SETTING").await, ["s"]);
    assert!(world.names(&one.actor, "SETTING").await.is_empty(), "a role that does not propagate stays with the user");
    assert_eq!(one.row.uuid("grant_id"), two.row.uuid("grant_id"));
    assert!(one.row.uuid("grant_id").is_some());
    world.change(&world.admin, "IDENTITY_ROLE", held, json!({ "propagate": true })).await.unwrap();
    let three = start().await.unwrap();
    assert_eq!(world.names(&three.actor, "SETTING").await, ["s"]);
    assert!(world.names(&one.actor, "SETTING").await.is_empty(), "what it was given at its start stays what it has");
    world.service.record_delete(&world.admin, of("IDENTITY_ROLE"), &Selector::Id(held), false).await.unwrap();
    assert!(world.names(&three.actor, "SETTING").await.is_empty(), "but what its user loses it loses");
}

#[tokio::test]
async fn a_role_given_for_one_project_counts_there_alone_for_executions_too() {
    let world = World::with_engine().await;
    let (p1, p2) = (world.project("p1").await, world.project("p2").await);
    for (name, project) in [("a", p1), ("b", p2)] {
        world.make(&world.admin, "SETTING", json!({ "name": name, "project_id": project })).await.unwrap();
    }
    world.flow_in(p1, "f").await;
    let anna = world.user("anna", &[]).await;
    let developer = world.service.record_get(&world.admin, of("ROLE"), &Selector::Name("Developer".into()), None).await.unwrap().id;
    let give = json!({ "identity_id": anna.id(), "role_id": developer, "project_id": p1 });
    world.make(&world.admin, "IDENTITY_ROLE", give).await.unwrap();
    assert_eq!(world.names(&anna, "SETTING").await, ["a"]);
    let request = StartRequest::new(Target::Flow(Selector::Name("f".into())), Value::Null);
    let execution = world.service.execution_prepare(&anna, request).await.unwrap().actor;
    assert_eq!(world.names(&execution, "SETTING").await, ["a"]);
}

#[tokio::test]
async fn a_new_schedule_or_webhook_gets_the_role_trigger_in_the_project_of_its_flow() {
    let world = World::new().await;
    let (p1, p2) = (world.project("p1").await, world.project("p2").await);
    let (one, two) = (world.flow_in(p1, "one").await, world.flow_in(p2, "two").await);
    for kind in ["SCHEDULE", "WEBHOOK"] {
        let trigger = world.trigger(&world.admin, kind, (kind, one)).await.unwrap().id;
        assert_eq!(world.held(trigger).await, [(TRIGGER.to_owned(), json!(p1), true)], "{kind}");
        world.change(&world.admin, kind, trigger, json!({ "flow_id": two })).await.unwrap();
        assert_eq!(world.held(trigger).await, [(TRIGGER.to_owned(), json!(p2), true)], "it goes with its flow");
        world.change(&world.admin, "FLOW", two, json!({ "project_name": "p1" })).await.unwrap();
        assert_eq!(world.held(trigger).await, [(TRIGGER.to_owned(), json!(p1), true)], "and where its flow goes");
        world.change(&world.admin, "FLOW", two, json!({ "project_name": "p2" })).await.unwrap();
    }
}

#[tokio::test]
async fn who_makes_a_trigger_holds_all_that_the_trigger_may_do() {
    let world = World::new().await;
    let project = world.project("p").await;
    let flow = world.flow_in(project, "f").await;
    let all = trigger_rights(project);
    for kind_of in ["SCHEDULE", "WEBHOOK"] {
        let able = world.user(&format!("able {kind_of}"), &all).await;
        world.trigger(&able, kind_of, (&format!("by able {kind_of}"), flow)).await.unwrap();
        for missing in [("CREATE", "EXECUTION"), ("READ", "EXECUTION"), ("READ", "SETTING")] {
            let rights: Vec<_> = all.iter().copied().filter(|(operation, of, _)| (*operation, *of) != missing).collect();
            let name = format!("{kind_of} without {missing:?}");
            let user = world.user(&name, &rights).await;
            let refused = world.trigger(&user, kind_of, (&name, flow)).await.err().unwrap();
            assert_eq!(refused.kind(), Kind::Forbidden, "{name}");
        }
    }
    assert_eq!(world.names(&world.admin, "SCHEDULE").await.len(), 1, "what was refused was not made");
}

#[tokio::test]
async fn who_changes_what_stands_behind_a_trigger_holds_all_that_the_trigger_may_do() {
    let world = World::new().await;
    let (p1, p2) = (world.project("p1").await, world.project("p2").await);
    let (flow, other) = (world.flow_in(p1, "f").await, world.flow_in(p1, "other").await);
    let scheduler = world.make(&world.admin, "SCHEDULER", json!({ "name": "s", "script": SCRIPT })).await.unwrap().id;
    let schedule = json!({ "name": "daily", "flow_id": flow, "scheduler_id": scheduler, "configuration": {} });
    let schedule = world.make(&world.admin, "SCHEDULE", schedule).await.unwrap().id;
    let developer = [("", "FLOW", None), ("", "SCHEDULE", None), ("", "SCHEDULER", None), ("READ", "PROJECT", None)];
    let developer = world.user("developer", &developer).await;
    let script = json!({ "script": "def handler(system, this, inputs): return {'mine': 1}" });
    assert_eq!(kind(world.change(&developer, "FLOW", flow, script.clone()).await), Kind::Forbidden, "the script");
    assert_eq!(kind(world.make(&developer, "FLOW", json!({ "name": "f", "script": "x = 1" })).await), Kind::Forbidden, "by name");
    assert_eq!(kind(world.change(&developer, "FLOW", flow, json!({ "project_id": p2 })).await), Kind::Forbidden, "the place");
    assert_eq!(kind(world.change(&developer, "SCHEDULE", schedule, json!({ "flow_id": other })).await), Kind::Forbidden, "the flow");
    assert_eq!(kind(world.change(&developer, "SCHEDULER", scheduler, script.clone()).await), Kind::Forbidden, "the scheduler");
    let number = world.change(&world.admin, "FLOW", flow, script.clone()).await.unwrap().row.version() - 1;
    let version = VersionRef { record_type: of("FLOW"), record: Selector::Id(flow), number };
    assert_eq!(kind(world.service.version_restore(&developer, &version, None).await), Kind::Forbidden, "the way back");
    // What does not decide what runs is the developer's, as are flows that nothing starts.
    world.change(&developer, "FLOW", flow, json!({ "description": "d" })).await.unwrap();
    world.change(&developer, "SCHEDULE", schedule, json!({ "is_enabled": true })).await.unwrap();
    world.change(&developer, "FLOW", other, script.clone()).await.unwrap();
    let mut rights = trigger_rights(p1);
    rights.extend([("", "SCHEDULER", None), ("READ", "PROJECT", None)]);
    let able = world.user("able", &rights).await;
    world.change(&able, "FLOW", flow, json!({ "script": SCRIPT })).await.unwrap();
    world.change(&able, "SCHEDULER", scheduler, script).await.unwrap();
    world.change(&able, "SCHEDULE", schedule, json!({ "flow_id": other })).await.unwrap();
    assert_eq!(kind(world.change(&able, "FLOW", other, json!({ "project_id": p2 })).await), Kind::Forbidden, "it has no rights there");
}

#[tokio::test]
async fn an_identity_that_comes_back_gives_its_roles_again() {
    let world = World::new().await;
    let anna = world.user("anna", &[("", "FLOW", None)]).await.id().unwrap();
    let keeper = world.user("keeper", &[("", "USER", None)]).await;
    world.service.record_delete(&keeper, of("USER"), &Selector::Id(anna), false).await.unwrap();
    let refused = world.service.record_restore(&keeper, of("USER"), &Selector::Id(anna)).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Forbidden);
    assert!(!refused.message().contains("FLOW"), "who may not read roles does not learn what is in them: {refused}");
    world.service.record_restore(&world.admin, of("USER"), &Selector::Id(anna)).await.unwrap();
}

#[tokio::test]
async fn what_a_user_may_do_is_not_told_by_refusals() {
    let world = World::new().await;
    let anna = world.user("anna", &[("DELETE", "SECRET", None)]).await.id().unwrap();
    let keeper = world.user("keeper", &[("", "USER", None)]).await;
    let password = world.change(&keeper, "USER", anna, json!({ "password": "a password of mine" })).await.err().unwrap();
    let request = KeyRequest { user_id: anna, name: "k".into(), ..KeyRequest::default() };
    let key = world.service.key_create(&keeper, request).await.err().unwrap();
    for refused in [password, key] {
        assert_eq!(refused.kind(), Kind::Forbidden);
        assert!(!format!("{refused} {:?}", refused.detail_value()).contains("SECRET"), "{refused}");
    }
}

#[tokio::test]
async fn a_role_that_is_out_of_sight_is_not_there_for_executions_either() {
    let world = World::with_engine().await;
    world.flow_in(world.project("p").await, "f").await;
    world.make(&world.admin, "ROLE", json!({ "name": "hidden" })).await.unwrap();
    let anna = world.user("anna", &[("READ", "FLOW", None), ("CREATE", "EXECUTION", None)]).await;
    let start = |role: &str| {
        let mut request = StartRequest::new(Target::Flow(Selector::Name("f".into())), Value::Null);
        request.roles = Some(vec![role.to_owned()]);
        request
    };
    for role in ["hidden", "nowhere"] {
        let refused = world.service.execution_prepare(&anna, start(role)).await.err().unwrap();
        assert_eq!((refused.kind(), refused.message()), (Kind::NotFound, format!("There is no role '{role}'.").as_str()));
    }
    world.service.execution_prepare(&anna, start("role of anna")).await.unwrap();
    world.service.execution_prepare(&world.admin, start("hidden")).await.unwrap();
}

#[tokio::test]
async fn columns_of_the_server_are_written_by_nobody_else() {
    let world = World::new().await;
    for ty in records::TYPES.iter().filter(|ty| ty.is_created()) {
        for field in ty.fields().filter(|f| f.write == Writable::System && f.storage == Storage::Column && f.name != "id") {
            let payload = columns(json!({ "name": "n", field.name: "x" }));
            let payload = payload.into_iter().filter(|(name, _)| ty.field(name).is_some()).collect();
            let made = world.service.record_create(&world.admin, RecordWrite::new(ty, payload)).await;
            assert!(made.is_err(), "{} of {} was taken", field.name, ty.name);
        }
    }
    let setting = world.make(&world.admin, "SETTING", json!({ "name": "s" })).await.unwrap().id;
    for (column, value) in [("created_by", json!(setting)), ("modified_at", json!("2020-01-01T00:00:00Z")), ("version", json!(7))] {
        let refused = world.change(&world.admin, "SETTING", setting, json!({ column: value })).await.err().unwrap();
        assert_eq!(refused.field_pointer(), Some(format!("/{column}").as_str()), "{refused}");
    }
    let anna = world.user("anna", &[]).await.id().unwrap();
    let request = KeyRequest { user_id: anna, name: "k".into(), ..KeyRequest::default() };
    let key = world.service.key_create(&world.admin, request).await.unwrap().row.id().unwrap();
    let refused = world.change(&world.admin, "API_KEY", key, json!({ "scopes": [] })).await.err().unwrap();
    assert!(refused.message().contains("fixed once it exists"), "{refused}");
}

#[tokio::test]
async fn keys_are_for_a_user_or_a_service_and_never_widen() {
    let world = World::new().await;
    world.make(&world.admin, "SETTING", json!({ "name": "s" })).await.unwrap();
    let anna = world.user("anna", &[("READ", "FLOW", None)]).await.id().unwrap();
    for kind_of in ["user", "service"] {
        let scopes = json!([{}]);
        let request = KeyRequest { user_id: anna, name: kind_of.into(), kind: Some(kind_of.into()), scopes, ..KeyRequest::default() };
        let key = world.service.key_create(&world.admin, request).await.unwrap();
        assert_eq!(key.row.text("kind"), Some(kind_of));
        let actor = world.service.actor_by_key(&key.token, Door::Rest).await.unwrap();
        assert!(world.names(&actor, "SETTING").await.is_empty(), "a scope for everything gives nothing that its user has not");
    }
    let request = KeyRequest { user_id: anna, name: "k".into(), kind: Some("robot".into()), ..KeyRequest::default() };
    assert_eq!(world.service.key_create(&world.admin, request).await.err().unwrap().field_pointer(), Some("/kind"));
}
