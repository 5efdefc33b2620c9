//! Users as the command line keeps them: made and reset with a password that is shown once.

use serde_json::{Map, json};
use uuid::Uuid;

use super::actor::{Actor, Identity};
use super::handle::Service;
use super::identity::record_type;
use super::payload::Payload;
use super::record::ListRequest;
use super::record_write::{IfExists, RecordWrite};
use super::selector::Selector;
use super::token;
use crate::error::{Error, Result};
use crate::store::Scope;

/// A user with a new password.
#[derive(Debug)]
pub struct NewPassword {
    pub user_id: Uuid,
    pub password: String,
}

impl Service {
    /// Makes a user with these roles, by name; they propagate to what the user starts.
    pub async fn user_create(&self, actor: &Actor, name: &str, roles: &[String]) -> Result<NewPassword> {
        let ids = self.role_ids(roles).await?;
        let password = token::password()?;
        let mut columns = Map::new();
        columns.insert("name".into(), json!(name));
        columns.insert("password".into(), json!(password));
        let users = record_type("USER");
        let written = self.record_create(actor, RecordWrite { if_exists: IfExists::Error, ..RecordWrite::new(users, columns) }).await?;
        let user_id = written.id;
        for role in ids {
            let mut columns = Map::new();
            columns.insert("identity_id".into(), json!(user_id.to_string()));
            columns.insert("role_id".into(), json!(role.to_string()));
            columns.insert("propagate".into(), json!(true));
            self.record_create(actor, RecordWrite::new(record_type("IDENTITY_ROLE"), columns)).await?;
        }
        self.store().barrier().await?;
        Ok(NewPassword { user_id, password })
    }

    /// Finds out whether `old_password` is the caller's own. Guesses are counted as wrong logins are.
    pub(super) async fn old_password_prove(&self, actor: &Actor, payload: &mut Payload) -> Result<()> {
        let old = payload.old_password.take();
        // One that somebody else thought of is to be replaced.
        payload.derived.entry("must_change_password").and_modify(|must| *must = true.into());
        let (Some(old), Identity::User { id, name }) = (old, &actor.identity) else { return Ok(()) };
        self.throttle().begin(name, actor.address)?;
        let row = self.store().row_get(record_type("USER"), *id, &Scope::All).await?;
        let hash = row.as_ref().and_then(|row| row.text("password"));
        if !self.passwords().verify(&old, hash).await? {
            return Err(Error::invalid("The old password is wrong.").field("/old_password"));
        }
        self.throttle().succeeded(name, actor.address);
        payload.derived.entry("must_change_password").and_modify(|must| *must = false.into());
        payload.proved = hash.map(str::to_owned);
        Ok(())
    }

    /// Gives a user a new password, ends its sessions and lets it log in again; with `second_factor`, without its second factor.
    pub async fn user_reset(&self, actor: &Actor, name: &str, second_factor: bool) -> Result<NewPassword> {
        let password = token::password()?;
        let mut columns = Map::new();
        columns.insert("password".into(), json!(password));
        let write = RecordWrite { selector: Some(Selector::parse(name)), ..RecordWrite::new(record_type("USER"), columns) };
        let written = self.record_update(actor, write).await?;
        let user_id = written.id;
        written.commit.wait().await?;
        if second_factor {
            self.second_factor_drop(actor, user_id).await?;
        }
        self.user_unlock(actor, user_id).await?;
        Ok(NewPassword { user_id, password })
    }

    /// Names and ids of all users that the actor may read, in order of their names.
    pub async fn user_list(&self, actor: &Actor) -> Result<Vec<(String, Uuid, bool)>> {
        let request = ListRequest { order: vec!["name".into()], limit: Some(1000), ..ListRequest::default() };
        let page = self.record_list(actor, record_type("USER"), &request).await?;
        let users = page.items.iter().filter_map(|user| {
            let text = |column: &str| user.get(column).and_then(serde_json::Value::as_str);
            let is_enabled = user.get("is_enabled").and_then(serde_json::Value::as_bool).unwrap_or(false);
            Some((text("name")?.to_owned(), Uuid::parse_str(text("id")?).ok()?, is_enabled))
        });
        Ok(users.collect())
    }
}
