//! Logging in: the name, the password, the second factor; and what too many wrong ones lead to.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Subject;
use super::actor::{Actor, Door};
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use super::rights::Operation;
use super::row::find;
use super::second_factor::wrong_code;
use super::session::TABLE;
use super::throttle;
use super::token::{self, SecretHash};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Scope, Unit, Write};

const DAY: i64 = 24 * 3600;

/// What a login needs.
pub struct LoginRequest<'a> {
    pub user_name: &'a str,
    pub password: &'a str,
    /// A code of the second factor, or a recovery code.
    pub twofa_code: Option<&'a str>,
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

impl Service {
    /// Opens a session. Wrong names and wrong passwords get the same answer after the same time; too many make the
    /// next try wait ([`Kind::Throttled`]). With a right password, `details.reason` of [`Kind::Unauthenticated`] says what is
    /// the matter with the second factor: `twofa_required` or `twofa_wrong`.
    pub async fn login(&self, request: LoginRequest<'_>) -> Result<Login> {
        let name = request.user_name.trim();
        self.throttle().begin(name, request.address)?;
        let row = self.store().row_by_name(record_type("USER"), name, &Scope::All).await?;
        let now = self.clock().now();
        let locked = row.as_ref().and_then(|row| row.text("locked_until")).and_then(clock::parse);
        if let Some(left) = locked.map(|until| until.duration_since(now)).filter(SignedDuration::is_positive) {
            return Err(throttle::refusal(left.unsigned_abs()));
        }
        let hash = row.as_ref().and_then(|row| row.text("password"));
        let right = self.passwords().verify(request.password, hash).await?;
        let Some(row) = row.as_ref().filter(|row| right && row.flag("is_enabled")) else {
            self.login_failed(&request, row.as_ref());
            return Err(Error::new(Kind::Unauthenticated, "The user name or the password is wrong."));
        };
        if row.flag("is_2fa_enabled") {
            let Some(code) = request.twofa_code else {
                // No guess, and so nothing to be held against the user.
                self.throttle().forgive(name, request.address);
                let message = "This user has a second factor: send its code as 'twofa_code' too.";
                return Err(Error::new(Kind::Unauthenticated, message).field("/twofa_code").details(json!({ "reason": "twofa_required" })));
            };
            if !self.second_factor_spend(row, code).await? {
                self.login_failed(&request, Some(row));
                return Err(wrong_code().field("/twofa_code"));
            }
        }
        self.throttle().succeeded(name, request.address);
        self.session_open(&request, row, now).await
    }

    async fn session_open(&self, request: &LoginRequest<'_>, row: &Row, now: Timestamp) -> Result<Login> {
        let id = row.id().ok_or_else(|| Error::internal("a user has no id"))?;
        let session_id = token::session_id()?;
        let expires_at = now.saturating_add(SignedDuration::from_secs(i64::from(self.config().auth.session_days) * DAY)).unwrap_or(now);
        let session = Row::from([
            ("id_hash", json!(SecretHash::of(&session_id).to_hex())),
            ("id", json!(Service::new_id().to_string())),
            ("user_id", json!(id.to_string())),
            ("created_at", json!(clock::format(now))),
            ("last_seen_at", json!(clock::format(now))),
            ("expires_at", json!(clock::format(expires_at))),
            ("client", json!(request.client.map(|c| c.chars().take(200).collect::<String>()))),
            ("address", json!(request.address.map(|address| address.to_string()))),
        ]);
        let user = record_type("USER");
        let seen = Row::from([("id", json!(id.to_string())), ("last_login", json!(clock::format(now))), ("locked_until", Value::Null)]);
        let writes = vec![
            Write::Insert { table: TABLE, key: &["id_hash"], row: session },
            Write::Update { table: user.singular, key: &["id"], row: seen },
            self.audit(&login_actor(request, Some(row)), Deed::on("login", user, row)),
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

    /// Notes a login that was refused, and the lock-out that it led to. The name only of a user that there is: others may be
    /// a password, typed in the wrong place.
    fn login_failed(&self, request: &LoginRequest<'_>, row: Option<&Row>) {
        let user = record_type("USER");
        let deed = row.map_or(Deed { record_type: Some(user.name), ..Deed::default() }, |row| Deed::on("login", user, row));
        let actor = login_actor(request, None);
        self.audit_alone(&actor, Deed { operation: "login", ..deed }, "denied");
        let locked = self.throttle().lock_out(request.user_name.trim());
        let (Some(row), Some(locked)) = (row, locked) else { return };
        let until = self.clock().now().saturating_add(SignedDuration::try_from(locked).unwrap_or(SignedDuration::ZERO));
        let until = clock::format(until.unwrap_or(Timestamp::MAX));
        let details = json!({ "until": until });
        let entry = self.audit(&actor, Deed { details: Some(&details), ..Deed::on("lock_out", user, row) });
        let change = Row::from([("id", row.json("id").cloned().unwrap_or_default()), ("locked_until", json!(until))]);
        let writes = vec![Write::Update { table: user.singular, key: &["id"], row: change }, entry];
        drop(self.store().submit(Unit { writes, lazy: false }));
    }

    /// Lets a user log in again that was locked out. Needs UPDATE on it, by a role.
    pub async fn user_unlock(&self, actor: &Actor, id: Uuid) -> Result<()> {
        let users = record_type("USER");
        let access = self.access(actor).await?;
        let subject = Subject { record_type: users.name, id: Some(id), place: None, parent: None };
        let (row, _) = self.store().transact(move |tx| Box::pin(find(tx, users, id))).await?;
        let row =
            row.filter(|_| access.may(Operation::Read, &subject)).ok_or_else(|| Error::not_found(format!("There is no user {id}.")))?;
        let may = access.require_parent(&subject);
        may.inspect_err(|error| self.audit_refusal(actor, error, ("unlock", users), Some(&super::Selector::Id(id))))?;
        self.throttle().forget(row.text("name").unwrap_or_default());
        let change = Row::from([("id", json!(id.to_string())), ("locked_until", Value::Null)]);
        let entry = self.audit(actor, Deed::on("unlock", users, &row));
        let writes = vec![Write::Update { table: users.singular, key: &["id"], row: change }, entry];
        self.store().submit(Unit { writes, lazy: false }).wait().await
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
