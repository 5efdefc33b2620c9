//! Where new records go, and what being in a place means for them.

use std::sync::Arc;

use serde_json::json;

use super::*;

/// Flow code of an execution in this place, which may do everything.
fn flow_in(project: Option<Uuid>, bundle: Option<Uuid>) -> Actor {
    let grant = Arc::new(Grant::new(None, None, None));
    Actor::execution(ExecutionIdentity { id: Uuid::now_v7(), flow_id: None, project_id: project, bundle_id: bundle, grant })
}

struct Places {
    world: World,
    project: Uuid,
    bundle: Uuid,
    default: Uuid,
}

impl Places {
    async fn new() -> Places {
        let world = World::new().await;
        let project = world.project("p").await;
        let bundle = world.make(&world.admin, "BUNDLE", json!({ "name": "b" })).await.unwrap().id;
        let found = world.service.record_row(&world.admin, of("PROJECT"), &Selector::Name(DEFAULT_PROJECT.into())).await.unwrap();
        Places { default: found.id().unwrap(), world, project, bundle }
    }

    fn word(&self, row: &Row) -> &'static str {
        match (row.uuid("project_id"), row.uuid("bundle_id")) {
            (None, None) => "workspace",
            (Some(id), None) if id == self.project => "project",
            (Some(id), None) if id == self.default => "default",
            (None, Some(id)) if id == self.bundle => "bundle",
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_new_record_goes_where_it_is_told_or_where_its_creator_is_or_to_the_default() {
    let places = Places::new().await;
    let (project, bundle) = (json!({ "project_name": "p" }), json!({ "bundle_name": " b " }));
    let nothing = || json!({});
    let rule = |rule: &str| json!({ "location_inheritance": rule });
    let admin = places.world.admin.clone();
    let in_project = flow_in(Some(places.project), None);
    let in_bundle = flow_in(None, Some(places.bundle));
    let in_workspace = flow_in(None, None);
    let cases = [
        ("TAG", &admin, nothing(), "default"),
        ("TAG", &admin, project.clone(), "project"),
        ("TAG", &admin, json!({ "project_id": places.project, "bundle_id": null }), "project"),
        ("TAG", &admin, bundle.clone(), "bundle"),
        ("TAG", &admin, json!({ "project_id": null }), "workspace"),
        ("TAG", &admin, json!({ "bundle_id": null }), "workspace"),
        ("TAG", &in_project, nothing(), "project"),
        ("TAG", &in_project, rule("created_by"), "project"),
        ("TAG", &in_project, rule("default"), "default"),
        ("TAG", &in_project, rule("resource"), "default"),
        ("TAG", &in_project, rule("wrapped_resource"), "default"),
        ("TAG", &in_project, bundle.clone(), "bundle"),
        ("TAG", &in_bundle, nothing(), "bundle"),
        ("TAG", &in_bundle, project.clone(), "project"),
        ("TAG", &in_workspace, nothing(), "workspace"),
        // In a bundle, but in no project.
        ("ROLE", &admin, nothing(), "workspace"),
        ("ROLE", &in_project, nothing(), "workspace"),
        ("ROLE", &in_bundle, nothing(), "bundle"),
        ("ROLE", &admin, bundle.clone(), "bundle"),
        // In neither.
        ("BUNDLE", &in_project, nothing(), "workspace"),
        ("BUNDLE", &in_bundle, nothing(), "workspace"),
        ("PROJECT", &in_project, rule("created_by"), "workspace"),
    ];
    for (n, (record_type, actor, mut payload, expected)) in cases.into_iter().enumerate() {
        let shown = payload.clone();
        payload["name"] = json!(format!("r{n}"));
        let written = places.world.make(actor, record_type, payload).await.unwrap();
        assert_eq!(places.word(&written.row), expected, "case {n}: {record_type} {shown}");
    }
}

#[tokio::test]
async fn a_place_that_a_record_cannot_be_in_is_refused() {
    let places = Places::new().await;
    let (world, project, bundle) = (&places.world, places.project, places.bundle);
    for (record_type, payload, pointer) in [
        ("TAG", json!({ "project_id": project, "bundle_id": bundle }), "/bundle_id"),
        ("TAG", json!({ "project_name": "p", "bundle_name": "b" }), "/bundle_id"),
        ("TAG", json!({ "bundle_name": "c" }), "/bundle_name"),
        ("TAG", json!({ "bundle_id": project }), "/bundle_id"),
        ("TAG", json!({ "bundle_id": bundle, "bundle_name": "p" }), "/bundle_name"),
        ("TAG", json!({ "location_inheritance": "creator" }), "/location_inheritance"),
        ("ROLE", json!({ "project_id": project }), "/project_id"),
        ("USER", json!({ "bundle_id": bundle }), "/bundle_id"),
        ("BUNDLE", json!({ "project_id": project }), "/project_id"),
    ] {
        let mut with_name = payload.clone();
        with_name["name"] = json!("x");
        let refused = world.make(&world.admin, record_type, with_name).await.err().unwrap();
        assert_eq!(refused.field_pointer(), Some(pointer), "{record_type} {payload}: {refused}");
    }
}

#[tokio::test]
async fn a_record_moves_between_projects_bundles_and_the_workspace() {
    let places = Places::new().await;
    let (world, project, bundle) = (&places.world, places.project, places.bundle);
    let id = world.make(&world.admin, "TAG", json!({ "name": "t", "project_id": project })).await.unwrap().id;
    for (payload, expected) in [
        (json!({ "bundle_id": null }), "project"),
        (json!({ "bundle_id": bundle }), "bundle"),
        (json!({ "project_id": null }), "bundle"),
        (json!({ "project_id": null, "bundle_id": bundle }), "bundle"),
        (json!({ "bundle_id": null }), "workspace"),
        (json!({ "project_name": "p" }), "project"),
    ] {
        let written = world.change(&world.admin, "TAG", id, payload.clone()).await.unwrap();
        assert_eq!(places.word(&written.row), expected, "{payload}");
    }
}

#[tokio::test]
async fn a_change_of_what_a_bundle_consists_of_marks_the_bundle() {
    let places = Places::new().await;
    let (world, bundle) = (&places.world, places.bundle);
    let dirty = async || {
        let row = world.service.record_row(&world.admin, of("BUNDLE"), &Selector::Id(bundle)).await.unwrap();
        row.flag("is_dirty")
    };
    let other = world.make(&world.admin, "TAG", json!({ "name": "beside", "bundle_id": bundle })).await.unwrap().id;
    world.change(&world.admin, "TAG", other, json!({ "color": "#000000" })).await.unwrap();
    assert!(!dirty().await, "it is in the bundle but no content of it");
    world.make(&world.admin, "TAG", json!({ "name": "content", "bundle_id": bundle, "is_bundle_content": true })).await.unwrap();
    assert!(dirty().await);
}

#[tokio::test]
async fn what_is_in_a_read_only_bundle_is_not_changed_and_says_so() {
    let places = Places::new().await;
    let (world, bundle) = (&places.world, places.bundle);
    let id = world.make(&world.admin, "TAG", json!({ "name": "t", "bundle_id": bundle })).await.unwrap().id;
    world.change(&world.admin, "BUNDLE", bundle, json!({ "is_readonly": true })).await.unwrap();
    let found = world.service.record_get(&world.admin, of("TAG"), &Selector::Id(id), None).await.unwrap();
    assert_eq!((&found.record["is_bundle_readonly"], &found.record["is_project_readonly"]), (&json!(true), &json!(false)));
    assert_eq!(kind(world.change(&world.admin, "TAG", id, json!({ "color": "#000000" })).await), Kind::Forbidden);
    assert_eq!(kind(world.change(&world.admin, "TAG", id, json!({ "project_name": "p" })).await), Kind::Forbidden);
    assert_eq!(kind(world.make(&world.admin, "TAG", json!({ "name": "u", "bundle_id": bundle })).await), Kind::Forbidden);
    assert_eq!(kind(world.service.record_delete(&world.admin, of("TAG"), &Selector::Id(id), false).await), Kind::Forbidden);
}

#[tokio::test]
async fn a_place_that_holds_records_is_not_deleted_and_nothing_comes_back_into_one_that_is_gone() {
    let places = Places::new().await;
    let (world, bundle) = (&places.world, Selector::Id(places.bundle));
    let tag = Selector::Id(world.make(&world.admin, "TAG", json!({ "name": "t", "bundle_id": places.bundle })).await.unwrap().id);
    assert_eq!(kind(world.service.record_delete(&world.admin, of("BUNDLE"), &bundle, false).await), Kind::Conflict);
    world.service.record_delete(&world.admin, of("TAG"), &tag, false).await.unwrap().wait().await.unwrap();
    world.service.record_delete(&world.admin, of("BUNDLE"), &bundle, false).await.unwrap().wait().await.unwrap();
    assert_eq!(kind(world.service.record_restore(&world.admin, of("TAG"), &tag).await), Kind::Conflict);
    world.service.record_restore(&world.admin, of("BUNDLE"), &bundle).await.unwrap();
    world.service.record_restore(&world.admin, of("TAG"), &tag).await.unwrap();
}
