//! Secrets that lie in vaults: `vault.secret(<vault-config>:<path>.<key>)`, fetched when they are needed and kept nowhere.

use serde_json::Value;

use super::super::actor::Actor;
use super::super::handle::Service;
use super::super::identity::record_type;
use super::super::selector::Selector;
use super::reference::Known;
use crate::connectors::VaultServer;
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::store::Row;

const CONFIG: &str = "VAULT_CONFIG";

impl Service {
    /// What a reference names. Needs READ on its VAULT_CONFIG. `known` keeps the secret while the connection is made, and the token.
    pub(super) async fn vault_secret(&self, actor: &Actor, of: &str, known: &mut Known) -> Result<Value> {
        let unreadable = || {
            let text = format!("'vault.secret({of})' is not whole: it reads vault.secret(<vault-config>:<path>.<key>).");
            Error::invalid(text)
        };
        let (name, place) = of.split_once(':').ok_or_else(unreadable)?;
        let (path, key) = place.rsplit_once('.').ok_or_else(unreadable)?;
        let (name, path, key) = (name.trim(), path.trim().trim_matches('/'), key.trim());
        if name.is_empty() || path.is_empty() || key.is_empty() {
            return Err(unreadable());
        }
        let place = format!("{name}:{path}");
        let secret = match known.fetched(&place) {
            Some(secret) => secret,
            None => {
                let row = self.record_row(actor, record_type(CONFIG), &Selector::parse(name)).await?;
                let secret = self.fetch(&row, path, known).await.map_err(|error| told(of, &error))?;
                known.keep(place, secret.clone());
                secret
            }
        };
        match secret.get(key) {
            Some(value) => Ok(value.clone()),
            None => {
                let keys = secret.as_object().into_iter().flat_map(|map| map.keys()).map(String::as_str);
                let text = format!("vault.secret({of}): the secret '{path}' has no key '{key}'.{}", did_you_mean(key, keys));
                Err(Error::invalid(text))
            }
        }
    }

    async fn fetch(&self, row: &Row, path: &str, known: &mut Known) -> Result<Value> {
        let name = row.text("name").unwrap_or_default();
        if row.json("is_enabled").is_some_and(|is| is == false || is == 0) {
            return Err(Error::new(Kind::Conflict, format!("The vault '{name}' is disabled (is_enabled).")));
        }
        let server = VaultServer::at(row.text("url").unwrap_or_default(), row.text("cacert"))?;
        let missing = |column: &str| Error::invalid(format!("The vault '{name}' has no '{column}' to log in with."));
        let token = if row.text("auth_method") == Some("APPROLE") {
            let role = row.text("approle_role_id").ok_or_else(|| missing("approle_role_id"))?;
            let secret = self.sealed_text(CONFIG, row, "approle_secret_id")?.ok_or_else(|| missing("approle_secret_id"))?;
            known.note_text(&secret);
            server.log_in(role, &secret).await?
        } else {
            self.sealed_text(CONFIG, row, "token")?.ok_or_else(|| missing("token"))?
        };
        known.note_text(&token);
        let server = server.with_token(&token);
        let engine = row.text("engine_path").unwrap_or("secret").trim_matches('/');
        let secret = server.read(&server.place(&format!("{engine}/{path}")).await?, None).await?;
        if row.json("is_auto_renew").is_some_and(|is| is == true || is == 1)
            && let Err(error) = server.renew().await
        {
            // The secret is there; that the token ends one day is for who keeps the vault.
            tracing::warn!(vault = name, error = known.masked(error.message()), "a vault's token could not be renewed");
        }
        Ok(secret)
    }
}

fn told(of: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("vault.secret({of}): {}", error.message()))
}
