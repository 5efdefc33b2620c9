//! Keys that are replaced: nothing needs the older ones afterwards, wherever it is cut off, and who has them can forge nothing.

use std::fs;

use serde_json::{Value, json};

use super::secret::{VALUE, key_file, open};
use super::{World, of};
use crate::error::Kind;
use crate::service::key_file::{Key, KeyFile};
use crate::service::{Actor, Door, Selector, Service, Verified};
use crate::store::{Head, ListQuery, Order, Row, Scope, Unit, Write};

fn system() -> Actor {
    Actor::system(Door::Cli)
}

async fn verified(service: &Service) -> Verified {
    service.audit_verify(&system(), None).await.unwrap()
}

async fn opens(service: &Service) -> bool {
    let secret = service.secret_use(&system(), &Selector::Name("token".to_owned()), "x").await;
    secret.unwrap().reveal() == VALUE
}

impl World {
    /// With a secret and some entries in the log.
    async fn busy_with_secret() -> World {
        let world = World::new().await;
        world.secret("token", json!(null)).await;
        for n in 0..5 {
            world.make(&world.admin, "SETTING", json!({ "name": format!("s{n}"), "value": n })).await.unwrap();
        }
        world
    }

    fn base(&self) -> String {
        let file = fs::read_to_string(key_file(&self.folder)).unwrap();
        let line = file.lines().find(|line| line.starts_with("base ")).unwrap();
        line.split_whitespace().next_back().unwrap().to_owned()
    }
}

#[tokio::test]
async fn after_a_rotation_the_older_file_is_needed_by_nothing() {
    let world = World::busy_with_secret().await;
    let (old, sealed, before) = (world.base(), world.sealed("token").await, verified(&world.service).await);
    let execution = Service::new_id();
    let hash_key = world.service.hash_key(1, execution);
    let rotated = world.service.keys_rotate(&system()).await.unwrap();
    fs::remove_file(rotated.kept).unwrap();
    assert_ne!(world.base(), old);
    assert_ne!(world.service.hash_key(2, execution), hash_key, "new journals are hashed with another key");
    let again = world.service.keys_rotate(&system()).await.unwrap();
    fs::remove_file(again.kept).unwrap();
    world.make(&world.admin, "SETTING", json!({ "name": "after", "value": 1 })).await.unwrap();
    let (service, folder) = world.reopened().await.unwrap();
    assert!(opens(&service).await);
    assert_eq!(service.hash_key(1, execution), hash_key, "older journals are still replayed");
    let after = service.audit_verify(&system(), Some(&before.head)).await.unwrap();
    assert_eq!(after.broken, None);
    assert!(after.entries > before.entries + 2);
    service.store().close().await;
    for entry in fs::read_dir(folder.path()).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        assert!(!text.contains(&old), "{} shows the older base", entry.path().display());
        assert!(!text.contains(&sealed), "{} has what the older key sealed", entry.path().display());
    }
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_anywhere_goes_on_at_the_next_start() {
    for steps in 0..4 {
        let world = World::busy_with_secret().await;
        let service = &world.service;
        service.keys_begin().await.unwrap();
        if steps > 0 {
            service.seals().past_keep(service.store()).await.unwrap();
        }
        if steps > 1 {
            service.audit_rekey().await.unwrap();
        }
        if steps > 2 {
            assert_eq!(service.reseal_all().await.unwrap(), (1, 0));
        }
        world.make(&world.admin, "SETTING", json!({ "name": "meanwhile", "value": 1 })).await.unwrap();
        let (service, folder) = world.reopened().await.unwrap();
        assert!(opens(&service).await, "cut off after {steps} steps");
        assert_eq!(verified(&service).await.broken, None, "cut off after {steps} steps");
        service.clone().keys_resume().await;
        assert!(!service.seals().keys().is_rotating());
        let file = fs::read_to_string(key_file(&folder)).unwrap();
        assert!(!file.contains("seal 1 ") && !file.contains("base 1 "), "cut off after {steps} steps");
        service.store().close().await;
        let service = open(&folder).await.unwrap();
        assert!(opens(&service).await);
        assert_eq!(verified(&service).await.broken, None, "cut off after {steps} steps");
    }
}

#[tokio::test]
async fn of_two_rotations_at_once_one_is_refused() {
    let world = World::busy_with_secret().await;
    let actor = system();
    let (first, second) = tokio::join!(world.service.keys_rotate(&actor), world.service.keys_rotate(&actor));
    assert_eq!(first.unwrap().number, 2);
    assert_eq!(second.err().unwrap().kind(), Kind::Conflict);
    assert_eq!(world.service.keys_rotate(&actor).await.unwrap().number, 3);
}

#[tokio::test]
async fn who_has_an_older_key_file_can_forge_no_entry() {
    let world = World::busy_with_secret().await;
    let rotated = world.service.keys_rotate(&system()).await.unwrap();
    let old: Key = KeyFile::new(rotated.kept).read().unwrap().unwrap().base().1;
    let key = old.derive("audit log", b"");
    world.service.store().barrier().await.unwrap();
    let query = ListQuery { order: vec![Order { column: "seq", descending: false }], ..ListQuery::default() };
    let mut rows = world.service.store().row_list(of("AUDIT"), &query, &Scope::All).await.unwrap().items;
    let (mut head, mut writes) = (Head::default(), Vec::new());
    for row in &mut rows {
        if row.text("record_name") == Some("s2") {
            row.set("record_name", "forged");
        }
        let next = head.next(&key, row);
        row.set("hash", next.text().split_once(':').unwrap().1);
        head = next;
        // The database refuses to change an entry; whoever has its file puts another one in its place.
        writes.push(Write::Delete { table: "audit", key: &["seq"], row: row.clone() });
        writes.push(Write::Insert { table: "audit", key: &["seq"], row: row.clone() });
    }
    let submit = |writes| world.service.store().submit(Unit { writes, lazy: false }).wait();
    let fact = |key: &str, value: &str| Write::Upsert {
        table: "meta",
        key: &["key"],
        row: Row::from([("key", Value::from(key)), ("value", Value::from(value))]),
    };
    submit(writes).await.unwrap();
    let found = verified(&world.service).await.broken.expect("the log is forged");
    assert!(found.contains("is not as it was written"), "{found}");
    // Nor by saying that the newer key never was.
    submit(vec![fact("audit_segments", "1:1")]).await.unwrap();
    let found = verified(&world.service).await.broken.expect("the log is forged");
    assert!(found.contains("is not the one that the log ended with"), "{found}");
}
