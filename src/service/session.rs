//! Sessions: a random id in the client's hands, its hash in the store.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::access::Subject;
use super::actor::{Actor, Door};
use super::audit::Deed;
use super::cache::Cache;
use super::handle::Service;
use super::rights::Operation;
use super::token::SecretHash;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Tx, Unit, Write};

pub(super) const TABLE: &str = "session";
const SHOWN: &[&str] = &["id", "user_id", "created_at", "last_seen_at", "expires_at", "client", "address"];
/// `last_seen_at` is written at most this often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(10);
const DAY: i64 = 24 * 3600;

#[derive(Clone, Debug)]
struct Session {
    id: Uuid,
    user: Uuid,
    name: Arc<str>,
    seen_at: Timestamp,
    expires_at: Timestamp,
}

/// A session as its user sees it.
#[derive(Debug)]
pub struct SessionShown {
    /// Columns as text: `id`, `user_id`, `created_at`, `last_seen_at`, `expires_at`, `client`, `address`.
    pub row: Row,
    /// Whether the request came with it.
    pub is_current: bool,
}

/// Sessions seen lately.
pub(super) struct Sessions(Cache<SecretHash, Session>);

impl Sessions {
    pub(super) fn new() -> Self {
        Sessions(Cache::new(10_000))
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

impl Service {
    /// Ends a session; one that is not there is ended already.
    pub async fn logout(&self, session_id: &str) -> Result<()> {
        let hash = SecretHash::of(session_id);
        let row = Row::from([("id_hash", json!(hash.to_hex()))]);
        let commit = self.store().submit(Unit { writes: vec![Write::Delete { table: TABLE, key: &["id_hash"], row }], lazy: false });
        self.sessions().clear();
        commit.wait().await
    }

    /// The user behind a session. A warm one costs no statement.
    pub async fn actor_by_session(&self, session_id: &str, door: Door) -> Result<Actor> {
        let over = || Error::new(Kind::Unauthenticated, "This session has ended. Log in again.");
        let hash = SecretHash::of(session_id);
        let session = match self.sessions().0.get(&hash) {
            Some(session) => session,
            None => self.session_load(hash).await?.ok_or_else(over)?,
        };
        let now = self.clock().now();
        if !self.is_session_open(now, session.expires_at, session.seen_at) {
            return Err(over());
        }
        if now.duration_since(session.seen_at) >= SEEN_EVERY {
            let row = Row::from([("id_hash", json!(hash.to_hex())), ("last_seen_at", json!(clock::format(now)))]);
            drop(self.store().submit(Unit { writes: vec![Write::Update { table: TABLE, key: &["id_hash"], row }], lazy: true }));
            let ticket = self.sessions().0.ticket();
            self.sessions().0.put(ticket, hash, Session { seen_at: now, ..session.clone() });
        }
        let mut actor = Actor::user(session.user, &session.name, door);
        actor.session = Some(session.id);
        Ok(actor)
    }

    /// Neither too old nor too long unused. A row that is over may lie there until the next sweep.
    fn is_session_open(&self, now: Timestamp, expires_at: Timestamp, seen_at: Timestamp) -> bool {
        now < expires_at && now.duration_since(seen_at) < self.session_idle()
    }

    /// How long a session may lie unused.
    pub(super) fn session_idle(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.config().auth.session_idle_days) * DAY)
    }

    async fn session_load(&self, hash: SecretHash) -> Result<Option<Session>> {
        let ticket = self.sessions().0.ticket();
        // On the writer's connection: a session ended a moment ago is over, on disk or not.
        let look = self.store().transact(move |tx| {
            Box::pin(async move { tx.aside(TABLE, &["id", "user_id", "last_seen_at", "expires_at"], ("id_hash", &hash.to_hex())).await })
        });
        let Some(row) = look.await?.0 else { return Ok(None) };
        let stamp = |name: &str| row.text(name).and_then(clock::parse);
        let (Some(user), Some(seen_at), Some(expires_at)) = (row.uuid("user_id"), stamp("last_seen_at"), stamp("expires_at")) else {
            return Err(Error::internal("a stored session is unreadable"));
        };
        let Some(user) = self.user(user).await?.filter(|u| u.is_enabled) else { return Ok(None) };
        let session = Session { id: row.uuid("id").unwrap_or_default(), user: user.id, name: user.name.clone(), seen_at, expires_at };
        self.sessions().0.put(ticket, hash, session.clone());
        Ok(Some(session))
    }

    /// Ends the sessions of a user, all but one: its password changed.
    pub(super) async fn sessions_end(tx: &mut Tx, user: Uuid, except: Option<Uuid>) -> Result<()> {
        let sessions = tx.aside_list(TABLE, &["id_hash", "id"], ("user_id", &user.to_string())).await?;
        let ended = sessions.into_iter().filter(|row| except.is_none() || row.uuid("id") != except);
        let writes: Vec<Write> = ended.map(|row| Write::Delete { table: TABLE, key: &["id_hash"], row }).collect();
        tx.apply(&writes).await
    }

    /// The sessions of a user, the last used first. Of others than the caller they need UPDATE on the user, by a role.
    pub async fn session_list(&self, actor: &Actor, user: Option<Uuid>) -> Result<Vec<SessionShown>> {
        let user = self.session_owner(actor, user).await?;
        let now = self.clock().now();
        let mut rows = self.store().aside_list(TABLE, SHOWN, ("user_id", &user.to_string())).await?;
        let stamp = |row: &Row, name: &str| row.text(name).and_then(clock::parse);
        rows.retain(|row| {
            stamp(row, "expires_at").zip(stamp(row, "last_seen_at")).is_some_and(|(end, seen)| self.is_session_open(now, end, seen))
        });
        rows.sort_by(|a, b| b.text("last_seen_at").cmp(&a.text("last_seen_at")));
        let shown =
            rows.into_iter().map(|row| SessionShown { is_current: row.uuid("id").is_some() && row.uuid("id") == actor.session, row });
        Ok(shown.collect())
    }

    /// Ends one session. Somebody else's needs UPDATE on its user, by a role.
    pub async fn session_end(&self, actor: &Actor, id: Uuid) -> Result<()> {
        let missing = || Error::not_found(format!("There is no session {id}."));
        let look = self
            .store()
            .transact(move |tx| Box::pin(async move { tx.aside(TABLE, &["id_hash", "user_id"], ("id", &id.to_string())).await }));
        let mut row = look.await?.0.ok_or_else(missing)?;
        let user = row.uuid("user_id").ok_or_else(missing)?;
        self.session_owner(actor, Some(user)).await.map_err(|e| if e.kind() == Kind::NotFound { missing() } else { e })?;
        row.remove("user_id");
        let deed = Deed { operation: "session_end", record_type: Some("USER"), id: Some(user), ..Deed::default() };
        let writes = vec![Write::Delete { table: TABLE, key: &["id_hash"], row }, self.audit(actor, deed)];
        let commit = self.store().submit(Unit { writes, lazy: false });
        self.sessions().clear();
        commit.wait().await
    }

    /// Ends the caller's other sessions, or all of another user.
    pub async fn session_end_all(&self, actor: &Actor, user: Option<Uuid>) -> Result<()> {
        let user = self.session_owner(actor, user).await?;
        let (service, by) = (self.clone(), actor.clone());
        let ended = self.store().transact(move |tx| {
            Box::pin(async move {
                Service::sessions_end(tx, user, by.session).await?;
                let deed = Deed { operation: "session_end_all", record_type: Some("USER"), id: Some(user), ..Deed::default() };
                tx.apply(&[service.audit(&by, deed)]).await
            })
        });
        let ((), commit) = ended.await?;
        self.sessions().clear();
        commit.wait().await
    }

    /// Whose sessions are meant, if the actor may see to them.
    async fn session_owner(&self, actor: &Actor, user: Option<Uuid>) -> Result<Uuid> {
        let user = user.or(actor.id()).ok_or_else(|| Error::invalid("Say whose sessions: 'user_id' is missing.").field("/user_id"))?;
        let access = self.access(actor).await?;
        let subject = Subject { record_type: "USER", id: Some(user), place: None, parent: None };
        let found = self.user(user).await?.is_some() && access.may(Operation::Read, &subject);
        if !found {
            return Err(Error::not_found(format!("There is no user {user}.")).field("/user_id"));
        }
        if actor.id() == Some(user) {
            access.require(Operation::Update, &subject)?;
        } else {
            access.require_parent(&subject)?;
        }
        Ok(user)
    }
}
