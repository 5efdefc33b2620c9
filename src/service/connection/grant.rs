//! OAUTH records in use: the token that a connection shows instead of a login.

use serde_json::Value;

use super::super::actor::Actor;
use super::super::handle::Service;
use super::super::identity::record_type;
use super::super::row::id_of;
use super::super::seal::Place;
use super::super::selector::Selector;
use super::reference::Known;
use crate::connectors::Grant;
use crate::error::{Error, Result};
use crate::store::Row;

impl Service {
    /// Puts a token in the place of an OAUTH record's name. Needs READ on the record.
    pub(super) async fn grant(&self, actor: &Actor, inputs: &mut Value, known: &mut Known) -> Result<Option<Grant>> {
        let Some(name) = inputs.get("oauth").and_then(Value::as_str) else { return Ok(None) };
        let of = record_type("OAUTH");
        let row = self.record_row(actor, of, &Selector::parse(name)).await.map_err(|error| error.field("/oauth"))?;
        let name = row.text("name").unwrap_or_default().to_owned();
        let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
        let grant = Grant {
            token_url: row.text("token_url").map(str::to_owned).ok_or_else(|| {
                Error::invalid(format!("The OAUTH record '{name}' has no token_url, where tokens are fetched.")).field("/oauth")
            })?,
            name,
            client_id: text("client_id"),
            client_secret: self.sealed_text(of.name, &row, "client_secret")?,
            scopes: row.json("scopes").and_then(|scopes| serde_json::from_value(scopes.clone()).ok()).unwrap_or_default(),
        };
        if let Some(secret) = &grant.client_secret {
            known.note_text(secret);
        }
        let token = grant.token(inputs, self.clock()).await?;
        known.note_text(&token);
        if let Some(inputs) = inputs.as_object_mut() {
            inputs.remove("oauth");
            inputs.insert("authentication_method".into(), "bearer".into());
            inputs.insert("token".into(), token.into());
        }
        Ok(Some(grant))
    }

    /// The text of a sealed column.
    pub(super) fn sealed_text(&self, of: &str, row: &Row, column: &str) -> Result<Option<String>> {
        let Some(sealed) = row.text(column) else { return Ok(None) };
        let id = id_of(row).to_string();
        let value = self.seals().open_value(Place { record_type: of, id: &id, column }, sealed)?;
        Ok(value.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
    }
}
