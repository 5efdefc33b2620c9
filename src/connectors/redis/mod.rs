//! REDIS: one command of a Redis server. The protocol is RESP3, in which answers have types: maps are objects, sets are lists.

mod command;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError, Value as Reply};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::command::{command, only_reads};
use self::stream::{Bounded, stream};
use super::input;
use super::reach::{self, within};
use super::value::{bytes_value, float};
use super::{Connect, Failure, Job};
use crate::error::Result;

/// Bytes that an answer may have beyond those of the output: what the protocol says around them.
const AROUND: usize = 64 << 10;

pub(super) struct Redis;

#[derive(Deserialize)]
struct Inputs {
    host: String,
    #[serde(default = "port")]
    port: u16,
    username: Option<String>,
    password: Option<String>,
    #[serde(default)]
    tls: bool,
    cacert: Option<String>,
    #[serde(default)]
    database: i64,
    command: String,
    #[serde(default)]
    args: Vec<Value>,
    #[serde(default = "input::ten")]
    connect_timeout: f64,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
}

fn port() -> u16 {
    6379
}

impl Connect for Redis {
    fn name(&self) -> &'static str {
        "REDIS"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        reach::host(inputs)
    }

    fn is_repeatable(&self, inputs: &Value) -> bool {
        let command = inputs.get("command").and_then(Value::as_str).unwrap_or_default();
        only_reads(command)
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        self.is_repeatable(inputs)
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let command = command(&inputs)?;
            let late = || Failure::new(format!("REDIS: no answer within the timeout of {} s; it was given up.", inputs.timeout));
            within(&job.clock, inputs.timeout, ask(&inputs, &command, job), late).await
        })
    }
}

async fn ask(inputs: &Inputs, command: &Cmd, job: &Job<'_>) -> Result<Value, Failure> {
    let is_full = Arc::new(AtomicBool::new(false));
    let late = || Failure::new(format!("REDIS: no connection within the connect_timeout of {} s.", inputs.connect_timeout));
    let info = login(inputs);
    let login = async {
        let stream = Bounded { stream: stream(inputs).await?, left: job.output_limit.saturating_add(AROUND), is_full: is_full.clone() };
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let made = MultiplexedConnection::new_with_config(&info, stream, config).await;
        made.map_err(|error| Failure::new(refusal(&error)))
    };
    let (mut connection, driver) = within(&job.clock, inputs.connect_timeout, login, late).await?;
    let answer = connection.send_packed_command(command);
    tokio::pin!(answer, driver);
    let answer = tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The answer knows why.
        () = &mut driver => answer.await,
    };
    if is_full.load(Ordering::Relaxed) {
        let text = format!("REDIS: the answer has more than {} bytes, which is the most that an output may have.", job.output_limit);
        return Err(Failure::new(text));
    }
    let reply = answer.and_then(Reply::extract_error).map_err(|error| Failure::new(broken(&error)))?;
    Ok(json!({ "result": value(reply) }))
}

fn login(inputs: &Inputs) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3).set_db(inputs.database).set_skip_set_lib_name();
    if let Some(username) = &inputs.username {
        info = info.set_username(username);
    }
    if let Some(password) = &inputs.password {
        info = info.set_password(password);
    }
    info
}

/// Why there is no connection.
fn refusal(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io => format!("REDIS: the connection broke off before the login ({error})."),
        ErrorKind::RESP3NotSupported => "REDIS: the server is older than Redis 6, which this connector needs.".to_owned(),
        _ => format!("REDIS: the server refuses the login: {}.", said(error)),
    }
}

/// Why there is no answer.
fn broken(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Server(_) | ErrorKind::Extension => format!("REDIS: {}.", said(error)),
        _ => format!("REDIS: the connection broke off ({error}); whether the command took effect is not known."),
    }
}

fn said(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {}", detail.trim_end_matches('.')),
        _ => error.to_string().trim_end_matches('.').to_owned(),
    }
}

/// An answer as JSON: text where it is text, and else `{"base64": ...}`.
fn value(reply: Reply) -> Value {
    match reply {
        Reply::Int(number) => number.into(),
        Reply::BulkString(bytes) => String::from_utf8(bytes).map_or_else(|error| bytes_value(error.as_bytes()), Value::String),
        Reply::Array(items) | Reply::Set(items) | Reply::Push { data: items, .. } => items.into_iter().map(value).collect(),
        Reply::SimpleString(text) | Reply::VerbatimString { text, .. } => text.into(),
        Reply::Okay => "OK".into(),
        Reply::Map(pairs) => map(pairs),
        Reply::Attribute { data, .. } => value(*data),
        Reply::Double(number) => float(number),
        Reply::Boolean(is) => is.into(),
        Reply::BigNumber(digits) => String::from_utf8_lossy(&digits).into_owned().into(),
        Reply::ServerError(error) => json!({ "error": format!("{} {}", error.code(), error.details().unwrap_or_default()).trim() }),
        _ => Value::Null,
    }
}

/// An object, or a list of pairs where a key is no text.
fn map(pairs: Vec<(Reply, Reply)>) -> Value {
    let pairs: Vec<(Value, Value)> = pairs.into_iter().map(|(key, item)| (value(key), value(item))).collect();
    let named: Option<Map<String, Value>> = pairs.iter().map(|(key, item)| Some((key.as_str()?.to_owned(), item.clone()))).collect();
    named.map_or_else(|| pairs.into_iter().map(|(key, item)| json!([key, item])).collect(), Value::Object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::connector;

    fn inputs(more: &Value) -> Inputs {
        let mut inputs = json!({ "host": "h", "command": "GET" });
        inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        serde_json::from_value(inputs).expect("inputs")
    }

    #[test]
    fn what_has_no_answer_is_refused_with_the_way_out() {
        let refused = |more: Value| command(&inputs(&more)).err().map(|failure| failure.message);
        for (more, word) in [
            (json!({ "command": "subscribe", "args": ["news"] }), "XREAD"),
            (json!({ "command": "MULTI" }), "EVAL"),
            (json!({ "command": "SELECT 1" }), "'database'"),
            (json!({ "command": "CLIENT", "args": ["reply", "off"] }), "REPLY"),
            (json!({ "command": " " }), "empty"),
            (json!({ "args": ["key", true] }), "item 1"),
        ] {
            assert!(refused(more.clone()).is_some_and(|text| text.contains(word)), "{more}");
        }
        assert_eq!(refused(json!({ "command": "CONFIG GET", "args": ["maxmemory", 1, { "base64": "AP8=" }] })), None);
    }

    #[test]
    fn only_what_reads_is_done_again() {
        let is = |name: &str| Redis.is_repeatable(&json!({ "command": name }));
        assert!(is("get") && is(" HGETALL ") && !is("SET") && !is("BLPOP") && !is("XREADGROUP") && !is("EVAL") && !is(""));
    }

    #[test]
    fn answers_are_values() {
        let text = |text: &str| Reply::BulkString(text.as_bytes().to_vec());
        assert_eq!(value(Reply::BulkString(vec![0, 255])), json!({ "base64": "AP8=" }));
        assert_eq!(value(Reply::Map(vec![(text("a"), Reply::Int(1)), (text("b"), Reply::Nil)])), json!({ "a": 1, "b": null }));
        assert_eq!(value(Reply::Map(vec![(Reply::Int(1), text("a"))])), json!([[1, "a"]]));
        assert_eq!(value(Reply::Array(vec![Reply::Okay, Reply::Double(1.5), Reply::Boolean(true)])), json!(["OK", 1.5, true]));
    }

    #[test]
    fn defaults_are_those_that_are_declared() {
        let given = inputs(&json!({}));
        let of = connector::find("REDIS").expect("declared");
        let declared = |name: &str| {
            let text = of.every_input().find(|input| input.name == name).and_then(|input| input.default).expect(name);
            serde_json::from_str::<Value>(text).expect("JSON")
        };
        assert_eq!((json!(given.port), json!(given.tls), json!(given.database)), (declared("port"), declared("tls"), declared("database")));
        assert_eq!(Some(given.connect_timeout), declared("connect_timeout").as_f64());
        assert_eq!(Some(given.timeout), declared("timeout").as_f64());
    }
}
