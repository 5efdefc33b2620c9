//! A key that takes the place of another: the same user, name and scopes; both are good for a while.

use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::Actor;
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use super::key::{Expiry, KeyRequest, NewKey};
use super::row::find;
use crate::clock;
use crate::error::{Error, Result};
use crate::store::{Row, Write};

/// How long the older key is good after a rotation, when nothing is said.
pub const OVERLAP_HOURS: u32 = 24;
/// The longest that can be asked for.
pub const OVERLAP_LIMIT: u32 = 24 * 30;

/// How a key is to be replaced.
#[derive(Clone, Copy, Debug)]
pub struct KeyRotation {
    /// Hours for which the older one is still good, at most [`OVERLAP_LIMIT`]; 0 ends it now.
    pub overlap_hours: u32,
    /// Of the new one. By default as long as any new key; for one that never ended, never.
    pub expires_at: Expiry,
}

impl Default for KeyRotation {
    fn default() -> Self {
        KeyRotation { overlap_hours: OVERLAP_HOURS, expires_at: Expiry::Default }
    }
}

impl Service {
    /// Makes a key in the place of another one. Needs what making it anew would need. A key that has ended, or was replaced
    /// before, is a conflict.
    pub async fn key_rotate(&self, actor: &Actor, id: Uuid, rotation: KeyRotation) -> Result<NewKey> {
        if rotation.overlap_hours > OVERLAP_LIMIT {
            return Err(Error::invalid(format!("'overlap_hours' must be 0 to {OVERLAP_LIMIT}.")).field("/overlap_hours"));
        }
        let access = self.access(actor).await?;
        let old = self.key_owned(&access, id).await?;
        let now = self.clock().now();
        let ends = old.text("expires_at").and_then(clock::parse);
        if ends.is_some_and(|at| at <= now) {
            return Err(is_over());
        }
        stands(&old)?;
        let expires_at = if ends.is_none() && rotation.expires_at == Expiry::Default { Expiry::Never } else { rotation.expires_at };
        let request = KeyRequest {
            user_id: old.uuid("user_id").unwrap_or_default(),
            name: old.text("name").unwrap_or_default().to_owned(),
            kind: old.text("kind").map(str::to_owned),
            expires_at,
            scopes: old.json("scopes").cloned().unwrap_or(Value::Null),
            tools: old.text("tools").map(str::to_owned),
        };
        let token = self.key_token(actor, &request).await?;
        let row = self.key_row(actor, &request, &token)?;
        let overlap = now.saturating_add(SignedDuration::from_hours(rotation.overlap_hours.into())).unwrap_or(now);
        let until = ends.map_or(overlap, |at| at.min(overlap));
        let of = record_type("API_KEY");
        let replaced = row.json("id").cloned().unwrap_or_default();
        let change = Row::from([
            ("id", json!(id.to_string())),
            ("replaced_by", replaced.clone()),
            ("expires_at", json!(clock::format(until))),
            ("modified_at", json!(clock::format(now))),
        ]);
        let details = json!({ "replaced_by": replaced });
        let writes = vec![
            Write::Insert { table: of.singular, key: &["id"], row: row.clone() },
            Write::Update { table: of.singular, key: &["id"], row: change },
            self.audit(actor, Deed { details: Some(&details), ..Deed::on("rotate", of, &old) }),
        ];
        // Two rotations at once: the second finds that the key was replaced.
        let ((), commit) = self
            .store()
            .transact(move |tx| {
                Box::pin(async move {
                    stands(&find(tx, of, id).await?.ok_or_else(is_over)?)?;
                    tx.apply(&writes).await
                })
            })
            .await?;
        self.keys().clear();
        commit.wait().await?;
        Ok(NewKey { token: token.token, row })
    }
}

/// Whether a key was neither revoked nor replaced.
fn stands(key: &Row) -> Result<()> {
    if key.json("revoked_at").is_some() || key.json("replaced_by").is_some() {
        return Err(is_over());
    }
    Ok(())
}

fn is_over() -> Error {
    Error::conflict("This key has ended or was replaced before; make a new one.")
}
