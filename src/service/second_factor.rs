//! The second factor of a login: codes by time (RFC 6238), each good once, and recovery codes for a lost device.

use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

use super::access::Subject;
use super::actor::{Actor, Identity};
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use super::record_write::absent;
use super::rights::Operation;
use super::row::{find, id_of};
use super::seal::Place;
use super::token::{self, SecretHash};
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Tx, Write};

/// Bytes of a secret, as RFC 4226 recommends.
const SECRET: usize = 20;
/// Recovery codes of one user.
const CODES: usize = 10;
const ISSUER: &str = "Flowstead";

/// What an authenticator is set up with. Shown this once.
pub struct Enrolment {
    /// The secret in base 32, to be typed in.
    pub otp_secret: String,
    /// The same as an `otpauth:` URL, for a QR code.
    pub provisioning_uri: String,
}

impl Service {
    /// Gives the caller a new secret. It counts from [`Service::second_factor_confirm`] on.
    pub async fn second_factor_enrol(&self, actor: &Actor) -> Result<Enrolment> {
        let name = self.second_factor_owner(actor).await?;
        let secret = token::random_bytes::<SECRET>()?;
        let totp = totp(&secret, &name)?;
        let enrolment = Enrolment {
            otp_secret: totp.secret().to_base32(),
            provisioning_uri: totp.to_url().map_err(|e| Error::internal(format!("no provisioning URL: {e}")))?,
        };
        let (service, by, text) = (self.clone(), actor.clone(), enrolment.otp_secret.clone());
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let row = own_row(tx, &by).await?;
                if row.flag("is_2fa_enabled") {
                    return Err(Error::conflict("You have a second factor already; disable it first, at /auth/2fa/disable."));
                }
                let id = id_of(&row).to_string();
                let sealed = service.seals().seal(Place { record_type: "USER", id: &id, column: "otp_secret" }, &json!(text))?;
                let change = [("otp_secret", json!(sealed)), ("otp_last_step", Value::Null), ("recovery_codes", Value::Null)];
                service.change_user(tx, (&by, "2fa_enrol"), &row, change).await
            })
        });
        work.await?.1.wait().await?;
        Ok(enrolment)
    }

    /// Switches the second factor on, once the caller's authenticator gives a right code. Answers the recovery codes, this
    /// once.
    pub async fn second_factor_confirm(&self, actor: &Actor, code: &str) -> Result<Vec<String>> {
        let name = self.second_factor_owner(actor).await?;
        self.throttle().begin(&name, actor.address)?;
        let codes: Vec<String> = (0..CODES).map(|_| token::recovery_code()).collect::<Result<_>>()?;
        let hashes: Vec<String> = codes.iter().map(|code| SecretHash::of(code).to_hex()).collect();
        let (service, by, code) = (self.clone(), actor.clone(), code.to_owned());
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let row = own_row(tx, &by).await?;
                if row.flag("is_2fa_enabled") {
                    return Err(Error::conflict("Your second factor is confirmed already."));
                }
                if row.json("otp_secret").is_none() {
                    return Err(Error::conflict("There is no second factor to confirm; begin at /auth/2fa/enrol."));
                }
                let step = service.step_of(&row, &code)?.ok_or_else(|| wrong_code().field("/twofa_code"))?;
                let change = [("is_2fa_enabled", json!(true)), ("otp_last_step", json!(step)), ("recovery_codes", json!(hashes))];
                service.change_user(tx, (&by, "2fa_enable"), &row, change).await
            })
        });
        work.await?.1.wait().await?;
        self.throttle().succeeded(&name, actor.address);
        Ok(codes)
    }

    /// Switches the caller's second factor off. Needs its password and a code, or a recovery code.
    pub async fn second_factor_disable(&self, actor: &Actor, password: &str, code: &str) -> Result<()> {
        let name = self.second_factor_owner(actor).await?;
        self.throttle().begin(&name, actor.address)?;
        let (by, service) = (actor.clone(), self.clone());
        let (row, _) = self.store().transact(move |tx| Box::pin(async move { own_row(tx, &by).await })).await?;
        if !row.flag("is_2fa_enabled") {
            self.throttle().succeeded(&name, actor.address);
            return Err(Error::conflict("You have no second factor."));
        }
        let right = self.passwords().verify(password, row.text("password")).await?;
        if !right || !self.second_factor_spend(&row, code).await? {
            return Err(Error::new(Kind::Unauthenticated, "The password or the code of the second factor is wrong."));
        }
        self.throttle().succeeded(&name, actor.address);
        let by = actor.clone();
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let row = own_row(tx, &by).await?;
                service.change_user(tx, (&by, "2fa_disable"), &row, off()).await
            })
        });
        work.await?.1.wait().await
    }

    /// Switches the second factor of a user off who has lost it. For the command line.
    pub(super) async fn second_factor_drop(&self, actor: &Actor, user: uuid::Uuid) -> Result<()> {
        let (service, by) = (self.clone(), actor.clone());
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let row = find(tx, record_type("USER"), user).await?.ok_or_else(absent)?;
                if row.json("otp_secret").is_none() {
                    return Ok(());
                }
                service.change_user(tx, (&by, "2fa_disable"), &row, off()).await
            })
        });
        work.await?.1.wait().await
    }

    /// Whether `code` opens the second factor of this user; a code that did is good no more, on disk when this returns.
    pub(super) async fn second_factor_spend(&self, row: &Row, code: &str) -> Result<bool> {
        let (service, id, code) = (self.clone(), id_of(row), code.trim().to_owned());
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let Some(row) = find(tx, record_type("USER"), id).await? else { return Ok(false) };
                let Some(change) = service.spent(&row, &code)? else { return Ok(false) };
                // With its version: a login is no change of the user.
                let columns = [("id", json!(id.to_string())), ("version", json!(row.version())), change];
                tx.apply(&[Write::Update { table: "user", key: &["id"], row: Row::from(columns) }]).await?;
                Ok(true)
            })
        });
        let (right, commit) = work.await?;
        commit.wait().await?;
        Ok(right)
    }

    /// The column to write so that the code cannot be used again; `None` for a wrong code.
    fn spent(&self, row: &Row, code: &str) -> Result<Option<(&'static str, Value)>> {
        if let Some(step) = self.step_of(row, code)? {
            return Ok(Some(("otp_last_step", json!(step))));
        }
        let hash = SecretHash::of(code).to_hex();
        let codes: Vec<Value> = row.json("recovery_codes").and_then(Value::as_array).cloned().unwrap_or_default();
        let left: Vec<Value> = codes.iter().filter(|known| known.as_str() != Some(&hash)).cloned().collect();
        Ok((left.len() < codes.len()).then(|| ("recovery_codes", json!(left))))
    }

    /// The time step whose code this is, if it is later than that of the last code used.
    fn step_of(&self, row: &Row, code: &str) -> Result<Option<i64>> {
        let Some(sealed) = row.text("otp_secret") else { return Ok(None) };
        let id = id_of(row).to_string();
        let opened = self.seals().open_value(Place { record_type: "USER", id: &id, column: "otp_secret" }, sealed)?;
        let secret = Secret::try_from_base32(opened.as_str().unwrap_or_default())
            .map_err(|_| Error::internal(format!("the otp_secret of user {id} is unreadable")))?;
        let totp = totp(secret.as_bytes(), row.text("name").unwrap_or_default())?;
        let now = u64::try_from(self.clock().now().as_second()).unwrap_or_default();
        let step = totp.check(code.trim(), now).and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| row.integer("otp_last_step").is_none_or(|last| *step > last)))
    }

    /// Writes columns of a user, with their audit entry.
    pub(super) async fn change_user<const N: usize>(
        &self,
        tx: &mut Tx,
        (by, operation): (&Actor, &str),
        row: &Row,
        columns: [(&'static str, Value); N],
    ) -> Result<()> {
        let mut change = Row::from(columns);
        change.set("id", id_of(row).to_string());
        change.set("version", row.version() + 1);
        change.set("modified_at", self.now_text());
        change.set("modified_by", json!(by.id().map(|id| id.to_string())));
        let entry = self.audit(by, Deed::on(operation, record_type("USER"), row));
        tx.apply(&[Write::Update { table: "user", key: &["id"], row: change }, entry]).await
    }

    /// The login name of the caller: a user that may change its own record.
    async fn second_factor_owner(&self, actor: &Actor) -> Result<String> {
        let Identity::User { id, name } = &actor.identity else {
            return Err(Error::new(Kind::Forbidden, "Only users have a second factor."));
        };
        let own = Subject { record_type: "USER", id: Some(*id), place: None, parent: None };
        self.access(actor).await?.require(Operation::Update, &own)?;
        Ok(name.to_string())
    }
}

fn off() -> [(&'static str, Value); 4] {
    [("is_2fa_enabled", json!(false)), ("otp_secret", Value::Null), ("otp_last_step", Value::Null), ("recovery_codes", Value::Null)]
}

pub(super) fn wrong_code() -> Error {
    Error::new(Kind::Unauthenticated, "The code of the second factor is wrong, or was used before.")
        .details(json!({ "reason": "twofa_wrong" }))
}

async fn own_row(tx: &mut Tx, actor: &Actor) -> Result<Row> {
    let gone = || Error::new(Kind::Unauthenticated, "This user does not exist any more.");
    find(tx, record_type("USER"), actor.id().ok_or_else(gone)?).await?.ok_or_else(gone)
}

/// SHA-1, six digits, 30 seconds, and one step of clocks that differ: what every authenticator does.
fn totp(secret: &[u8], name: &str) -> Result<Totp> {
    let account: String = name.chars().map(|c| if c == ':' { '_' } else { c }).collect();
    Builder::new()
        .with_secret(secret.to_vec())
        .with_skew(1)
        .with_account_name(account)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|e| Error::internal(format!("a second factor cannot be computed: {e}")))
}

/// The code at this moment, as an authenticator would show it.
#[cfg(test)]
pub(super) fn code_of(otp_secret: &str, now: jiff::Timestamp) -> String {
    let secret = Secret::try_from_base32(otp_secret).expect("base 32");
    let totp = totp(secret.as_bytes(), "x").expect("a secret");
    totp.generate(u64::try_from(now.as_second()).expect("after 1970")).to_string()
}
