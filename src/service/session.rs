//! Logins and sessions: a random id in the client's hands, its hash in the store.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::{Actor, Door};
use super::audit::Deed;
use super::cache::Cache;
use super::handle::Service;
use super::identity::record_type;
use super::row::row_of;
use super::token::{self, SecretHash};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Scope, Unit, Write};

pub(super) const TABLE: &str = "session";
/// `last_seen_at` is written at most this often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(10);
const DAY: i64 = 24 * 3600;

/// What a login needs.
pub struct LoginRequest<'a> {
    pub user_name: &'a str,
    pub password: &'a str,
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub client: Option<&'a str>,
}

/// A session, just opened. `session_id` is shown this once.
#[derive(Debug)]
pub struct Login {
    pub identity_id: Uuid,
    pub name: String,
    pub session_id: String,
    pub expires_at: Timestamp,
    /// The password was made by the server or an administrator and should be replaced.
    pub must_change_password: bool,
}

#[derive(Clone, Debug)]
struct Session {
    user: Uuid,
    name: Arc<str>,
    seen_at: Timestamp,
    expires_at: Timestamp,
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
    /// Opens a session. Wrong names and wrong passwords get the same answer after the same time; too many make the
    /// next try wait ([`Kind::Throttled`]).
    pub async fn login(&self, request: LoginRequest<'_>) -> Result<Login> {
        let name = request.user_name.trim();
        self.throttle().begin(name, request.address)?;
        let user = record_type("USER");
        let row = self.store().row_by_name(user, name, &Scope::All).await?;
        let hash = row.as_ref().and_then(|row| row.text("password"));
        let right = self.passwords().verify(request.password, hash).await?;
        let known = row.clone();
        let Some(row) = row.filter(|row| right && row.flag("is_enabled")) else {
            self.audit_login(&request, known.as_ref(), "denied");
            return Err(Error::new(Kind::Unauthenticated, "The user name or the password is wrong."));
        };
        self.throttle().succeeded(name, request.address);
        let id = row.id().ok_or_else(|| Error::internal("a user has no id"))?;
        let now = self.clock().now();
        let session_id = token::session_id()?;
        let expires_at = now.saturating_add(SignedDuration::from_secs(i64::from(self.config().auth.session_days) * DAY)).unwrap_or(now);
        let session = row_of([
            ("id_hash", json!(SecretHash::of(&session_id).to_hex())),
            ("user_id", json!(id.to_string())),
            ("created_at", json!(clock::format(now))),
            ("last_seen_at", json!(clock::format(now))),
            ("expires_at", json!(clock::format(expires_at))),
            ("client", json!(request.client.map(|c| c.chars().take(200).collect::<String>()))),
        ]);
        let seen = row_of([("id", json!(id.to_string())), ("last_login", json!(clock::format(now)))]);
        let writes = vec![
            Write::Insert { table: TABLE, key: &["id_hash"], row: session },
            Write::Update { table: user.singular, key: &["id"], row: seen },
            self.audit(&login_actor(&request, Some(&row)), Deed::on("login", user, &row)),
        ];
        self.store().submit(Unit { writes, lazy: false }).wait().await?;
        Ok(Login {
            identity_id: id,
            name: row.text("name").unwrap_or_default().to_owned(),
            session_id,
            expires_at,
            must_change_password: row.flag("must_change_password"),
        })
    }

    /// Notes a login that was refused. The name only of a user that there is: others may be a password, typed in the wrong place.
    fn audit_login(&self, request: &LoginRequest<'_>, row: Option<&Row>, outcome: &str) {
        let deed = row.map_or(Deed { record_type: Some("USER"), ..Deed::default() }, |row| Deed::on("login", record_type("USER"), row));
        self.audit_alone(&login_actor(request, None), Deed { operation: "login", ..deed }, outcome);
    }

    /// Ends a session; one that is not there is ended already.
    pub async fn logout(&self, session_id: &str) -> Result<()> {
        let hash = SecretHash::of(session_id);
        let row = row_of([("id_hash", json!(hash.to_hex()))]);
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
        let idle = SignedDuration::from_secs(i64::from(self.config().auth.session_idle_days) * DAY);
        if now >= session.expires_at || now.duration_since(session.seen_at) >= idle {
            return Err(over());
        }
        if now.duration_since(session.seen_at) >= SEEN_EVERY {
            let row = row_of([("id_hash", json!(hash.to_hex())), ("last_seen_at", json!(clock::format(now)))]);
            drop(self.store().submit(Unit { writes: vec![Write::Update { table: TABLE, key: &["id_hash"], row }], lazy: true }));
            let ticket = self.sessions().0.ticket();
            self.sessions().0.put(ticket, hash, Session { seen_at: now, ..session.clone() });
        }
        Ok(Actor::user(session.user, &session.name, door))
    }

    async fn session_load(&self, hash: SecretHash) -> Result<Option<Session>> {
        let ticket = self.sessions().0.ticket();
        // On the writer's connection: a session ended a moment ago is over, on disk or not.
        let look = self.store().transact(move |tx| {
            Box::pin(async move { tx.aside(TABLE, &["user_id", "last_seen_at", "expires_at"], ("id_hash", &hash.to_hex())).await })
        });
        let Some(row) = look.await?.0 else { return Ok(None) };
        let stamp = |name: &str| row.text(name).and_then(clock::parse);
        let (Some(user), Some(seen_at), Some(expires_at)) = (row.uuid("user_id"), stamp("last_seen_at"), stamp("expires_at")) else {
            return Err(Error::internal("a stored session is unreadable"));
        };
        let Some(user) = self.user(user).await?.filter(|u| u.is_enabled) else { return Ok(None) };
        let session = Session { user: user.id, name: user.name.clone(), seen_at, expires_at };
        self.sessions().0.put(ticket, hash, session.clone());
        Ok(Some(session))
    }

    /// The write that ends every session of a user: its password changed.
    pub(super) fn sessions_end(user: Uuid) -> Write {
        Write::Delete { table: TABLE, key: &["user_id"], row: row_of([("user_id", Value::from(user.to_string()))]) }
    }
}

/// Who logs in, as far as that is known: nobody before the password was right.
fn login_actor(request: &LoginRequest<'_>, row: Option<&Row>) -> Actor {
    let actor = match row.and_then(|row| Some((row.id()?, row.text("name")?))) {
        Some((id, name)) => Actor::user(id, name, Door::Rest),
        None => Actor::system(Door::Rest),
    };
    let mut actor = actor.with_client(request.client);
    actor.address = request.address;
    actor
}
