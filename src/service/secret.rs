//! SECRET records in use: their value for the server's own connections, never for an answer.

use serde_json::{Map, Value};

use super::actor::Actor;
use super::handle::Service;
use super::identity::record_type;
use super::row::id_of;
use super::seal::Place;
use super::selector::Selector;
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;
use crate::store::Row;

/// The value of a secret, on its way out to a host that it is meant for. Prints as nothing.
pub struct SecretValue {
    value: Value,
    is_bound: bool,
}

impl SecretValue {
    /// The value itself. It goes into the request that it is for, and nowhere else.
    pub fn reveal(&self) -> &Value {
        &self.value
    }

    /// Whether it may be sent to some hosts only.
    pub fn is_bound(&self) -> bool {
        self.is_bound
    }
}

impl std::fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

impl Service {
    /// The value of a SECRET for a connection to `host`. Needs READ; a host that the secret is not meant for is
    /// [`Kind::Forbidden`].
    pub async fn secret_use(&self, actor: &Actor, selector: &Selector, host: &str) -> Result<SecretValue> {
        let of = record_type("SECRET");
        let row = self.record_row(actor, of, selector).await?;
        let name = row.text("name").unwrap_or_default();
        if !is_allowed(&row, host) {
            let text = format!("The secret '{name}' may not be sent to '{host}': its allowed_hosts do not name it.");
            return Err(Error::new(Kind::Forbidden, text));
        }
        let Some(sealed) = row.text("value") else {
            return Err(Error::invalid(format!("The secret '{name}' has no value yet; set one first.")));
        };
        let (id, is_bound) = (id_of(&row).to_string(), row.json("allowed_hosts").is_some_and(Value::is_array));
        self.seals()
            .open_value(Place { record_type: of.name, id: &id, column: "value" }, sealed)
            .map(|value| SecretValue { value, is_bound })
    }
}

fn is_allowed(row: &Row, host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    let Some(allowed) = row.json("allowed_hosts").and_then(Value::as_array) else { return true };
    allowed.iter().filter_map(Value::as_str).map(str::to_lowercase).any(|pattern| match pattern.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => host == pattern,
    })
}

/// Where records send what is sealed in them, and what that is.
const LEADS: [(&str, &str, &[&str]); 3] = [
    ("SECRET", "allowed_hosts", &["value"]),
    ("OAUTH", "token_url", &["client_secret", "refresh_token"]),
    ("VAULT_CONFIG", "url", &["token", "approle_secret_id"]),
];

/// Who may change a record but does not know the secret in it must not learn it by having it sent elsewhere.
pub(super) fn check(of: &RecordType, row: &Row, columns: &Map<String, Value>) -> Result<()> {
    for (_, place, secrets) in LEADS.iter().filter(|(name, place, _)| *name == of.name && columns.contains_key(*place)) {
        let is_kept = |secret: &&&str| !columns.contains_key(**secret) && row.json(secret).is_some();
        if let Some(secret) = secrets.iter().find(is_kept) {
            let text = format!("Who changes the {place} of a {} gives what is sent there with it: '{secret}' is missing.", of.name);
            return Err(Error::invalid(text).field(format!("/{secret}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_host_is_allowed_by_its_name_or_by_what_it_lies_below() {
        let row = Row::from([("allowed_hosts", json!(["api.example.com", "*.internal.example"]))]);
        for host in ["api.example.com", "API.example.com.", "a.internal.example", "a.b.internal.example"] {
            assert!(is_allowed(&row, host), "{host}");
        }
        for host in ["example.com", "xapi.example.com", "internal.example", ".internal.example", "evilinternal.example", ""] {
            assert!(!is_allowed(&row, host), "{host}");
        }
        assert!(is_allowed(&Row::from([("allowed_hosts", Value::Null)]), "anything"));
        assert!(!is_allowed(&Row::from([("allowed_hosts", json!([]))]), "anything"));
    }
}
