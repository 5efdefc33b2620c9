//! Webhooks: who may call one, and the execution that a call starts.

use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::actor::{Actor, TriggerIdentity};
use super::execution::Started;
use super::handle::Service;
use super::identity::record_type;
use super::row::id_of;
use super::seal::Place;
use super::selector::Selector;
use super::start::{StartRequest, Target};
use super::token::bearer;
use super::wrapper::DEEPEST;
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Scope};

/// Headers that may hold an HMAC-SHA256 of the body in hex digits, with or without `sha256=` before it. The first is GitHub's.
const SIGNATURES: [&str; 3] = ["x-hub-signature-256", "x-signature-256", "x-webhook-signature"];

/// What was sent.
pub enum WebhookBody {
    None,
    Json(Value),
    /// The fields of a form, in order.
    Form(Vec<(String, String)>),
    Text(String),
    Other,
}

/// A request to a webhook, as far as it is for the flow. Credentials of this server are no part of it.
pub struct WebhookCall {
    pub method: String,
    /// What stands below `/call`, with its slash; else empty.
    pub path: String,
    pub query: Vec<(String, String)>,
    /// With their names in lower case.
    pub headers: Vec<(String, String)>,
    pub raw: Bytes,
    /// An error where it is not what its type says; told only to who may call.
    pub body: Result<WebhookBody>,
    pub idempotency_key: Option<String>,
    pub client: Option<String>,
    pub address: Option<IpAddr>,
}

impl Service {
    /// Starts the flow of an enabled webhook, if the call may. One that is disabled is not found.
    pub async fn webhook_start(&self, name: &str, mut call: WebhookCall) -> Result<Started> {
        let of = record_type("WEBHOOK");
        let row = self.store().row_by_name(of, name, &Scope::All).await?;
        let row = row.filter(|row| row.flag("is_enabled"));
        let row = row.ok_or_else(|| Error::not_found(format!("There is no webhook '{name}', or it is disabled.")))?;
        let key = self.webhook_key(&row)?;
        if row.flag("is_key_required") {
            admit(name, key.as_deref(), &call)?;
        }
        if let Some(key) = &key {
            call.hide(key);
        }
        let flow = row.uuid("flow_id").ok_or_else(|| Error::internal("a webhook has no flow"))?;
        let identity = TriggerIdentity {
            id: id_of(&row),
            record_type: of.name,
            name: name.into(),
            project_id: row.uuid("project_id"),
            bundle_id: row.uuid("bundle_id"),
        };
        let mut actor = Actor::trigger(identity).with_client(call.client.as_deref());
        actor.address = call.address;
        let idempotency_key = call.idempotency_key.take();
        let mut request = StartRequest { idempotency_key, ..StartRequest::new(Target::Flow(Selector::Id(flow)), call.input()?) };
        let rule = match row.text("execution_location") {
            Some("webhook_record") => "created_by",
            Some("default") => "default",
            _ => "resource",
        };
        request.columns.insert("location_inheritance".into(), rule.into());
        request.columns.insert("is_productive".into(), row.flag("is_productive").into());
        let started = match request.idempotency_key.clone() {
            Some(key) => {
                let fingerprint = fingerprint(&request.input_value);
                self.execution_once(&actor, (key, fingerprint), Box::pin(self.execution_prepare(&actor, request))).await
            }
            None => self.execution_start(&actor, request).await,
        };
        started.map_err(|error| unready(name, error))
    }

    /// The execution that a call started, when it has ended, or as it is after `timeout`. For the door alone: whoever was let in is
    /// answered, whatever else it may read.
    pub async fn webhook_wait(&self, id: Uuid, timeout: Duration) -> Result<Row> {
        let mut row = self.execution_ended(id, timeout, true).await?;
        let reply = self.webhook_reply(&row).await?;
        row.set("webhook_reply", reply);
        Ok(row)
    }

    /// The answer that an execution gave. One that ended as a child of it has the child's.
    async fn webhook_reply(&self, row: &Row) -> Result<Value> {
        let mut row = row.clone();
        for _ in 0..=DEEPEST {
            let reply = row.json("webhook_reply").cloned().unwrap_or_default();
            if reply["kind"] != "execution" {
                return Ok(reply);
            }
            let Some(below) = reply["id"].as_str().and_then(|id| Uuid::parse_str(id).ok()) else { break };
            let found = self.store().row_get(record_type("EXECUTION"), below, &Scope::All).await?;
            // Nobody answers with what somebody else's execution said.
            let Some(found) = found.filter(|found| found.uuid("parent_execution_id") == Some(id_of(&row))) else { break };
            row = found;
        }
        Ok(Value::Null)
    }

    fn webhook_key(&self, row: &Row) -> Result<Option<String>> {
        let Some(sealed) = row.text("key") else { return Ok(None) };
        let id = id_of(row).to_string();
        let value = self.seals().open_value(Place { record_type: "WEBHOOK", id: &id, column: "key" }, sealed)?;
        Ok(value.as_str().filter(|key| !key.is_empty()).map(str::to_owned))
    }
}

/// What makes two calls with one idempotency key the same: not their headers, in which each try may differ.
fn fingerprint(input: &Value) -> String {
    let mut input = input.clone();
    if let Some(input) = input.as_object_mut() {
        input.shift_remove("headers");
    }
    blake3::hash(input.to_string().as_bytes()).to_hex().to_string()
}

/// What is wrong with the webhook, not with the call, is for its owner.
fn unready(name: &str, error: Error) -> Error {
    if !matches!(error.kind(), Kind::Forbidden | Kind::NotFound) {
        return error;
    }
    tracing::warn!(webhook = name, %error, "a webhook was called and may not start its flow");
    Error::new(Kind::Unavailable, format!("The webhook '{name}' cannot start its flow: the flow is gone, or its rights do not allow it."))
}

fn admit(name: &str, key: Option<&str>, call: &WebhookCall) -> Result<()> {
    let Some(key) = key else {
        tracing::warn!(webhook = name, "a webhook that needs a key has none, and nobody can call it");
        return Err(refused());
    };
    let is_right = match call.signature() {
        // Who signs is not let in by anything else: what the signature is of must be what came.
        Some(signature) => is_signed(key, &call.raw, signature),
        None => call.shown().any(|shown| shown.as_bytes().ct_eq(key.as_bytes()).into()),
    };
    if is_right { Ok(()) } else { Err(refused()) }
}

fn refused() -> Error {
    let text = "This webhook needs its key: as 'key' in the query or in a JSON body, as 'authorization: Bearer <key>', or as the HMAC-SHA256 \
                of the body in 'x-hub-signature-256: sha256=<hex digits>'.";
    Error::new(Kind::Unauthenticated, text)
}

fn is_signed(key: &str, body: &[u8], signature: &str) -> bool {
    let Ok(expected) = hex::decode(signature.trim().strip_prefix("sha256=").unwrap_or(signature.trim())) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&expected).is_ok()
}

impl WebhookCall {
    fn signature(&self) -> Option<&str> {
        let named = |name: &str| self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str());
        SIGNATURES.iter().find_map(|name| named(name))
    }

    /// The keys it shows.
    fn shown(&self) -> impl Iterator<Item = &str> {
        let in_query = self.query.iter().filter(|(name, _)| name == "key").map(|(_, value)| value.as_str());
        let in_header = self.headers.iter().filter(|(name, _)| name == "authorization").filter_map(|(_, value)| bearer(value));
        let in_body = match &self.body {
            Ok(WebhookBody::Json(value)) => value.get("key").and_then(Value::as_str),
            _ => None,
        };
        in_query.chain(in_header).chain(in_body)
    }

    /// Takes the key out: the flow, its journal and its readers do not need it.
    fn hide(&mut self, key: &str) {
        self.query.retain(|(name, value)| name != "key" || value != key);
        self.headers.retain(|(name, value)| name != "authorization" || bearer(value) != Some(key));
        if let Ok(WebhookBody::Json(Value::Object(body))) = &mut self.body
            && body.get("key").and_then(Value::as_str) == Some(key)
        {
            body.shift_remove("key");
        }
    }

    /// `input_value` of the execution.
    fn input(self) -> Result<Value> {
        let mut input = Map::new();
        input.insert("method".into(), self.method.into());
        input.insert("path".into(), self.path.into());
        input.insert("query".into(), grouped(self.query).into());
        let mut headers = Map::new();
        for (name, value) in self.headers {
            match headers.get_mut(&name) {
                Some(Value::String(before)) => *before = format!("{before}, {value}"),
                _ => drop(headers.insert(name, value.into())),
            }
        }
        input.insert("headers".into(), headers.into());
        let content = match self.body? {
            WebhookBody::None => None,
            WebhookBody::Json(value) => Some(("json", value)),
            WebhookBody::Form(fields) => Some(("form", grouped(fields).into())),
            WebhookBody::Text(text) => Some(("text", text.into())),
            WebhookBody::Other => Some(("body_base64", json!(STANDARD.encode(&self.raw)))),
        };
        input.extend(content.map(|(name, value)| (name.to_owned(), value)));
        Ok(Value::Object(input))
    }
}

/// Names with their values; one that is there more than once has a list.
fn grouped(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        match map.get_mut(&name) {
            None => drop(map.insert(name, value.into())),
            Some(Value::Array(list)) => list.push(value.into()),
            Some(one) => *one = json!([one, value]),
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(body: Value) -> WebhookCall {
        WebhookCall {
            method: "POST".into(),
            path: String::new(),
            query: vec![("key".into(), "k1".into()), ("a".into(), "1".into()), ("a".into(), "2".into()), ("a".into(), "3".into())],
            headers: vec![("accept".into(), "a".into()), ("accept".into(), "b".into()), ("authorization".into(), "bearer k2".into())],
            raw: body.to_string().into(),
            body: Ok(WebhookBody::Json(body)),
            idempotency_key: None,
            client: None,
            address: None,
        }
    }

    #[test]
    fn a_key_is_found_in_the_query_a_header_and_the_body_and_in_the_input_nowhere() {
        for key in ["k1", "k2", "k3"] {
            let mut call = call(json!({ "key": "k3", "x": 1 }));
            admit("w", Some(key), &call).unwrap();
            call.hide(key);
            assert!(admit("w", Some(key), &call).is_err());
            assert!(!call.input().unwrap().to_string().contains(key));
        }
        for key in [Some("k"), Some("1"), None] {
            let refused = admit("w", key, &call(json!(7))).unwrap_err();
            assert_eq!(refused.kind(), Kind::Unauthenticated);
        }
    }

    #[test]
    fn values_of_one_name_become_a_list_in_a_query_and_one_text_in_headers() {
        let input = call(json!([1])).input().unwrap();
        assert_eq!(input["query"], json!({ "key": "k1", "a": ["1", "2", "3"] }));
        assert_eq!(input["headers"]["accept"], "a, b");
        assert_eq!((&input["json"], input.get("form")), (&json!([1]), None));
    }

    /// The example in GitHub's documentation, "Validating webhook deliveries".
    #[test]
    fn the_documented_signature_is_right_and_a_changed_one_is_not() {
        let (key, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(is_signed(key, body, right));
        assert!(is_signed(key, body, &right.replace("sha256=", "")));
        for wrong in [&right[..70], &right.replace('7', "8"), "sha256=", "", "sha256=zz", "sha1=75"] {
            assert!(!is_signed(key, body, wrong), "{wrong}");
        }
        assert!(!is_signed("another", body, right) && !is_signed(key, b"Hello, World?", right));
    }
}
