//! API keys: made once, shown once, verified from memory, revoked at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::{Actor, Door, KeyUse};
use super::audit::Deed;
use super::cache::Cache;
use super::grant;
use super::handle::Service;
use super::identity::record_type;
use super::rights::{Operation, Permission, PermissionSet};
use super::token::{self, KeyToken, SecretHash};
use super::toolset::Toolset;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::store::{Filter, ListQuery, Row, Scope, Unit, Write};

/// `last_used_at` is written at most this often.
const USED_EVERY: SignedDuration = SignedDuration::from_mins(1);
const DAY: i64 = 24 * 3600;

/// When a new key ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// After the configured number of days.
    #[default]
    Default,
    Never,
    At(Timestamp),
}

impl Expiry {
    /// Reads `expires_at` of a request: absent or null, `"never"`, or a time stamp.
    pub fn parse(value: Option<&Value>) -> Result<Expiry> {
        match value {
            None | Some(Value::Null) => Ok(Expiry::Default),
            Some(Value::String(text)) if text == "never" => Ok(Expiry::Never),
            Some(Value::String(text)) => clock::parse(text).map(Expiry::At).ok_or_else(|| bad_expiry(text)),
            Some(other) => Err(bad_expiry(&other.to_string())),
        }
    }
}

/// A key that does not hold; `reason` is for programs.
fn refused(reason: &str, message: &str) -> Error {
    Error::new(Kind::Unauthenticated, message).details(json!({ "reason": reason }))
}

fn bad_expiry(text: &str) -> Error {
    Error::invalid(format!("'{text}' is no expiry; give an ISO 8601 time stamp with an offset, or \"never\".")).field("/expires_at")
}

/// What a new key needs.
#[derive(Debug, Default)]
pub struct KeyRequest {
    pub user_id: Uuid,
    pub name: String,
    /// `user` or `service`.
    pub kind: Option<String>,
    pub expires_at: Expiry,
    /// A list of `{"operation", "record_type", "project"}`, or null.
    pub scopes: Value,
    /// Groups and presets of tools that agents are shown, as [`Toolset::parse`] reads them.
    pub tools: Option<String>,
}

/// A key, just made. The token is shown this once.
#[derive(Debug)]
pub struct NewKey {
    pub token: String,
    /// The API_KEY record.
    pub row: Row,
}

#[derive(Clone)]
struct Known {
    id: Uuid,
    user: Uuid,
    name: Arc<str>,
    scopes: Option<Arc<PermissionSet>>,
    tools: Toolset,
    expires_at: Option<Timestamp>,
}

/// Keys verified lately, and when their use was last written down.
pub(super) struct Keys {
    known: Cache<SecretHash, Known>,
    used: Mutex<HashMap<Uuid, Timestamp>>,
}

impl Keys {
    pub(super) fn new() -> Self {
        Keys { known: Cache::new(10_000), used: Mutex::new(HashMap::new()) }
    }

    pub(super) fn clear(&self) {
        self.known.clear();
    }
}

fn tools_of(row: &Row) -> Result<Toolset> {
    row.text("tools").map_or_else(|| Ok(Toolset::default()), |tools| Toolset::parse(tools, "/tools"))
}

impl Service {
    /// Makes a key. Needs UPDATE on the user and everything that the key will be able to do; a key that is narrowed
    /// itself can make none, and neither can flow code.
    pub async fn key_create(&self, actor: &Actor, request: KeyRequest) -> Result<NewKey> {
        let token = self.key_token(actor, &request).await?;
        let row = self.key_row(actor, &request, &token)?;
        let write = Write::Insert { table: record_type("API_KEY").singular, key: &["id"], row: row.clone() };
        let entry = self.audit(actor, Deed::on("create", record_type("API_KEY"), &row));
        self.store().submit(Unit { writes: vec![write, entry], lazy: false }).wait().await?;
        Ok(NewKey { token: token.token, row })
    }

    /// A token for a key that the actor may make.
    pub(super) async fn key_token(&self, actor: &Actor, request: &KeyRequest) -> Result<KeyToken> {
        let access = self.access(actor).await?;
        if actor.key.as_ref().is_some_and(|key| key.scopes.is_some()) || matches!(actor.door, Door::Flow) {
            return Err(Error::new(Kind::Forbidden, "Keys are made by users, or with keys that have no scopes."));
        }
        let subject = Subject { record_type: "USER", id: Some(request.user_id), place: None, parent: None };
        let user = self.user(request.user_id).await?.filter(|_| access.may(Operation::Read, &subject));
        let user = user.ok_or_else(|| Error::not_found(format!("There is no user {}.", request.user_id)).field("/user_id"))?;
        access.require_parent(&subject)?;
        let scopes = grant::scopes(&request.scopes, "/scopes")?;
        request.tools.as_deref().map(|tools| Toolset::parse(tools, "/tools")).transpose()?;
        let granted: Vec<Permission> = match &scopes {
            None => user.permissions.iter().copied().collect(),
            // What a scope allows beyond the user's own rights it does not give: only what both have is granted.
            Some(scopes) => scopes.iter().flat_map(|scope| user.permissions.iter().filter_map(|held| held.and(scope))).collect(),
        };
        // Who may not read roles does not learn here what another user's allow.
        if access.may(Operation::Read, &Subject::new_in("ROLE", None)) || actor.id() == Some(user.id) {
            access.require_all(&granted)?;
        } else {
            access.require_all_unnamed(&granted)?;
        }
        KeyToken::new()
    }

    pub(super) fn key_row(&self, actor: &Actor, request: &KeyRequest, token: &KeyToken) -> Result<Row> {
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > 128 {
            return Err(Error::invalid("The name of a key has 1 to 128 characters.").field("/name"));
        }
        let kind = request.kind.as_deref().unwrap_or("user");
        if !["user", "service"].contains(&kind) {
            return Err(Error::invalid(format!("'{kind}' is no kind of key; there are 'user' and 'service'.")).field("/kind"));
        }
        let now = self.clock().now();
        let expires_at = match request.expires_at {
            Expiry::Default => now.checked_add(SignedDuration::from_secs(i64::from(self.config().auth.key_days) * DAY)).ok(),
            Expiry::Never => None,
            Expiry::At(at) if at <= now => return Err(Error::invalid("A new key must end in the future.").field("/expires_at")),
            Expiry::At(at) => Some(at),
        };
        let by = actor.id().map(|id| id.to_string());
        Ok(Row::from([
            ("id", json!(Service::new_id().to_string())),
            ("version", json!(1)),
            ("created_at", json!(clock::format(now))),
            ("created_by", json!(by)),
            ("modified_at", json!(clock::format(now))),
            ("modified_by", json!(by)),
            ("user_id", json!(request.user_id.to_string())),
            ("name", json!(name)),
            ("kind", json!(kind)),
            ("prefix", json!(token.prefix)),
            ("expires_at", json!(expires_at.map(clock::format))),
            ("last_used_at", Value::Null),
            ("replaced_by", Value::Null),
            ("revoked_at", Value::Null),
            ("scopes", request.scopes.clone()),
            ("tools", json!(request.tools)),
            ("secret_hash", json!(SecretHash::of(&token.token).to_hex())),
        ]))
    }

    /// The keys of a user, oldest first. Needs READ on it.
    pub async fn key_list(&self, actor: &Actor, user: Uuid) -> Result<Vec<Row>> {
        let access = self.access(actor).await?;
        let subject = Subject { record_type: "USER", id: Some(user), place: None, parent: None };
        if !access.may(Operation::Read, &subject) {
            return Err(Error::not_found(format!("There is no user {user}.")));
        }
        let query = ListQuery { filter: Some(Filter::eq("user_id", user.to_string())), ..ListQuery::default() };
        Ok(self.store().row_list(record_type("API_KEY"), &query, &Scope::All).await?.items)
    }

    /// Revokes a key at once. Needs UPDATE on its user.
    pub async fn key_revoke(&self, actor: &Actor, id: Uuid) -> Result<()> {
        let access = self.access(actor).await?;
        let row = self.key_owned(&access, id).await?;
        if row.text("revoked_at").is_some() {
            return Ok(());
        }
        let now = self.now_text();
        let entry = self.audit(actor, Deed::on("revoke", record_type("API_KEY"), &row));
        let row = Row::from([("id", json!(id.to_string())), ("revoked_at", json!(now)), ("modified_at", json!(now))]);
        let commit = self.store().submit(Unit { writes: vec![Write::Update { table: "api_key", key: &["id"], row }, entry], lazy: false });
        self.keys().clear();
        commit.wait().await
    }

    /// The row of a key whose user the actor may update.
    pub(super) async fn key_owned(&self, access: &Access, id: Uuid) -> Result<Row> {
        let missing = || Error::not_found(format!("There is no API key {id}."));
        let row = self.store().row_get(record_type("API_KEY"), id, &Scope::All).await?.ok_or_else(missing)?;
        let subject = Subject { record_type: "USER", id: row.uuid("user_id"), place: None, parent: None };
        if !access.may(Operation::Read, &subject) {
            return Err(missing());
        }
        access.require_parent(&subject)?;
        Ok(row)
    }

    /// The user behind a key, narrowed to its scopes. A warm key costs no statement.
    pub async fn actor_by_key(&self, token: &str, door: Door) -> Result<Actor> {
        if !token::is_key(token) {
            return Err(refused(
                "malformed",
                "This is no API key of Flowstead: it should read `cldm_<prefix>_<secret>`, and its checksum should be right.",
            ));
        }
        let hash = SecretHash::of(token);
        let known = match self.keys().known.get(&hash) {
            Some(known) => known,
            None => self.key_load(token, hash).await?,
        };
        let now = self.clock().now();
        if let Some(at) = known.expires_at.filter(|at| now >= *at) {
            return Err(refused("expired", &format!("This API key expired at {}. Make a new one.", clock::format(at))));
        }
        self.key_used(known.id, now);
        let mut actor = Actor::user(known.user, &known.name, door);
        actor.key = Some(KeyUse { id: known.id, scopes: known.scopes, tools: known.tools });
        Ok(actor)
    }

    /// Says why a key does not hold only to who has the whole of it.
    async fn key_load(&self, token: &str, hash: SecretHash) -> Result<Known> {
        let unknown = || refused("unknown", "This API key is not known here.");
        let ticket = self.keys().known.ticket();
        let prefix = token.split('_').nth(1).unwrap_or_default();
        let row = self.key_by_prefix(prefix).await?.ok_or_else(unknown)?;
        let stored = row.text("secret_hash").unwrap_or_default();
        let is_same: bool = stored.as_bytes().ct_eq(hash.to_hex().as_bytes()).into();
        let user = row.uuid("user_id").filter(|_| is_same).ok_or_else(unknown)?;
        if let Some(at) = row.text("revoked_at") {
            return Err(refused("revoked", &format!("This API key was revoked at {at}. Make a new one.")));
        }
        let user = self.user(user).await?.filter(|u| u.is_enabled);
        let user = user.ok_or_else(|| refused("disabled", "The user of this API key is disabled."))?;
        let known = Known {
            id: row.id().unwrap_or_default(),
            user: user.id,
            name: user.name.clone(),
            scopes: grant::scopes(row.json("scopes").unwrap_or(&Value::Null), "/scopes")?,
            tools: tools_of(&row)?,
            expires_at: row.text("expires_at").and_then(clock::parse),
        };
        self.keys().known.put(ticket, hash, known.clone());
        Ok(known)
    }

    /// A key as it stands, for what was asked for with it earlier; `None` for one that has ended.
    pub(super) async fn key_use(&self, id: Uuid) -> Result<Option<KeyUse>> {
        // On the writer's connection, as below.
        let look = self.store().transact(move |tx| Box::pin(async move { tx.row_get(record_type("API_KEY"), id, &Scope::All).await }));
        let now = self.clock().now();
        let ended =
            |row: &Row| row.text("revoked_at").is_some() || row.text("expires_at").and_then(clock::parse).is_some_and(|at| now >= at);
        let Some(row) = look.await?.0.filter(|row| !ended(row)) else { return Ok(None) };
        let scopes = grant::scopes(row.json("scopes").unwrap_or(&Value::Null), "/scopes")?;
        Ok(Some(KeyUse { id, scopes, tools: tools_of(&row)? }))
    }

    async fn key_by_prefix(&self, prefix: &str) -> Result<Option<Row>> {
        let query = ListQuery { filter: Some(Filter::eq("prefix", prefix)), limit: 1, ..ListQuery::default() };
        // On the writer's connection: a key revoked a moment ago is revoked, on disk or not.
        let look = self
            .store()
            .transact(move |tx| Box::pin(async move { Ok(tx.row_list(record_type("API_KEY"), &query, &Scope::All).await?.items.pop()) }));
        Ok(look.await?.0)
    }

    fn key_used(&self, id: Uuid, now: Timestamp) {
        let mut used = self.keys().used.lock().expect("no panic happens under this lock");
        if used.get(&id).is_some_and(|last| now.duration_since(*last) < USED_EVERY) {
            return;
        }
        used.insert(id, now);
        drop(used);
        let row = Row::from([("id", json!(id.to_string())), ("last_used_at", json!(clock::format(now)))]);
        drop(self.store().submit(Unit { writes: vec![Write::Update { table: "api_key", key: &["id"], row }], lazy: true }));
    }
}
