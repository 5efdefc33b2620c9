//! Records: made, overwritten, moved, deleted and brought back.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_name_that_exists_is_overwritten_unless_that_is_an_error() {
    let world = World::new().await;
    let first = world.make(&world.admin, "SETTING", json!({ "name": " colour ", "value": "red" })).await.unwrap();
    assert!(first.created);
    let second = world.make(&world.admin, "SETTING", json!({ "name": "colour", "value": { "r": 1 } })).await.unwrap();
    assert_eq!((second.id, second.created), (first.id, false));
    let found = world.service.record_get(&world.admin, of("SETTING"), &Selector::Name("colour".into()), None).await.unwrap();
    assert_eq!(found.record["value"], json!({ "r": 1 }));
    assert_eq!(found.version, 2);
    let write = RecordWrite { if_exists: IfExists::Error, ..RecordWrite::new(of("SETTING"), columns(json!({ "name": "colour" }))) };
    assert_eq!(kind(world.service.record_create(&world.admin, write).await), Kind::Conflict);
}

#[tokio::test]
async fn an_overwrite_of_a_record_out_of_sight_is_a_taken_name() {
    let world = World::new().await;
    let (mine, theirs) = (world.project("mine").await, world.project("theirs").await);
    world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": theirs })).await.unwrap();
    let anna =
        world.user("anna", &[("CREATE", "SETTING", Some(mine)), ("READ", "SETTING", Some(mine)), ("READ", "PROJECT", Some(mine))]).await;
    let refused = world.make(&anna, "SETTING", json!({ "name": "s", "project_id": mine })).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert!(refused.message().contains("taken"), "{refused}");
}

#[tokio::test]
async fn an_update_of_an_old_version_is_refused() {
    let world = World::new().await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 1 })).await.unwrap().id;
    world.change(&world.admin, "SETTING", id, json!({ "value": 2 })).await.unwrap();
    let stale = RecordWrite {
        selector: Some(Selector::Id(id)),
        if_version: Some(1),
        ..RecordWrite::new(of("SETTING"), columns(json!({ "value": 3 })))
    };
    let refused = world.service.record_update(&world.admin, stale).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::PreconditionFailed);
    assert_eq!(refused.detail_value().unwrap()["version"], 2);
}

#[tokio::test]
async fn unknown_and_system_columns_are_refused_but_a_record_may_be_sent_back_whole() {
    let world = World::new().await;
    let written = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 1 })).await.unwrap();
    let refused = world.change(&world.admin, "SETTING", written.id, json!({ "valeu": 2 })).await.err().unwrap();
    assert_eq!(refused.field_pointer(), Some("/valeu"));
    assert!(refused.message().contains("'value'"), "{refused}");
    assert_eq!(
        kind(world.change(&world.admin, "SETTING", written.id, json!({ "created_at": "2020-01-01T00:00:00Z" })).await),
        Kind::Invalid
    );
    let shown = world.service.record_show(&world.admin, of("SETTING"), written.row).await.unwrap();
    world.change(&world.admin, "SETTING", written.id, Value::Object(shown)).await.unwrap();
}

#[tokio::test]
async fn a_deleted_record_comes_back_unless_its_name_is_taken() {
    let world = World::new().await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 1 })).await.unwrap().id;
    let by_id = Selector::Id(id);
    world.service.record_delete(&world.admin, of("SETTING"), &by_id, false).await.unwrap().wait().await.unwrap();
    assert!(world.names(&world.admin, "SETTING").await.is_empty());
    let second = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 2 })).await.unwrap();
    assert!(second.created, "an upsert never revives a trashed record");
    assert_eq!(kind(world.service.record_restore(&world.admin, of("SETTING"), &by_id).await), Kind::Conflict);
    let other = Selector::Id(second.id);
    world.service.record_delete(&world.admin, of("SETTING"), &other, true).await.unwrap().wait().await.unwrap();
    world.service.record_restore(&world.admin, of("SETTING"), &by_id).await.unwrap().commit.wait().await.unwrap();
    assert_eq!(world.names(&world.admin, "SETTING").await, ["s"]);
    assert_eq!(kind(world.service.record_restore(&world.admin, of("SETTING"), &other).await), Kind::NotFound);
}

#[tokio::test]
async fn a_read_only_record_refuses_all_but_its_release() {
    let world = World::new().await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "is_readonly": true })).await.unwrap().id;
    assert_eq!(kind(world.change(&world.admin, "SETTING", id, json!({ "value": 2 })).await), Kind::Forbidden);
    assert_eq!(kind(world.service.record_delete(&world.admin, of("SETTING"), &Selector::Id(id), false).await), Kind::Forbidden);
    world.change(&world.admin, "SETTING", id, json!({ "is_readonly": false })).await.unwrap();
    world.change(&world.admin, "SETTING", id, json!({ "value": 2 })).await.unwrap();
}

#[tokio::test]
async fn metadata_takes_the_rights_of_the_record_it_is_on() {
    let world = World::new().await;
    let project = world.project("p").await;
    let setting = world.make(&world.admin, "SETTING", json!({ "name": "s", "project_id": project })).await.unwrap().id;
    let reader = world.user("reader", &[("READ", "SETTING", Some(project))]).await;
    let stranger = world.user("stranger", &[]).await;
    let note = json!({ "record_id": setting, "key": "k", "data": [1] });
    assert_eq!(kind(world.make(&stranger, "RECORD_METADATA", note.clone()).await), Kind::NotFound);
    assert_eq!(kind(world.make(&reader, "RECORD_METADATA", note.clone()).await), Kind::Forbidden);
    let made = world.make(&world.admin, "RECORD_METADATA", note.clone()).await.unwrap();
    assert!(!world.make(&world.admin, "RECORD_METADATA", note).await.unwrap().created, "one per record and key");
    let list = async |actor: &Actor| world.service.record_list(actor, of("RECORD_METADATA"), &ListRequest::default()).await.unwrap().total;
    assert_eq!((list(&reader).await, list(&stranger).await), (1, 0));
    assert!(world.service.record_exists(&reader, of("RECORD_METADATA"), &Selector::Id(made.id)).await.unwrap());
}

#[tokio::test]
async fn a_flow_with_a_broken_schema_is_not_saved_and_one_with_a_broken_script_is_marked() {
    let world = World::with_engine().await;
    let refused = world.make(&world.admin, "FLOW", json!({ "name": "f", "script": "", "input_schema": { "type": "objekt" } })).await;
    assert_eq!(refused.err().unwrap().field_pointer(), Some("/input_schema/type"));
    let broken = world.make(&world.admin, "FLOW", json!({ "name": "f", "script": "def (" })).await.unwrap();
    assert!(broken.row.flag("has_syntax_error"));
    let mended = world.change(&world.admin, "FLOW", broken.id, json!({ "script": "def handler(system, this): pass" })).await.unwrap();
    assert!(!mended.row.flag("has_syntax_error"));
    assert_ne!(mended.row.text("script_hash"), broken.row.text("script_hash"));
}

#[tokio::test]
async fn file_content_is_kept_with_its_size_and_digest() {
    let world = World::new().await;
    let name = Selector::Name("a/b.txt".into());
    world.service.file_write(&world.admin, name.clone(), b"hello".to_vec(), None).await.unwrap().commit.wait().await.unwrap();
    let file = world.service.file_content(&world.admin, &name).await.unwrap();
    assert_eq!(&file.content[..], b"hello");
    assert_eq!(file.row.integer("content_size_bytes"), Some(5));
    assert_eq!(file.row.text("sha256"), Some("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"));
    let made = world.make(&world.admin, "FILE", json!({ "name": "c", "content": "aGk=" })).await.unwrap();
    assert_eq!(&world.service.file_content(&world.admin, &Selector::Id(made.id)).await.unwrap().content[..], b"hi");
    assert_eq!(kind(world.make(&world.admin, "FILE", json!({ "name": "d", "content": "?" })).await), Kind::Invalid);
}

#[tokio::test]
async fn writes_that_belong_to_a_record_are_made_in_its_transaction() {
    let world = World::new().await;
    let journal = journal(Uuid::nil(), 1);
    let write = RecordWrite { journal: Some(journal), ..RecordWrite::new(of("SETTING"), columns(json!({ "name": "s" }))) };
    world.service.record_create(&world.admin, write).await.unwrap().commit.wait().await.unwrap();
    let seen = world.service.store().aside("meta", &["value"], ("key", "seen")).await.unwrap().unwrap();
    assert_eq!(seen.text("value"), Some("s"));
}

/// Notes the name of the row in a fact.
fn journal(execution: Uuid, attempt: u32) -> Journal {
    let rows = Box::new(|row: &crate::store::Row| {
        let mut meta = crate::store::Row::new();
        meta.set("key", "seen");
        meta.set("value", row.text("name").unwrap_or_default());
        vec![crate::store::Write::Insert { table: "meta", key: &["key"], row: meta }]
    });
    Journal { execution, attempt, rows }
}

#[tokio::test]
async fn what_an_older_attempt_of_an_execution_still_writes_is_refused_with_its_journal_row() {
    let world = World::with_engine().await;
    let request = StartRequest::new(Target::Script("def handler(system, this): pass".to_owned()), Value::Null);
    let execution = world.service.execution_start(&world.admin, request).await.unwrap().id;
    let columns = |name: &str| RecordWrite::new(of("SETTING"), columns(json!({ "name": name })));
    let late = RecordWrite { journal: Some(journal(execution, 0)), ..columns("late") };
    assert_eq!(kind(world.service.record_create(&world.admin, late).await), Kind::Conflict);
    let kept = world.make(&world.admin, "SETTING", json!({ "name": "kept" })).await.unwrap().id;
    let delete =
        |attempt| RecordDelete { journal: Some(journal(execution, attempt)), ..RecordDelete::new(of("SETTING"), Selector::Id(kept), true) };
    assert_eq!(kind(world.service.record_remove(&world.admin, delete(0)).await), Kind::Conflict);
    assert_eq!(world.names(&world.admin, "SETTING").await, ["kept"]);
    assert!(world.service.store().aside("meta", &["value"], ("key", "seen")).await.unwrap().is_none());
    world.service.record_remove(&world.admin, delete(1)).await.unwrap().wait().await.unwrap();
    assert_eq!(world.names(&world.admin, "SETTING").await, [""; 0]);
}

#[tokio::test]
async fn a_clone_has_the_same_columns_and_a_name_of_its_own() {
    let world = World::new().await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": [1], "is_readonly": true })).await.unwrap().id;
    let copy = world.service.record_clone(&world.admin, of("SETTING"), &Selector::Id(id), Map::new()).await.unwrap();
    assert_ne!(copy.id, id);
    assert_eq!(copy.row.json("value"), Some(&json!([1])));
    assert!(copy.row.text("name").unwrap().starts_with("s (copy"));
}

#[tokio::test]
async fn near_names_are_offered_among_those_that_can_be_seen() {
    let world = World::new().await;
    world.make(&world.admin, "SETTING", json!({ "name": "database" })).await.unwrap();
    let stranger = world.user("stranger", &[]).await;
    let asked = Selector::Name("databse".into());
    let told = world.service.record_get(&world.admin, of("SETTING"), &asked, None).await.err().unwrap();
    assert!(told.message().contains("'database'"), "{told}");
    let hidden = world.service.record_get(&stranger, of("SETTING"), &asked, None).await.err().unwrap();
    assert!(!hidden.message().contains("'database'"), "{hidden}");
    let there = world.service.record_get(&stranger, of("SETTING"), &Selector::Name("database".into()), None).await.err().unwrap();
    assert_eq!(there.message(), "There is no setting named 'database'.");
}

#[tokio::test]
async fn a_list_shows_the_columns_asked_for_computed_and_sealed_ones_too() {
    let world = World::new().await;
    let project = world.project("p").await;
    world.make(&world.admin, "FLOW", json!({ "name": "f", "script": "", "project_id": project })).await.unwrap();
    let list = async |name: &str, fields: &[&str]| {
        let fields = Some(fields.iter().map(|f| (*f).to_owned()).collect());
        let page = world.service.record_list(&world.admin, of(name), &ListRequest { fields, ..ListRequest::default() }).await;
        page.map(|page| Value::from(page.items))
    };
    let flows = list("FLOW", &["name", "can_execute", "has_syntax_error"]).await.unwrap();
    assert_eq!(flows, json!([{ "name": "f", "can_execute": true, "has_syntax_error": false }]));
    assert_eq!(list("USER", &["has_password"]).await.unwrap(), json!([{ "has_password": true }]));
    assert_eq!(list("USER", &["password"]).await.err().unwrap().field_pointer(), Some("/fields"));
    let found = world.service.record_get(&world.admin, of("USER"), &Selector::Name(ADMIN.into()), None).await.unwrap();
    assert!(!Value::from(found.record).to_string().contains("argon2"), "no hash leaves the service");
}
