//! Idempotency keys: a repeated request gets the execution that the first one made, for 24 hours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;

use super::actor::Actor;
use super::command::NewExecution;
use super::execution::Started;
use super::handle::Service;
use super::identity::record_type;
use super::start::StartRequest;
use crate::clock;
use crate::error::{Error, Result};
use crate::store::{Commit, Row, Scope, Write};

pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(24);
pub(super) const TABLE: &str = "idempotency";
/// Longest key, characters.
const LENGTH: usize = 255;

type Key = (String, String);

/// The error for a role that is not there, or not there for the one who asks.
pub(super) fn unknown_role(name: &str) -> Error {
    Error::not_found(format!("There is no role '{name}'.")).field("/roles")
}

/// Requests under way by user and key: the second of two at once waits for the first.
#[derive(Default)]
pub(super) struct Idempotency(Arc<Mutex<HashMap<Key, Arc<AsyncMutex<()>>>>>);

/// The turn of one request. Leaving it lets the next one in.
struct Turn {
    all: Arc<Mutex<HashMap<Key, Arc<AsyncMutex<()>>>>>,
    key: Key,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Idempotency {
    async fn turn(&self, key: Key) -> Turn {
        let mine = self.0.lock().expect("no panic happens under this lock").entry(key.clone()).or_default().clone();
        // Held over the whole start on purpose: two starts of one key must not overlap.
        let guard = mine.lock_owned().await;
        Turn { all: self.0.clone(), key, guard: Some(guard) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = self.all.lock().expect("no panic happens under this lock");
        self.guard = None;
        if all.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            all.remove(&self.key);
        }
    }
}

impl Service {
    pub(super) async fn execution_start_once(&self, actor: &Actor, request: StartRequest) -> Result<Started> {
        let key = request.idempotency_key.clone().unwrap_or_default();
        let fingerprint = request.fingerprint();
        // On the heap: futures of starts are held in many places.
        self.execution_once(actor, (key, fingerprint), Box::pin(self.execution_prepare(actor, request))).await
    }

    /// Makes what `prepare` gives, unless the same user made an execution with the same key; another request with it is a conflict.
    pub(super) async fn execution_once(
        &self,
        actor: &Actor,
        (key, fingerprint): (String, String),
        prepare: impl Future<Output = Result<NewExecution>>,
    ) -> Result<Started> {
        if key.is_empty() || key.chars().count() > LENGTH {
            return Err(Error::invalid(format!("An Idempotency-Key has 1 to {LENGTH} characters.")).field("/idempotency_key"));
        }
        let user = actor.user_id().or_else(|| actor.id()).map(|id| id.to_string()).unwrap_or_default();
        let _turn = self.idempotency().turn((user.clone(), key.clone())).await;
        if let Some(row) = self.execution_of_key(&user, &key, &fingerprint).await? {
            let id = row.id().ok_or_else(|| Error::internal("an execution has no id"))?;
            return Ok(Started { id, row, existed: true, commit: Commit::done() });
        }
        let mut new = prepare.await?;
        let row = Row::from([
            ("key", json!(key)),
            ("user_id", json!(user)),
            ("execution_id", json!(new.id.to_string())),
            ("request_hash", json!(fingerprint)),
            ("created_at", json!(self.now_text())),
        ]);
        new.writes.push(Write::Upsert { table: TABLE, key: &["user_id", "key"], row });
        self.execution_hand_over(new, false).await
    }

    /// The execution an earlier request with this key made.
    async fn execution_of_key(&self, user: &str, key: &str, fingerprint: &str) -> Result<Option<Row>> {
        // What was started a moment ago is on its way to the disk, in order.
        self.store().barrier().await?;
        let oldest = clock::format(self.clock().now().saturating_sub(KEPT).unwrap_or(jiff::Timestamp::MIN));
        let columns = &["execution_id", "request_hash", "created_at"];
        let found = self.store().aside_where(TABLE, columns, &[("user_id", user), ("key", key)]).await?;
        let Some(found) = found.filter(|row| row.text("created_at").is_some_and(|at| at > oldest.as_str())) else {
            return Ok(None);
        };
        if found.text("request_hash") != Some(fingerprint) {
            let text = "This Idempotency-Key was used for another request within the last 24 hours; use a new key for new work.";
            return Err(Error::conflict(text).field("/idempotency_key"));
        }
        match found.uuid("execution_id") {
            Some(id) => self.store().row_get(record_type("EXECUTION"), id, &Scope::All).await,
            None => Ok(None),
        }
    }

    /// Which roles these names or ids are; an unknown one is not found.
    pub(super) async fn role_ids(&self, names: &[String]) -> Result<Vec<Uuid>> {
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            let row = match Uuid::parse_str(name) {
                Ok(id) => self.store().row_get(record_type("ROLE"), id, &Scope::All).await?,
                Err(_) => self.store().row_by_name(record_type("ROLE"), name.trim(), &Scope::All).await?,
            };
            let id = row.and_then(|row| row.id());
            ids.push(id.ok_or_else(|| unknown_role(name))?);
        }
        Ok(ids)
    }
}
