//! Rights: what is seen, what is refused, what may be handed on.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_list_has_and_counts_only_what_the_actor_may_read() {
    let world = World::new().await;
    let (p1, p2) = (world.project("p1").await, world.project("p2").await);
    for (name, project) in [("a", json!(p1)), ("b", json!(p2)), ("c", json!(null))] {
        world.make(&world.admin, "SETTING", json!({ "name": name, "project_id": project })).await.unwrap();
    }
    let one = world.user("one", &[("READ", "SETTING", Some(p1)), ("READ", "PROJECT", Some(p1))]).await;
    let all = world.user("all", &[("READ", "SETTING", None)]).await;
    let none = world.user("none", &[("UPDATE", "SETTING", None)]).await;
    assert_eq!(world.names(&one, "SETTING").await, ["a"]);
    assert_eq!(world.names(&one, "PROJECT").await, ["p1"], "a project is its own place");
    assert_eq!(world.names(&all, "SETTING").await, ["a", "b", "c"]);
    assert!(world.names(&none, "SETTING").await.is_empty());
    assert_eq!(world.names(&none, "USER").await, ["none"], "everyone sees itself");
}

#[tokio::test]
async fn what_is_seen_but_not_to_be_changed_is_forbidden_and_what_is_not_seen_is_not_there() {
    let world = World::new().await;
    let project = world.project("p").await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": project })).await.unwrap().id;
    let reader = world.user("reader", &[("READ", "SETTING", Some(project))]).await;
    let stranger = world.user("stranger", &[("READ", "FLOW", None)]).await;
    let refused = world.change(&reader, "SETTING", id, json!({ "value": 1 })).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Forbidden);
    assert!(refused.message().contains(&format!("UPDATE on SETTING in project {project}")), "{refused}");
    assert_eq!(kind(world.change(&stranger, "SETTING", id, json!({ "value": 1 })).await), Kind::NotFound);
    let by_id = Selector::Id(id);
    assert_eq!(kind(world.service.record_delete(&reader, of("SETTING"), &by_id, false).await), Kind::Forbidden);
    assert_eq!(kind(world.service.record_delete(&stranger, of("SETTING"), &by_id, false).await), Kind::NotFound);
}

#[tokio::test]
async fn a_move_needs_update_here_and_create_there() {
    let world = World::new().await;
    let (here, there) = (world.project("here").await, world.project("there").await);
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": here })).await.unwrap().id;
    let all = |project| [("READ", "SETTING", project), ("UPDATE", "SETTING", project), ("READ", "PROJECT", None)];
    let stay = world.user("stay", &all(Some(here))).await;
    let refused = world.change(&stay, "SETTING", id, json!({ "project_name": "there" })).await.err().unwrap();
    assert!(refused.message().contains("CREATE on SETTING"), "{refused}");
    let mut rights = all(Some(here)).to_vec();
    rights.push(("CREATE", "SETTING", Some(there)));
    let mover = world.user("mover", &rights).await;
    let there_now = world.change(&mover, "SETTING", id, json!({ "project_name": "there" })).await.unwrap();
    assert_eq!(there_now.row.uuid("project_id"), Some(there));
}

#[tokio::test]
async fn nobody_hands_on_what_it_does_not_hold() {
    let world = World::new().await;
    let manager = world.user("manager", &[("", "USER", None), ("", "ROLE", None), ("", "SETTING", None), ("READ", "FLOW", None)]).await;
    let role = world.make(&manager, "ROLE", json!({ "name": "r" })).await.unwrap().id;
    let give = |operation: &str, record_type: Option<&str>| json!({ "role_id": role, "operation": operation, "permission_record_type": record_type });
    world.make(&manager, "ROLE_PERMISSION", give("READ", Some("FLOW"))).await.unwrap();
    assert_eq!(kind(world.make(&manager, "ROLE_PERMISSION", give("UPDATE", Some("FLOW"))).await), Kind::Forbidden);
    assert_eq!(kind(world.make(&manager, "ROLE_PERMISSION", give("READ", None)).await), Kind::Forbidden);
    assert_eq!(kind(world.make(&manager, "ROLE_PERMISSION", give("READ", Some("FLOWS"))).await), Kind::Invalid);
    let anna = world.user("anna", &[]).await.id().unwrap();
    world.make(&manager, "IDENTITY_ROLE", json!({ "identity_id": anna, "role_id": role })).await.unwrap();
    let admin_role = world.service.record_get(&world.admin, of("ROLE"), &Selector::Name(ORGANIZATION_ADMIN.into()), None).await.unwrap().id;
    let grab = json!({ "identity_id": manager.id(), "role_id": admin_role });
    assert_eq!(kind(world.make(&manager, "IDENTITY_ROLE", grab).await), Kind::Forbidden);
    let admin = world.first.user_id;
    let takeover = world.change(&manager, "USER", admin, json!({ "password": "a password of mine" })).await;
    assert_eq!(kind(takeover), Kind::Forbidden, "a new password for another is a way to be that user");
}

#[tokio::test]
async fn the_built_in_role_stays_as_it_is() {
    let world = World::new().await;
    let role = world.service.record_get(&world.admin, of("ROLE"), &Selector::Name(ORGANIZATION_ADMIN.into()), None).await.unwrap().id;
    assert_eq!(kind(world.change(&world.admin, "ROLE", role, json!({ "name": "mine" })).await), Kind::Forbidden);
    assert_eq!(kind(world.service.record_delete(&world.admin, of("ROLE"), &Selector::Id(role), false).await), Kind::Forbidden);
    let more = json!({ "role_id": role, "operation": "READ" });
    assert_eq!(kind(world.make(&world.admin, "ROLE_PERMISSION", more).await), Kind::Forbidden);
}

#[tokio::test]
async fn a_user_changes_itself_but_not_its_roles_and_keys() {
    let world = World::new().await;
    let anna = world.user("anna", &[]).await;
    let id = anna.id().unwrap();
    world.change(&anna, "USER", id, json!({ "email": "anna@example.com" })).await.unwrap();
    assert_eq!(kind(world.change(&anna, "USER", id, json!({ "is_enabled": false })).await), Kind::Forbidden);
    let role = world.make(&world.admin, "ROLE", json!({ "name": "r" })).await.unwrap().id;
    assert_eq!(kind(world.make(&anna, "IDENTITY_ROLE", json!({ "identity_id": id, "role_id": role })).await), Kind::Forbidden);
    let request = KeyRequest { user_id: id, name: "k".into(), ..KeyRequest::default() };
    assert_eq!(kind(world.service.key_create(&anna, request).await), Kind::Forbidden);
}

#[tokio::test]
async fn a_role_taken_away_is_gone_at_the_next_call() {
    let world = World::new().await;
    world.make(&world.admin, "SETTING", json!({ "name": "s" })).await.unwrap();
    let anna = world.user("anna", &[("READ", "SETTING", None)]).await;
    assert_eq!(world.names(&anna, "SETTING").await, ["s"]);
    let filter = Some(json!({ "field": "identity_id", "op": "eq", "value": anna.id() }));
    let request = ListRequest { filter, ..ListRequest::default() };
    let held = world.service.record_list(&world.admin, of("IDENTITY_ROLE"), &request);
    let held = Selector::parse(held.await.unwrap().items[0]["id"].as_str().unwrap());
    world.service.record_delete(&world.admin, of("IDENTITY_ROLE"), &held, false).await.unwrap().wait().await.unwrap();
    assert!(world.names(&anna, "SETTING").await.is_empty());
    world.change(&world.admin, "USER", anna.id().unwrap(), json!({ "is_enabled": false })).await.unwrap();
    assert_eq!(kind(world.service.record_list(&anna, of("SETTING"), &ListRequest::default()).await), Kind::Unauthenticated);
}

/// Every operation on a setting by every kind of actor: one table that shows the model.
#[tokio::test]
async fn the_matrix_of_operations_and_actors_holds() {
    let world = World::new().await;
    let project = world.project("p").await;
    for operation in ["CREATE", "READ", "UPDATE", "DELETE"] {
        let user = world.user(&format!("only {operation}"), &[(operation, "SETTING", Some(project)), ("READ", "PROJECT", None)]).await;
        let name = format!("of {operation}");
        let id = world.make(&world.admin, "SETTING", json!({ "name": name, "project_id": project })).await.unwrap().id;
        let by_id = Selector::Id(id);
        let create = world.make(&user, "SETTING", json!({ "name": format!("new {operation}"), "project_id": project })).await;
        let read = world.service.record_get(&user, of("SETTING"), &by_id, None).await;
        let update = world.change(&user, "SETTING", id, json!({ "value": 1 })).await;
        let delete = world.service.record_delete(&user, of("SETTING"), &by_id, false).await;
        let seen = [create.is_ok(), read.is_ok(), update.is_ok(), delete.is_ok()];
        // A record that cannot be read cannot be found, so update and delete alone reach nothing.
        let expected = match operation {
            "CREATE" => [true, false, false, false],
            "READ" => [false, true, false, false],
            _ => [false, false, false, false],
        };
        assert_eq!(seen, expected, "{operation}");
    }
}
