//! Which commands there are for a connection of one command: those that only read, and those that it cannot carry out.

use redis::Cmd;
use serde_json::Value;

use super::Inputs;
use crate::connectors::Failure;
use crate::connectors::value::as_bytes;

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

/// Whether the command may be sent again, whatever became of it.
pub(super) fn only_reads(command: &str) -> bool {
    READS.contains(&command.trim().to_ascii_uppercase().as_str())
}

/// The command with its arguments, if it is one that has an answer.
pub(super) fn command(inputs: &Inputs) -> Result<Cmd, Failure> {
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
