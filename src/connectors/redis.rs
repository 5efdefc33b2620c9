//! REDIS: one command of a Redis server. The protocol is RESP3, in which answers have types: maps are objects, sets are lists.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError, Value as Reply};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::reach::{self, within};
use super::value::{as_bytes, bytes_value, float};
use super::{Connect, Failure, Job};
use crate::error::Result;

/// Bytes that an answer may have beyond those of the output: what the protocol says around them.
const AROUND: usize = 64 << 10;

/// Commands that only read. What they did not give may be asked for again.
const READS: &[&str] = &[
    "BITCOUNT",
    "BITPOS",
    "DBSIZE",
    "ECHO",
    "EXISTS",
    "EXPIRETIME",
    "GEODIST",
    "GEOHASH",
    "GEOPOS",
    "GEOSEARCH",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HEXISTS",
    "HGET",
    "HGETALL",
    "HKEYS",
    "HLEN",
    "HMGET",
    "HRANDFIELD",
    "HSCAN",
    "HSTRLEN",
    "HVALS",
    "INFO",
    "KEYS",
    "LASTSAVE",
    "LCS",
    "LINDEX",
    "LLEN",
    "LPOS",
    "LRANGE",
    "MGET",
    "PEXPIRETIME",
    "PING",
    "PTTL",
    "RANDOMKEY",
    "SCAN",
    "SCARD",
    "SDIFF",
    "SINTER",
    "SINTERCARD",
    "SISMEMBER",
    "SMEMBERS",
    "SMISMEMBER",
    "SRANDMEMBER",
    "SSCAN",
    "STRLEN",
    "SUNION",
    "TIME",
    "TTL",
    "TYPE",
    "XLEN",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREVRANGE",
    "ZCARD",
    "ZCOUNT",
    "ZDIFF",
    "ZINTER",
    "ZLEXCOUNT",
    "ZMSCORE",
    "ZRANDMEMBER",
    "ZRANGE",
    "ZRANGEBYLEX",
    "ZRANGEBYSCORE",
    "ZRANK",
    "ZREVRANGE",
    "ZREVRANK",
    "ZSCAN",
    "ZSCORE",
    "ZUNION",
];

/// Commands that a connection of one command cannot carry out, and why.
const REFUSED: &[(&[&str], &str)] = &[
    (
        &["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "REPLCONF"],
        "its answer has no end; to wait for news, use a stream with XREAD and BLOCK, or a list with BLPOP",
    ),
    (
        &["MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"],
        "a connection is one command, and a transaction is several; EVAL does several as one",
    ),
    (&["AUTH", "HELLO", "SELECT", "RESET", "QUIT"], "the inputs 'username', 'password' and 'database' say how the connection is set up"),
];

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
    #[serde(default = "ten")]
    connect_timeout: f64,
    #[serde(default = "three_hundred")]
    timeout: f64,
}

fn port() -> u16 {
    6379
}

fn ten() -> f64 {
    10.0
}

fn three_hundred() -> f64 {
    300.0
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
        READS.contains(&command.trim().to_ascii_uppercase().as_str())
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = serde_json::from_value(job.inputs.clone())
                .map_err(|_| Failure::new("An input of the connection is not what it should be, now that its secrets are in place."))?;
            let command = command(&inputs)?;
            let late = || Failure::new(format!("REDIS: no answer within the timeout of {} s; it was given up.", inputs.timeout));
            within(&job.clock, inputs.timeout, ask(&inputs, &command, job), late).await
        })
    }
}

/// The command with its arguments, if it is one that has an answer.
fn command(inputs: &Inputs) -> Result<Cmd, Failure> {
    let words: Vec<&str> = inputs.command.split_whitespace().collect();
    let name = words.first().ok_or_else(|| Failure::new("REDIS: 'command' is empty."))?.to_ascii_uppercase();
    if let Some((_, why)) = REFUSED.iter().find(|(names, _)| names.contains(&name.as_str())) {
        return Err(Failure::new(format!("REDIS: {name} cannot be carried out: {why}.")));
    }
    if name == "CLIENT" && is_about_replies(&words, &inputs.args) {
        return Err(Failure::new("REDIS: CLIENT REPLY and CLIENT TRACKING cannot be carried out: they change what is answered."));
    }
    let mut command = Cmd::new();
    for word in &words {
        command.arg(*word);
    }
    for (at, value) in inputs.args.iter().enumerate() {
        let wrong = |why: &str| Failure::new(format!("REDIS: the item {at} of 'args' {why}."));
        match value {
            Value::String(text) => command.arg(text),
            Value::Number(number) => command.arg(number.to_string()),
            other => match as_bytes(other).map_err(|why| wrong(&why))? {
                Some(bytes) => command.arg(bytes),
                None => return Err(wrong("is no text, number or {\"base64\": \"...\"}; write anything else as text, such as JSON")),
            },
        };
    }
    Ok(command)
}

fn is_about_replies(words: &[&str], args: &[Value]) -> bool {
    let second = words.get(1).copied().or_else(|| args.first().and_then(Value::as_str)).unwrap_or_default();
    ["REPLY", "TRACKING"].iter().any(|word| word.eq_ignore_ascii_case(second))
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

/// What reads and writes as the server's socket, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn stream(inputs: &Inputs) -> Result<Box<dyn Stream>, Failure> {
    let host = inputs.host.trim_end_matches('.');
    let socket = TcpStream::connect((host, inputs.port)).await;
    let socket = socket.map_err(|error| Failure::new(format!("REDIS: no connection ({error}).")))?;
    // One command is one packet; to wait for more of it would be all that the socket does.
    let _ = socket.set_nodelay(true);
    if !inputs.tls {
        return Ok(Box::new(socket));
    }
    let name =
        ServerName::try_from(host.to_owned()).map_err(|_| Failure::new("REDIS: 'host' is no name that a certificate can be for."))?;
    let encrypted = TlsConnector::from(Arc::new(trust(inputs.cacert.as_deref())?)).connect(name, socket).await;
    encrypted.map(|stream| Box::new(stream) as Box<dyn Stream>).map_err(|error| {
        let text = error.to_string();
        Failure::new(if text.contains("certificate") {
            format!("REDIS: the server's certificate is not trusted ({text}); 'cacert' takes that of its authority.")
        } else {
            format!("REDIS: no encrypted connection ({text}); does the server offer TLS at this port?")
        })
    })
}

/// Trusts the authorities of the system, and those that are given.
fn trust(cacert: Option<&str>) -> Result<ClientConfig, Failure> {
    let mut roots = RootCertStore::empty();
    // What of the system's cannot be read is not trusted.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = cacert {
        let given: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(std::result::Result::ok).collect();
        if given.is_empty() {
            return Err(Failure::new("'cacert' holds no certificate as PEM ('-----BEGIN CERTIFICATE-----')."));
        }
        roots.add_parsable_certificates(given);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Failure::new(format!("REDIS: no encryption can be set up ({error}).")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// A stream that gives no more than so many bytes, so that no answer fills the memory.
struct Bounded {
    stream: Box<dyn Stream>,
    left: usize,
    is_full: Arc<AtomicBool>,
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        match self.left.checked_sub(buffer.filled().len() - before) {
            Some(left) => self.left = left,
            None => {
                self.is_full.store(true, Ordering::Relaxed);
                return Poll::Ready(Err(io::Error::other("the answer is too large")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
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
