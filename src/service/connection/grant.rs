//! OAUTH records in use: the token that a connection shows instead of a login.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::Mutex as Turn;
use uuid::Uuid;

use super::super::actor::Actor;
use super::super::audit::Deed;
use super::super::handle::Service;
use super::super::identity::record_type;
use super::super::row::id_of;
use super::super::seal::Place;
use super::super::selector::Selector;
use super::reference::Known;
use crate::connectors::Grant;
use crate::error::{Error, Result};
use crate::store::{Row, Scope, Write};

const OAUTH: &str = "OAUTH";

/// Who fetches in the name of a user waits for those before him: a refresh token may be good once.
#[derive(Default)]
pub(in super::super) struct Turns {
    by_record: Mutex<HashMap<Uuid, Arc<Turn<()>>>>,
}

impl Turns {
    fn of(&self, id: Uuid) -> Arc<Turn<()>> {
        let mut all = self.by_record.lock().expect("no panic happens under this lock");
        // Those that nobody waits for.
        all.retain(|_, turn| Arc::strong_count(turn) > 1);
        all.entry(id).or_default().clone()
    }
}

impl Service {
    /// Puts a token in the place of an OAUTH record's name. Needs READ on the record.
    pub(super) async fn grant(&self, actor: &Actor, inputs: &mut Value, known: &mut Known) -> Result<Option<Grant>> {
        let Some(name) = inputs.get("oauth").and_then(Value::as_str) else { return Ok(None) };
        let row = self.record_row(actor, record_type(OAUTH), &Selector::parse(name)).await.map_err(|error| error.field("/oauth"))?;
        let mut grant = self.grant_from(&row)?;
        let mut note =
            |grant: &Grant| [&grant.client_secret, &grant.refresh_token].into_iter().flatten().for_each(|text| known.note_text(text));
        note(&grant);
        let token = match grant.kept(self.clock()) {
            Some(token) => token,
            None if grant.refresh_token.is_none() => grant.fetch(inputs, self.clock()).await?.token,
            None => {
                let (newer, token) = self.grant_refreshed(actor, id_of(&row), inputs.clone()).await?;
                note(&newer);
                grant = newer;
                token
            }
        };
        known.note_text(&token);
        if let Some(inputs) = inputs.as_object_mut() {
            inputs.remove("oauth");
            inputs.insert("authentication_method".into(), "bearer".into());
            inputs.insert("token".into(), token.into());
        }
        Ok(Some(grant))
    }

    fn grant_from(&self, row: &Row) -> Result<Grant> {
        let name = row.text("name").unwrap_or_default().to_owned();
        Ok(Grant {
            token_url: row.text("token_url").map(str::to_owned).ok_or_else(|| {
                Error::invalid(format!("The OAUTH record '{name}' has no token_url, where tokens are fetched.")).field("/oauth")
            })?,
            name,
            client_id: row.text("client_id").unwrap_or_default().to_owned(),
            client_secret: self.sealed_text(OAUTH, row, "client_secret")?,
            scopes: row.json("scopes").and_then(|scopes| serde_json::from_value(scopes.clone()).ok()).unwrap_or_default(),
            refresh_token: self.sealed_text(OAUTH, row, "refresh_token")?,
        })
    }

    /// A token in the name of a user. One that was taken and not kept would take the login with it: no cancel of the connection ends
    /// this.
    async fn grant_refreshed(&self, actor: &Actor, id: Uuid, inputs: Value) -> Result<(Grant, String)> {
        let turn = self.turns().of(id).lock_owned().await;
        let (service, actor) = (self.clone(), actor.clone());
        let work = tokio::runtime::Handle::current().spawn(async move {
            let done = service.grant_refresh(&actor, id, &inputs).await;
            drop(turn);
            done
        });
        work.await.map_err(|_| Error::internal("the fetch of a token was broken off"))?
    }

    /// Fetches, and keeps what the next fetch needs on disk before the token is used.
    async fn grant_refresh(&self, actor: &Actor, id: Uuid, inputs: &Value) -> Result<(Grant, String)> {
        let of = record_type(OAUTH);
        // As it is by now: whoever went before may have fetched.
        let row = self.store().row_get(of, id, &Scope::All).await?;
        let row = row.ok_or_else(|| Error::not_found(format!("The OAUTH record {id} is gone.")))?;
        let mut grant = self.grant_from(&row)?;
        if let Some(token) = grant.kept(self.clock()) {
            return Ok((grant, token));
        }
        let fetched = grant.fetch(inputs, self.clock()).await?;
        if let Some(newer) = fetched.refresh_token {
            let (service, actor, before, next) = (self.clone(), actor.clone(), grant.refresh_token.take(), newer.clone());
            let kept = self.store().transact(move |tx| {
                Box::pin(async move {
                    let Some(row) = tx.row_get(of, id, &Scope::All).await? else { return Ok(()) };
                    // What somebody else has written meanwhile is of another login.
                    if service.sealed_text(OAUTH, &row, "refresh_token")? != before {
                        return Ok(());
                    }
                    let place = Place { record_type: of.name, id: &id.to_string(), column: "refresh_token" };
                    let sealed = service.seals().seal(place, &json!(next))?;
                    let entry = service.audit(&actor, Deed::on("refresh", of, &row));
                    let columns = [("id", json!(id.to_string())), ("version", row.version().into()), ("refresh_token", sealed.into())];
                    tx.apply(&[Write::Update { table: of.singular, key: &["id"], row: Row::from(columns) }, entry]).await
                })
            });
            kept.await?.1.wait().await?;
            grant.refresh_token = Some(newer);
        }
        Ok((grant, fetched.token))
    }

    /// The text of a sealed column.
    pub(super) fn sealed_text(&self, of: &str, row: &Row, column: &str) -> Result<Option<String>> {
        let Some(sealed) = row.text(column) else { return Ok(None) };
        let id = id_of(row).to_string();
        let value = self.seals().open_value(Place { record_type: of, id: &id, column }, sealed)?;
        Ok(value.as_str().filter(|text| !text.is_empty()).map(str::to_owned))
    }
}
