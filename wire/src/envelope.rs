//! The envelope of a message: what it is and what its id is, read before anything else is.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::reply::{INVALID_REQUEST, PARSE_ERROR};

/// The id of a request, as it came; null where there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Id(Value);

impl Id {
    pub(crate) const NULL: Id = Id(Value::Null);

    pub(crate) fn value(&self) -> &Value {
        &self.0
    }
}

/// What a message is.
#[derive(Debug, PartialEq)]
pub(crate) enum Kind {
    Request(String),
    Notification,
    /// An answer of the client to a request of ours.
    Response,
}

/// A message that is JSON-RPC; its parameters are not looked at yet.
#[derive(Debug, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) id: Id,
    pub(crate) kind: Kind,
    /// The version in `_meta`: the message is of the stateless era.
    pub(crate) version: Option<String>,
    /// The object that came as a text where the arguments of a tool call belong.
    pub(crate) arguments: Option<Map<String, Value>>,
    /// An `initialize` of a client that can be asked: it declares elicitation or sampling.
    pub(crate) can_be_asked: bool,
    /// The tasks that a `subscriptions/listen` names.
    pub(crate) task_ids: Vec<String>,
}

/// Why a body is no message.
#[derive(Debug, PartialEq)]
pub(crate) struct Unreadable {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) id: Id,
}

#[derive(Deserialize)]
struct Raw<'a> {
    jsonrpc: Option<Value>,
    #[serde(default, borrow, deserialize_with = "given")]
    id: Option<&'a RawValue>,
    method: Option<Value>,
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "given")]
    result: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "given")]
    error: Option<&'a RawValue>,
}

/// A field that is there, even if it holds null.
fn given<'de, D: Deserializer<'de>>(field: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(field).map(Some)
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    #[serde(default, rename = "_meta")]
    meta: Option<Meta>,
    #[serde(default, borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(default)]
    capabilities: Option<Capabilities>,
    #[serde(default)]
    notifications: Option<Value>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default, rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<Value>,
}

#[derive(Deserialize)]
struct Capabilities {
    elicitation: Option<IgnoredAny>,
    sampling: Option<IgnoredAny>,
}

/// Some models write the arguments of a call as a text that holds the object.
fn object_in_text(raw: &RawValue) -> Option<Map<String, Value>> {
    let text: String = raw.get().starts_with('"').then(|| serde_json::from_str(raw.get()).ok())??;
    serde_json::from_str(&text).ok()
}

impl Envelope {
    /// Reads a body. Batches, ids that are null or no string or whole number, and what is no JSON-RPC 2.0 are refused.
    pub(crate) fn read(body: &[u8]) -> Result<Envelope, Unreadable> {
        let refuse = |code, message: String| Unreadable { code, message, id: Id::NULL };
        let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
        // A batch is refused as one even where its JSON is broken further on.
        if first == Some(&b'[') {
            let message = "Batches are not part of the protocol; send each message as a request of its own.";
            return Err(refuse(INVALID_REQUEST, message.to_owned()));
        }
        let raw: Raw = serde_json::from_slice(body).map_err(|reason| {
            if reason.is_data() {
                refuse(INVALID_REQUEST, format!("The body is no JSON-RPC message: {reason}."))
            } else {
                refuse(PARSE_ERROR, format!("The body is not valid JSON: {reason}."))
            }
        })?;
        let id = match raw.id {
            None => None,
            Some(id) => match serde_json::from_str(id.get()) {
                Ok(id @ Value::String(_)) => Some(Id(id)),
                Ok(Value::Number(number)) if number.is_i64() => Some(Id(Value::Number(number))),
                _ => {
                    let message = "The 'id' of a request must be a text or a whole number, never null.";
                    return Err(refuse(INVALID_REQUEST, message.to_owned()));
                }
            },
        };
        let known = id.clone().unwrap_or(Id::NULL);
        let refuse = |message: &str| Unreadable { code: INVALID_REQUEST, message: message.to_owned(), id: known.clone() };
        if raw.jsonrpc != Some(json!("2.0")) {
            return Err(refuse("The message must say \"jsonrpc\": \"2.0\"."));
        }
        let kind = match (raw.method, &id) {
            (Some(Value::String(method)), Some(_)) => Kind::Request(method),
            (Some(Value::String(_)), None) => Kind::Notification,
            (Some(_), _) => return Err(refuse("The 'method' must be a text.")),
            (None, _) if raw.result.is_some() || raw.error.is_some() => Kind::Response,
            (None, _) => return Err(refuse("The message has no 'method'.")),
        };
        let begins = matches!(&kind, Kind::Request(method) if method == "initialize");
        // Parameters of another shape are refused later, by name.
        let params: Params = raw.params.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let version = params.meta.and_then(|meta| meta.version).and_then(|version| version.as_str().map(str::to_owned));
        let calls = matches!(&kind, Kind::Request(method) if method == "tools/call");
        let arguments = params.arguments.filter(|_| calls).and_then(object_in_text);
        let can_be_asked = begins && params.capabilities.is_some_and(|c| c.elicitation.is_some() || c.sampling.is_some());
        let listened = params.notifications.filter(|_| matches!(&kind, Kind::Request(method) if method == "subscriptions/listen"));
        let task_ids = listened.as_ref().and_then(|to| to.get("taskIds")).and_then(Value::as_array);
        let task_ids = task_ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Envelope { id: known, kind, version, arguments, can_be_asked, task_ids })
    }

    /// The body with the arguments as the object that they were meant to be.
    pub(crate) fn mended(&self, body: &[u8]) -> Option<Vec<u8>> {
        let arguments = self.arguments.clone()?;
        let mut message: Value = serde_json::from_slice(body).ok()?;
        message["params"]["arguments"] = Value::Object(arguments);
        serde_json::to_vec(&message).ok()
    }

    pub(crate) fn method(&self) -> Option<&str> {
        match &self.kind {
            Kind::Request(method) => Some(method),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Envelope {
        Envelope::read(text.as_bytes()).unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    fn refused(text: &str) -> (i32, Id) {
        let refused = Envelope::read(text.as_bytes()).expect_err("this is no message");
        assert!(refused.message.ends_with('.'), "{}", refused.message);
        (refused.code, refused.id)
    }

    #[test]
    fn requests_notifications_and_responses_are_told_apart() {
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).kind, Kind::Request("ping".into()));
        assert_eq!(read(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).kind, Kind::Notification);
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":"a","result":{}}"#).kind, Kind::Response);
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":""}}"#).kind, Kind::Response);
    }

    #[test]
    fn what_is_no_json_is_another_error_than_what_is_no_message() {
        assert_eq!(refused("{\"jsonrpc\":"), (PARSE_ERROR, Id::NULL));
        assert_eq!(refused(""), (PARSE_ERROR, Id::NULL));
        assert_eq!(refused("\"hello\""), (INVALID_REQUEST, Id::NULL));
        assert_eq!(refused("[]"), (INVALID_REQUEST, Id::NULL));
        assert_eq!(refused(" [{\"jsonrpc\":\"2.0\""), (INVALID_REQUEST, Id::NULL));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":1}"#), (INVALID_REQUEST, Id(json!(1))));
        assert_eq!(refused(r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#), (INVALID_REQUEST, Id(json!(1))));
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":1,"method":5}"#), (INVALID_REQUEST, Id(json!(1))));
    }

    #[test]
    fn an_id_is_a_text_or_a_whole_number() {
        for id in ["null", "1.5", "[]", "{}", "true"] {
            assert_eq!(refused(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#)), (INVALID_REQUEST, Id::NULL), "{id}");
        }
    }

    #[test]
    fn the_era_is_told_by_the_version_in_meta() {
        let text =
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        assert_eq!(read(text).version.as_deref(), Some("2026-07-28"));
        assert_eq!(read(r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#).version, None);
    }

    #[test]
    fn arguments_in_a_text_are_the_object_that_they_were_meant_to_be() {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":"{\"a\": 1}"}}"#;
        let mended = read(body).mended(body.as_bytes()).expect("the text holds an object");
        let expected = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "arguments": {"a": 1}}});
        assert_eq!(serde_json::from_slice::<Value>(&mended).expect("JSON"), expected);
        for arguments in [r#"{"a":1}"#, r#""[1]""#, r#""text""#, "5"] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"arguments":{arguments}}}}}"#);
            assert_eq!(read(&body).mended(body.as_bytes()), None, "{arguments}");
        }
    }

    #[test]
    fn only_an_initialize_that_declares_it_can_be_asked() {
        let of = |method: &str, capabilities: &str| {
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"capabilities":{capabilities}}}}}"#);
            read(&text).can_be_asked
        };
        assert!(of("initialize", r#"{"elicitation":{}}"#) && of("initialize", r#"{"sampling":{}}"#));
        assert!(!of("initialize", r#"{"roots":{}}"#) && !of("tools/list", r#"{"sampling":{}}"#));
    }
}
