//! The service on a real store: who sees, who changes, what is refused and how it is said.

mod access;
mod audit;
mod blob;
mod credential;
mod firing;
mod grant;
mod location;
mod login;
mod object;
mod own;
mod record;
mod retention;
mod rotation;
mod round_trip;
mod schema_ref;
mod secret;
mod shipment;
mod start;
mod user_tool;

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::Kind;
use crate::records::{self, RecordType};
use crate::store::{Durability, Options, Store, Unit};

/// A service on a new store, seeded.
pub(super) struct World {
    pub(super) service: Service,
    pub(super) clock: Clock,
    pub(super) admin: Actor,
    pub(super) first: FirstStart,
    pub(super) folder: TempDir,
}

pub(super) fn of(name: &str) -> &'static RecordType {
    records::find(name).expect("a declared type")
}

pub(super) fn columns(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

impl World {
    pub(super) async fn new() -> World {
        World::with(Commands::none()).await
    }

    /// With a stand-in for the engine that takes every command and writes what it is given.
    pub(super) async fn with_engine() -> World {
        let (commands, receiver) = Commands::channel();
        let world = World::with(commands).await;
        tokio::spawn(engine(receiver, world.service.clone()));
        world
    }

    async fn with(commands: Commands) -> World {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-11-21T09:00:00Z".parse().unwrap());
        let options = Options { folder: folder.path().to_owned(), durability: Durability::default() };
        let store = Store::open(options).await.unwrap();
        let mut config = Config::default();
        folder.path().clone_into(&mut config.server.data);
        let service = Service::open(store, clock.clone(), &config, commands).await.unwrap();
        let first = service.seed().await.unwrap().expect("the store was empty");
        assert!(service.seed().await.unwrap().is_none(), "a second start makes nothing");
        let admin = Actor::user(first.user_id, ADMIN, Door::Rest);
        World { service, clock, admin, first, folder }
    }

    pub(super) async fn make(&self, actor: &Actor, name: &str, payload: Value) -> crate::error::Result<Written> {
        let written = self.service.record_create(actor, RecordWrite::new(of(name), columns(payload))).await?;
        self.service.store().barrier().await?;
        Ok(written)
    }

    pub(super) async fn change(&self, actor: &Actor, name: &str, id: Uuid, payload: Value) -> crate::error::Result<Written> {
        let write = RecordWrite { selector: Some(Selector::Id(id)), ..RecordWrite::new(of(name), columns(payload)) };
        let written = self.service.record_update(actor, write).await?;
        self.service.store().barrier().await?;
        Ok(written)
    }

    /// A user whose one role has these permissions.
    pub(super) async fn user(&self, name: &str, permissions: &[(&str, &str, Option<Uuid>)]) -> Actor {
        let user = self.make(&self.admin, "USER", json!({ "name": name, "password": "a long enough password" })).await.unwrap().id;
        let role = self.make(&self.admin, "ROLE", json!({ "name": format!("role of {name}") })).await.unwrap().id;
        for (operation, record_type, project) in permissions {
            let operation = Some(operation).filter(|text| !text.is_empty());
            let payload = json!({ "role_id": role, "operation": operation, "permission_record_type": record_type, "project_id": project });
            self.make(&self.admin, "ROLE_PERMISSION", payload).await.unwrap();
        }
        self.make(&self.admin, "IDENTITY_ROLE", json!({ "identity_id": user, "role_id": role, "propagate": true })).await.unwrap();
        Actor::user(user, name, Door::Rest)
    }

    pub(super) async fn project(&self, name: &str) -> Uuid {
        self.make(&self.admin, "PROJECT", json!({ "name": name })).await.unwrap().id
    }

    pub(super) async fn names(&self, actor: &Actor, name: &str) -> Vec<String> {
        let page = self.service.record_list(actor, of(name), &ListRequest { order: vec!["name".into()], ..Default::default() }).await;
        let page = page.unwrap();
        assert_eq!(page.total, page.items.len() as u64, "the total counts what is seen");
        page.items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    }
}

/// Writes what it is given; ends nothing by itself.
async fn engine(mut commands: mpsc::UnboundedReceiver<Command>, service: Service) {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Start { execution, lazy, reply } => {
                let _ = reply.send(Ok(service.store().submit(Unit { writes: execution.writes, lazy })));
            }
            Command::Run { reply, .. } | Command::Cancel { reply, .. } | Command::Pause { reply, .. } | Command::Resume { reply, .. } => {
                let _ = reply.send(Ok(service.store().submit(Unit::default())));
            }
            Command::LimitChanged { .. } | Command::MessageChanged { .. } | Command::ScheduleChanged { .. } | Command::Adopt { .. } => {}
            Command::Look { reply, .. } => {
                let _ = reply.send(Ok(crate::service::Look::Nowhere));
            }
            Command::Check { script, reply, .. } => {
                let has_syntax_error = script.contains("def (");
                let _ = reply.send(Ok(crate::protocol::Checked { has_syntax_error, ..Default::default() }));
            }
        }
    }
}

pub(super) fn kind<T>(result: crate::error::Result<T>) -> Kind {
    result.err().expect("it is refused").kind()
}
