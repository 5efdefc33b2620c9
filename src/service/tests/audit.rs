//! The audit log on a real store: what gets an entry, and that no entry can be changed, dropped or moved unseen.

use serde_json::{Value, json};

use super::{World, columns, of};
use crate::error::Kind;
use crate::service::{Actor, Door, ListRequest, LoginRequest, RecordWrite, Row, Selector};
use crate::store::{ListQuery, Order, Scope, Unit, Write};

impl World {
    async fn entries(&self) -> Vec<Row> {
        self.service.store().barrier().await.unwrap();
        let query = ListQuery { order: vec![Order { column: "seq", descending: false }], ..ListQuery::default() };
        self.service.store().row_list(of("AUDIT"), &query, &Scope::All).await.unwrap().items
    }

    async fn last(&self) -> Row {
        self.entries().await.pop().expect("there is an entry")
    }

    async fn broken(&self) -> Option<String> {
        self.service.audit_verify(&self.admin, None).await.unwrap().broken
    }

    async fn write(&self, writes: Vec<Write>) -> crate::error::Result<()> {
        self.service.store().submit(Unit { writes, lazy: false }).wait().await
    }

    /// Ten entries and more.
    async fn busy() -> World {
        let world = World::new().await;
        for n in 0..10 {
            world.make(&world.admin, "SETTING", json!({ "name": format!("s{n}"), "value": n })).await.unwrap();
        }
        assert_eq!(world.broken().await, None);
        world
    }
}

fn gone(row: &Row) -> Write {
    Write::Delete { table: "audit", key: &["seq"], row: Row::from([("seq", row.json("seq").unwrap().clone())]) }
}

fn put(row: Row) -> Write {
    Write::Insert { table: "audit", key: &["seq"], row }
}

fn fact(value: &str) -> Write {
    Write::Upsert { table: "meta", key: &["key"], row: Row::from([("key", json!("audit_head")), ("value", json!(value))]) }
}

#[tokio::test]
async fn a_change_leaves_an_entry_of_who_did_what_through_which_door() {
    let world = World::new().await;
    let mut anna = world.user("anna", &[("", "SETTING", None)]).await.with_client(Some("curl/8"));
    anna.address = Some("10.1.2.3".parse().unwrap());
    let id = world.make(&anna, "SETTING", json!({ "name": "s", "value": 1 })).await.unwrap().id;
    let made = world.last().await;
    assert_eq!((made.text("operation"), made.text("record_type"), made.uuid("record_id")), (Some("create"), Some("SETTING"), Some(id)));
    assert_eq!((made.text("record_name"), made.text("actor_name"), made.text("door")), (Some("s"), Some("anna"), Some("rest")));
    assert_eq!((made.text("client"), made.text("address"), made.text("outcome")), (Some("curl/8"), Some("10.1.2.3"), Some("ok")));

    world.change(&anna, "SETTING", id, json!({ "value": 2, "description": "d" })).await.unwrap();
    assert_eq!(world.last().await.json("details"), Some(&json!({ "columns": ["value", "description"] })));
    let count = world.entries().await.len();
    world.change(&anna, "SETTING", id, json!({ "value": 2 })).await.unwrap();
    world.service.record_get(&anna, of("SETTING"), &Selector::Id(id), None).await.unwrap();
    assert_eq!(world.entries().await.len(), count, "what changes nothing and what only reads leaves no entry");
    world.service.record_delete(&anna, of("SETTING"), &Selector::Id(id), false).await.unwrap().wait().await.unwrap();
    world.service.record_restore(&anna, of("SETTING"), &Selector::Id(id)).await.unwrap().commit.wait().await.unwrap();
    world.service.record_delete(&anna, of("SETTING"), &Selector::Id(id), true).await.unwrap().wait().await.unwrap();
    let entries = world.entries().await;
    let operations: Vec<_> = entries[count..].iter().filter_map(|row| row.text("operation")).collect();
    assert_eq!(operations, ["trash", "restore", "delete"]);
}

#[tokio::test]
async fn what_was_refused_leaves_an_entry_and_nothing_else() {
    let world = World::new().await;
    let anna = world.user("anna", &[("READ", "SETTING", None)]).await;
    let id = world.make(&world.admin, "SETTING", json!({ "name": "s", "value": 1 })).await.unwrap().id;
    assert_eq!(world.change(&anna, "SETTING", id, json!({ "value": 2 })).await.err().unwrap().kind(), Kind::Forbidden);
    let denied = world.last().await;
    assert_eq!((denied.text("outcome"), denied.uuid("record_id"), denied.text("actor_name")), (Some("denied"), Some(id), Some("anna")));
    assert!(denied.json("details").unwrap()["reason"].as_str().unwrap().contains("UPDATE"));
    let count = world.entries().await.len();
    world.make(&anna, "SETTING", json!({ "name": 5 })).await.err().unwrap();
    assert_eq!(world.entries().await.len(), count, "what is wrong in itself leaves none");
    assert_eq!(world.broken().await, None);
}

#[tokio::test]
async fn logins_right_and_wrong_are_entries_without_the_password() {
    let world = World::new().await;
    let login = async |user_name: &str, password: &str| {
        let request = LoginRequest { user_name, password, twofa_code: None, address: None, client: None };
        let _ = world.service.login(request).await;
        world.last().await
    };
    let wrong = login("admin", "not-the-password").await;
    assert_eq!((wrong.text("operation"), wrong.text("outcome"), wrong.text("record_name")), (Some("login"), Some("denied"), Some("admin")));
    let unknown = login("my secret typed here", "x").await;
    assert_eq!((unknown.text("outcome"), unknown.text("record_name")), (Some("denied"), None), "it may be a password");
    let right = login("admin", &world.first.password).await;
    assert_eq!((right.text("outcome"), right.text("actor_name")), (Some("ok"), Some("admin")));
    let all = format!("{:?}", world.entries().await);
    assert!(!all.contains("not-the-password") && !all.contains(&world.first.password) && !all.contains("typed here"));
}

#[tokio::test]
async fn the_log_is_read_by_who_may_read_all_of_it() {
    let world = World::busy().await;
    let auditor = world.user("auditor", &[("READ", "AUDIT", None)]).await;
    let project = world.project("p").await;
    let anna = world.user("anna", &[("READ", "AUDIT", Some(project)), ("", "SETTING", None)]).await;
    let request = ListRequest { filter: Some(json!({ "field": "record_name", "op": "eq", "value": "s3" })), ..ListRequest::default() };
    assert_eq!(world.service.record_list(&auditor, of("AUDIT"), &request).await.unwrap().total, 1);
    assert_eq!(world.service.record_list(&anna, of("AUDIT"), &request).await.unwrap().total, 0);
    assert_eq!(world.service.audit_verify(&auditor, None).await.unwrap().broken, None);
    assert_eq!(world.service.audit_verify(&anna, None).await.unwrap_err().kind(), Kind::Forbidden);
    let id = world.last().await.id().unwrap();
    for refused in [
        world.change(&world.admin, "AUDIT", id, json!({ "operation": "x" })).await.err(),
        world.make(&world.admin, "AUDIT", json!({ "operation": "x" })).await.err(),
        world.service.record_delete(&world.admin, of("AUDIT"), &Selector::Id(id), true).await.err(),
    ] {
        assert_eq!(refused.expect("nobody writes the log").kind(), Kind::Invalid);
    }
    assert_eq!(world.last().await.id(), Some(id));
}

#[tokio::test]
async fn entries_of_one_batch_stand_in_one_chain_and_a_unit_that_fails_leaves_none() {
    let world = World::new().await;
    let many = (0..50).map(|n| {
        let name = if n % 5 == 4 { "s0".to_owned() } else { format!("s{n}") };
        let write =
            RecordWrite { if_exists: crate::service::IfExists::Error, ..RecordWrite::new(of("SETTING"), columns(json!({ "name": name }))) };
        world.service.record_create(&world.admin, write)
    });
    let made = futures_util::future::join_all(many).await;
    let count = made.iter().filter(|made| made.is_ok()).count();
    assert!(count < 50, "some were refused");
    let entries = world.entries().await;
    assert_eq!(entries.iter().filter(|row| row.text("operation") == Some("create")).count(), count);
    assert_eq!(world.broken().await, None);
}

#[tokio::test]
async fn an_entry_that_was_changed_is_named() {
    let world = World::busy().await;
    let entries = world.entries().await;
    let mut row = entries[4].clone();
    let refused = Write::Update { table: "audit", key: &["seq"], row: Row::from([("seq", json!(5)), ("record_name", json!("x"))]) };
    world.write(vec![refused]).await.unwrap_err();
    assert_eq!(world.broken().await, None, "the database itself refuses a change");
    for (column, value) in [("record_name", json!("another")), ("actor_id", Value::Null), ("details", json!({ "columns": [] }))] {
        row.set(column, value);
        world.write(vec![gone(&row)]).await.unwrap();
        world.write(vec![put(row.clone())]).await.unwrap();
        assert!(world.broken().await.unwrap().starts_with("Entry 5 is not as it was written"));
        row = entries[4].clone();
    }
    world.write(vec![gone(&row)]).await.unwrap();
    world.write(vec![put(row)]).await.unwrap();
    assert_eq!(world.broken().await, None, "back as it was, it is whole");
}

#[tokio::test]
async fn an_entry_that_is_gone_or_stands_elsewhere_is_named() {
    let world = World::busy().await;
    let entries = world.entries().await;
    let (mut a, mut b) = (entries[3].clone(), entries[6].clone());
    world.write(vec![gone(&a)]).await.unwrap();
    assert!(world.broken().await.unwrap().starts_with("Entry 4 is missing"));
    world.write(vec![gone(&b)]).await.unwrap();
    a.set("seq", 7);
    b.set("seq", 4);
    world.write(vec![put(a), put(b)]).await.unwrap();
    assert!(world.broken().await.unwrap().starts_with("Entry 4 is not as it was written"));
    let world = World::busy().await;
    world.write(vec![gone(&world.entries().await[0])]).await.unwrap();
    assert!(world.broken().await.unwrap().starts_with("Entry 1 is missing"));
}

#[tokio::test]
async fn an_end_that_was_cut_off_is_found_and_stays_found() {
    let world = World::busy().await;
    let entries = world.entries().await;
    let count = entries.len();
    world.write(vec![gone(&entries[count - 1]), gone(&entries[count - 2])]).await.unwrap();
    let expected = format!("Entry {} is missing", count - 1);
    assert!(world.broken().await.unwrap().starts_with(&expected));
    // Nor does it help to say that it ends there: nobody else can vouch for an end.
    let forged = format!("{}:{}:{}", count - 2, entries[count - 3].text("hash").unwrap(), "ab".repeat(32));
    world.write(vec![fact(&forged)]).await.unwrap();
    assert!(world.broken().await.unwrap().contains("not this server's own"));
    // A server that starts on it goes on, and its log says for ever what it found.
    world.service.audit_open().await.unwrap();
    world.make(&world.admin, "SETTING", json!({ "name": "later" })).await.unwrap();
    let broken = world.broken().await.unwrap();
    assert!(broken.contains("says that the log was cut before it"), "{broken}");
}

#[tokio::test]
async fn a_log_put_back_whole_is_found_with_an_end_that_was_kept_elsewhere() {
    let world = World::busy().await;
    let kept = world.service.audit_verify(&world.admin, None).await.unwrap().head;
    let system = Actor::system(Door::Cli);
    world.make(&world.admin, "SETTING", json!({ "name": "later" })).await.unwrap();
    assert_eq!(world.service.audit_verify(&system, Some(&kept)).await.unwrap().broken, None);
    let other = World::busy().await;
    let broken = other.service.audit_verify(&system, Some(&kept)).await.unwrap().broken.unwrap();
    assert!(broken.contains("is not the one that was expected"), "{broken}");
    let ahead = format!("999:{}", "ab".repeat(32));
    assert!(other.service.audit_verify(&system, Some(&ahead)).await.unwrap().broken.unwrap().contains("earlier state"));
    assert_eq!(other.service.audit_verify(&system, Some("x")).await.unwrap_err().kind(), Kind::Invalid);
}
