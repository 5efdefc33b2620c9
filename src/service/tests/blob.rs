//! Content that nothing names goes, and nothing else does; the audit log's oldest entries go, and the rest can be checked.

use bytes::Bytes;
use serde_json::json;
use uuid::Uuid;

use super::retention::Ran;
use super::{World, of};
use crate::error::Kind;
use crate::service::{Kept, Selector};
use crate::store::{Filter, ListQuery, Order, Row, Scope, Write, blob_hash};

const LONG: usize = 3 << 20;

impl World {
    async fn has(&self, hash: &str) -> bool {
        self.service.store().blob(hash).await.unwrap().is_some()
    }

    /// Marks, then deletes what is marked.
    async fn purge_twice(&self) {
        self.service.purge().await.unwrap();
        self.days(2);
        self.service.purge().await.unwrap();
    }

    async fn store_blob(&self, fill: u8) -> String {
        self.service.store().blob_put(Bytes::from(vec![fill; LONG])).await.unwrap()
    }

    async fn script(&self, flow: Uuid, script: &str) -> String {
        self.change(&self.admin, "FLOW", flow, json!({ "script": script })).await.unwrap();
        blob_hash(script.as_bytes())
    }

    async fn pin(&self, execution: Uuid, hash: &str) {
        let row = Row::from([("id", json!(execution.to_string())), ("script_hash", json!(hash))]);
        self.put(vec![Write::Update { table: "execution", key: &["id"], row }]).await;
    }
}

#[tokio::test]
async fn scripts_stay_as_long_as_a_flow_or_an_execution_has_them() {
    let world = World::new().await;
    let flow = world.flow("f", world.project("p").await).await;
    let [ran, unused, now] = [
        world.script(flow, "def handler(system, this): return 1").await,
        world.script(flow, "def handler(system, this): return 2").await,
        world.script(flow, "def handler(system, this): return 3").await,
    ];
    let live = world.ran(Ran { is_live: true, ..Ran::default() }).await;
    world.pin(live, &ran).await;
    world.purge_twice().await;
    assert_eq!([world.has(&ran).await, world.has(&unused).await, world.has(&now).await], [true, false, true]);
    assert_eq!(world.count("blob_piece", "hash", &unused).await, 0);
    assert!(world.purged(Kept::Blobs) >= 1);
    world.service.record_delete(&world.admin, of("FLOW"), &Selector::Id(flow), false).await.unwrap();
    world.purge_twice().await;
    assert!(world.has(&now).await, "it can come out of the trash bin again");
}

#[tokio::test]
async fn what_a_file_had_stays_as_long_as_a_version_of_it_does() {
    let world = World::new().await;
    let files = |content: &[u8]| {
        let (service, admin, content) = (world.service.clone(), world.admin.clone(), Bytes::copy_from_slice(content));
        async move {
            let written = service.file_write(&admin, Selector::Name("a".to_owned()), content, None).await.unwrap();
            written.commit.wait().await.unwrap();
            written.row.text("sha256").unwrap().to_owned()
        }
    };
    let (old, new) = (files(b"old").await, files(b"new").await);
    world.purge_twice().await;
    assert!(world.has(&old).await && world.has(&new).await);
    world.days(366);
    world.purge_twice().await;
    world.purge_twice().await;
    assert!(!world.has(&old).await && world.has(&new).await, "its version was older than versions are kept");
}

#[tokio::test]
async fn content_that_is_written_again_has_its_day_again() {
    let world = World::new().await;
    let hash = world.store_blob(7).await;
    world.service.purge().await.unwrap();
    world.days(2);
    // A request that found the content there, and names it only after the purge.
    assert_eq!(world.store_blob(7).await, hash);
    world.service.purge().await.unwrap();
    assert!(world.has(&hash).await);
    world.days(2);
    world.service.purge().await.unwrap();
    assert!(!world.has(&hash).await, "nobody came to name it");
    assert_eq!(world.store_blob(7).await, hash);
    assert!(world.service.store().blob(&hash).await.unwrap().is_some_and(|content| content.len() == LONG));
}

#[tokio::test]
async fn what_is_written_while_its_pieces_are_deleted_is_whole() {
    let world = World::new().await;
    let content = Bytes::from(vec![9; 24 << 20]);
    let hash = world.service.store().blob_put(content.clone()).await.unwrap();
    world.service.purge().await.unwrap();
    world.days(2);
    let purge = tokio::spawn({
        let service = world.service.clone();
        async move { service.purge().await }
    });
    while world.count("blob_piece", "hash", &hash).await == 24 {
        tokio::task::yield_now().await;
    }
    world.service.store().blob_put(content.clone()).await.unwrap();
    purge.await.unwrap().unwrap();
    assert!(world.service.store().blob(&hash).await.unwrap() == Some(content));
}

#[tokio::test]
async fn pieces_that_never_became_content_go_and_so_do_those_of_a_purge_that_was_cut_off() {
    let world = World::new().await;
    let piece = |number| Write::BlobPiece { hash: "ab".repeat(32), number, content: Bytes::from_static(b"x") };
    world.put((0..6).map(piece).collect()).await;
    world.purge_twice().await;
    assert_eq!(world.count("blob_piece", "hash", &"ab".repeat(32)).await, 0);
    let hash = world.store_blob(3).await;
    world.service.purge().await.unwrap();
    world.days(2);
    // As a server leaves it that is killed after the first transaction.
    world.put(vec![Write::Delete { table: "blob", key: &["hash"], row: Row::from([("hash", json!(hash))]) }]).await;
    world.service.purge().await.unwrap();
    assert_eq!((world.count("blob_piece", "hash", &hash).await, world.count("blob_unused", "hash", &hash).await), (0, 0));
}

#[tokio::test]
async fn a_purged_audit_log_can_be_checked_and_no_more_can_be_cut_off_it() {
    let world = World::new().await;
    for n in 0..300 {
        world.make(&world.admin, "SETTING", json!({ "name": format!("s{n}"), "value": n })).await.unwrap();
    }
    let verify = |expected: Option<String>| {
        let (service, admin) = (world.service.clone(), world.admin.clone());
        async move { service.audit_verify(&admin, expected.as_deref()).await }
    };
    let old = verify(None).await.unwrap();
    world.days(1000);
    world.make(&world.admin, "SETTING", json!({ "name": "young", "value": 1 })).await.unwrap();
    let young = verify(None).await.unwrap();
    world.service.purge().await.unwrap();
    assert_eq!(world.purged(Kept::Audit), u64::try_from(old.entries).unwrap());
    let after = verify(Some(young.head.clone())).await.unwrap();
    assert_eq!((after.broken.clone(), after.purged), (None, old.entries));
    verify(Some(old.head.clone())).await.unwrap();
    let early = format!("2:{}", "00".repeat(32));
    assert_eq!(verify(Some(early)).await.err().map(|e| e.kind()), Some(Kind::Invalid));
    // What went has an entry of its own.
    let query = ListQuery { filter: Some(Filter::eq("operation", "purge")), ..ListQuery::default() };
    let entries = world.service.store().row_list(of("AUDIT"), &query, &Scope::All).await.unwrap().items;
    let counts = entries.iter().filter_map(|row| row.json("details")).filter(|details| details["kind"] == "audit");
    assert_eq!(counts.filter_map(|details| details["count"].as_i64()).sum::<i64>(), old.entries);

    // Whoever cuts off the next entry as well has no fact that says so.
    let cut = |seq: i64| Write::Delete { table: "audit", key: &["seq"], row: Row::from([("seq", json!(seq))]) };
    world.put(vec![cut(old.entries + 1)]).await;
    let broken = verify(None).await.unwrap().broken.unwrap();
    assert!(broken.contains(&format!("Entry {} is missing", old.entries + 1)), "{broken}");
    let fact = Row::from([
        ("key", json!("audit_start")),
        ("value", json!(format!("{}:{}:{}", old.entries + 1, "00".repeat(32), "00".repeat(32)))),
    ]);
    world.put(vec![Write::Upsert { table: "meta", key: &["key"], row: fact }]).await;
    assert!(verify(None).await.unwrap().broken.unwrap().contains("is not this server's own"));
}

#[tokio::test]
async fn an_entry_that_was_changed_is_kept_as_evidence_with_all_after_it() {
    let world = World::new().await;
    for n in 0..5 {
        world.make(&world.admin, "SETTING", json!({ "name": format!("s{n}"), "value": n })).await.unwrap();
    }
    let order = vec![Order { column: "seq", descending: false }];
    let query = ListQuery { order, ..ListQuery::default() };
    let entries = world.service.store().row_list(of("AUDIT"), &query, &Scope::All).await.unwrap().items;
    let forged = entries.len() - 2;
    let mut row = entries[forged].clone();
    row.set("record_name", "somebody else's");
    let seq = Row::from([("seq", row.json("seq").cloned().unwrap())]);
    world.put(vec![Write::Delete { table: "audit", key: &["seq"], row: seq }]).await;
    world.put(vec![Write::Insert { table: "audit", key: &["seq"], row }]).await;
    world.days(1000);
    world.service.purge().await.unwrap();
    let left = world.service.store().row_list(of("AUDIT"), &query, &Scope::All).await.unwrap().items;
    assert_eq!(left.first().and_then(|row| row.integer("seq")), entries[forged].integer("seq"));
    assert!(world.service.audit_verify(&world.admin, None).await.unwrap().broken.is_some());
}

#[tokio::test]
async fn the_log_is_purged_and_checked_across_a_rotation_of_the_keys() {
    let world = World::new().await;
    let make = async |name: &str| drop(world.make(&world.admin, "SETTING", json!({ "name": name, "value": 1 })).await.unwrap());
    let verified = async || world.service.audit_verify(&world.admin, None).await.unwrap();
    make("under the first base").await;
    world.days(10);
    make("still under it").await;
    world.days(725);
    world.service.purge().await.unwrap();
    let first = verified().await;
    assert!(first.broken.is_none() && first.purged > 0, "{first:?}");
    world.service.keys_rotate(&crate::service::Actor::system(crate::service::Door::Server)).await.unwrap();
    let rotated = verified().await;
    assert_eq!((rotated.broken, rotated.purged), (None, first.purged), "what says where it begins goes over to the new base");
    make("under the second").await;
    world.days(10);
    world.service.purge().await.unwrap();
    let second = verified().await;
    assert!(second.broken.is_none() && second.purged > first.purged, "{second:?}");
    world.days(800);
    world.service.purge().await.unwrap();
    let third = verified().await;
    assert!(third.broken.is_none() && third.purged > second.purged + 1, "entries of both bases went: {third:?}");
}
