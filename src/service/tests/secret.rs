//! Sealed columns on a real store: what lies on disk, who may use it, and keys that change under it.

use std::fs;

use serde_json::json;

use super::{World, of};
use crate::config::Config;
use crate::error::Kind;
use crate::service::seal::{self, Place};
use crate::service::{Actor, Commands, Door, Selector, Service};
use crate::store::{Options, Store};

pub(super) const VALUE: &str = "hunter2-of-the-north";

fn named(name: &str) -> Selector {
    Selector::Name(name.to_owned())
}

impl World {
    pub(super) async fn secret(&self, name: &str, allowed_hosts: serde_json::Value) -> uuid::Uuid {
        let payload = json!({ "name": name, "value": VALUE, "allowed_hosts": allowed_hosts });
        self.make(&self.admin, "SECRET", payload).await.unwrap().id
    }

    /// The value as the database has it.
    pub(super) async fn sealed(&self, name: &str) -> String {
        let row = self.service.record_row(&self.admin, of("SECRET"), &named(name)).await.unwrap();
        row.text("value").expect("a sealed value is a text").to_owned()
    }

    /// The same data folder, opened again by another server.
    pub(super) async fn reopened(self) -> crate::error::Result<(Service, tempfile::TempDir)> {
        self.service.store().close().await;
        open(&self.folder).await.map(|service| (service, self.folder))
    }
}

pub(super) async fn open(folder: &tempfile::TempDir) -> crate::error::Result<Service> {
    let mut config = Config::default();
    folder.path().clone_into(&mut config.server.data);
    let store = Store::open(Options { folder: folder.path().to_owned(), durability: crate::store::Durability::Normal }).await?;
    let opened = Service::open(store.clone(), crate::clock::Clock::system(), &config, Commands::none()).await;
    if opened.is_err() {
        store.close().await;
    }
    opened
}

pub(super) fn key_file(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("server.key")
}

#[tokio::test]
async fn a_secret_is_used_by_who_may_read_it_for_the_hosts_it_is_meant_for() {
    let world = World::new().await;
    world.secret("token", json!(["api.example.com"])).await;
    let anna = world.user("anna", &[("READ", "SECRET", None)]).await;
    let bert = world.user("bert", &[("CREATE", "SECRET", None)]).await;
    let used = world.service.secret_use(&anna, &named("token"), "api.example.com").await.unwrap();
    assert_eq!(used.reveal(), VALUE);
    assert!(!format!("{used:?}").contains(VALUE));
    let elsewhere = world.service.secret_use(&anna, &named("token"), "evil.example").await.unwrap_err();
    assert_eq!(elsewhere.kind(), Kind::Forbidden);
    let unseen = world.service.secret_use(&bert, &named("token"), "api.example.com").await.unwrap_err();
    assert_eq!(unseen.kind(), Kind::NotFound);
}

#[tokio::test]
async fn who_does_not_know_a_secret_cannot_have_it_sent_elsewhere() {
    let world = World::new().await;
    let id = world.secret("token", json!(["api.example.com"])).await;
    let refused = world.change(&world.admin, "SECRET", id, json!({ "allowed_hosts": null })).await.err().unwrap();
    assert_eq!(refused.field_pointer(), Some("/value"));
    world.change(&world.admin, "SECRET", id, json!({ "description": "of the API" })).await.unwrap();
    world.change(&world.admin, "SECRET", id, json!({ "allowed_hosts": null, "value": VALUE })).await.unwrap();
    world.service.secret_use(&world.admin, &named("token"), "anywhere").await.unwrap();
}

#[tokio::test]
async fn a_copy_of_a_secret_has_no_value_and_a_sealed_text_moved_to_another_row_does_not_open() {
    let world = World::new().await;
    let id = world.secret("token", json!(null)).await;
    let copy = world.service.record_clone(&world.admin, of("SECRET"), &named("token"), super::columns(json!({ "name": "copy" }))).await;
    assert!(copy.unwrap().row.json("value").is_none());
    world.service.store().barrier().await.unwrap();
    let empty = world.service.secret_use(&world.admin, &named("copy"), "x").await.unwrap_err();
    assert_eq!(empty.kind(), Kind::Invalid);

    let sealed = world.sealed("token").await;
    let seals = world.service.seals();
    let own = id.to_string();
    assert_eq!(seals.open_value(Place { record_type: "SECRET", id: &own, column: "value" }, &sealed).unwrap(), VALUE);
    assert!(seals.open_value(Place { record_type: "SECRET", id: "another", column: "value" }, &sealed).is_err());
}

#[tokio::test]
async fn a_rotation_seals_every_value_anew_and_raises_no_version() {
    let world = World::new().await;
    for n in 0..230 {
        world
            .service
            .record_create(
                &world.admin,
                crate::service::RecordWrite::new(
                    of("SECRET"),
                    super::columns(json!({ "name": format!("secret {n}"), "value": format!("{VALUE} {n}") })),
                ),
            )
            .await
            .unwrap();
    }
    let binned = world.secret("binned", json!(null)).await;
    world.service.record_delete(&world.admin, of("SECRET"), &Selector::Id(binned), false).await.unwrap().wait().await.unwrap();
    let before = world.sealed("secret 7").await;
    let rotated = world.service.keys_rotate(&Actor::system(Door::Cli)).await.unwrap();
    assert_eq!((rotated.number, rotated.values), (2, 231));
    let after = world.sealed("secret 7").await;
    assert!(before.starts_with("s1.1.") && after.starts_with("s1.2."));
    let row = world.service.record_row(&world.admin, of("SECRET"), &named("secret 7")).await.unwrap();
    assert_eq!(row.version(), 1);
    world.service.record_restore(&world.admin, of("SECRET"), &Selector::Id(binned)).await.unwrap().commit.wait().await.unwrap();
    for (name, value) in [("secret 7", format!("{VALUE} 7")), ("secret 229", format!("{VALUE} 229")), ("binned", VALUE.to_owned())] {
        assert_eq!(world.service.secret_use(&world.admin, &named(name), "x").await.unwrap().reveal(), &json!(value));
    }
    let file = fs::read_to_string(key_file(&world.folder)).unwrap();
    assert!(file.contains("seal 2 ") && !file.contains("seal 1 "), "the older key is gone");
    assert!(fs::read_to_string(rotated.kept).unwrap().contains("seal 1 "), "backups still need it");
    let by_user = world.service.keys_rotate(&world.admin).await.unwrap_err();
    assert_eq!(by_user.kind(), Kind::Forbidden);
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_goes_on_at_the_next_start() {
    let world = World::new().await;
    world.secret("token", json!(null)).await;
    // As far as it is when the power goes after the new key was written down.
    let keys = world.service.seals().keys().with_another().unwrap();
    world.service.seals().file().write(&keys).unwrap();
    let (service, folder) = world.reopened().await.unwrap();
    let system = Actor::system(Door::Cli);
    assert_eq!(service.secret_use(&system, &named("token"), "x").await.unwrap().reveal(), VALUE);
    service.clone().keys_resume().await;
    assert_eq!(service.seals().keys().seals.keys().copied().collect::<Vec<_>>(), [2]);
    assert_eq!(service.secret_use(&system, &named("token"), "x").await.unwrap().reveal(), VALUE);

    // The other end: the database needs the new key alone, the file still has both.
    service.seals().file().write(&keys).unwrap();
    seal::checks_write(service.store(), &keys.only_current()).await.unwrap();
    service.store().close().await;
    let service = open(&folder).await.unwrap();
    service.clone().keys_resume().await;
    assert!(!fs::read_to_string(key_file(&folder)).unwrap().contains("seal 1 "));
}

#[tokio::test]
async fn a_missing_or_a_wrong_key_file_is_said_clearly() {
    let world = World::new().await;
    world.secret("token", json!(null)).await;
    let path = key_file(&world.folder);
    let right = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    world.service.store().close().await;
    let missing = open(&world.folder).await.err().unwrap();
    assert_eq!(missing.kind(), Kind::Unavailable);
    assert!(missing.message().contains("is missing") && missing.message().contains(&path.display().to_string()), "{missing}");
    assert!(!path.exists(), "no other key is made in its place");
    let line = |n: &str| format!("seal 1 {}\n", n.repeat(32));
    let base = right.lines().find(|line| line.starts_with("base ")).unwrap();
    for text in [format!("{base}\n{}", line("ab")), right.replace(base, &format!("base {}", "cd".repeat(32)))] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let refused = open(&world.folder).await.err().unwrap();
        assert!(refused.message().contains("is not the one of this database"), "{refused}");
    }
    fs::write(&path, right).unwrap();
    open(&world.folder).await.unwrap();
}
