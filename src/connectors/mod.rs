//! What connections do: one file per type behind one trait and one list. What each takes and gives is data, in `records::connector`.
//!
//! A connector knows nothing of executions, rights or the store: it gets whole inputs with secrets in them, and gives an output.

mod file;
mod git;
mod grant;
mod http;
mod input;
mod mail;
mod mcp;
mod model;
mod reach;
mod redis;
mod rest;
mod s3;
mod sql;
mod ssh;
mod value;
mod vault;

use std::path::Path;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::error::Result;

pub use file::{Files, Sink, Source};
pub use grant::Grant;
pub use vault::{VaultPlace, VaultServer};

/// One type of connection, carried out.
pub trait Connect: Sync {
    /// As in `records::connector`: `REST`.
    fn name(&self) -> &'static str;

    /// The host that the inputs lead to, in lower case; secrets may be meant for some hosts only. The inputs may hold references in
    /// the place of secrets, but not there: that is refused.
    fn host(&self, inputs: &Value) -> Result<String>;

    /// Whether carrying it out twice does no more than once, so that it may be done again when nobody knows whether it was done.
    fn is_repeatable(&self, inputs: &Value) -> bool;

    /// Whether it changes nothing at the other side, as far as the inputs tell.
    fn only_reads(&self, inputs: &Value) -> bool;

    /// Carries it out. Dropped before its end, it is cancelled.
    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>>;
}

/// Every type that this server carries out.
static CARRIED_OUT: &[&dyn Connect] = &[
    &s3::Aws,
    &model::AZUREAI,
    &git::Git,
    &mcp::Mcp,
    &sql::MySql,
    &model::OPENAI,
    &self::redis::Redis,
    &rest::Rest,
    &s3::S3,
    &ssh::SCP,
    &ssh::SFTP,
    &mail::Smtp,
    &sql::Sqlite,
    &sql::Postgres,
    &ssh::Ssh,
    &vault::Vault,
];

/// How connections of this type are carried out; `None` for those that this server only stores.
pub fn find(name: &str) -> Option<&'static dyn Connect> {
    CARRIED_OUT.iter().copied().find(|connect| connect.name() == name)
}

/// The names of the types that are carried out.
pub fn names() -> impl Iterator<Item = &'static str> {
    CARRIED_OUT.iter().map(|connect| connect.name())
}

/// What a connection is carried out with.
#[derive(Clone)]
pub struct Job<'a> {
    /// Checked against the type's schema; secrets stand in it as they are.
    pub inputs: &'a Value,
    /// There are secrets in it that are meant for this host: what leads elsewhere is refused.
    pub is_bound: bool,
    pub files: &'a dyn Files,
    pub log: Log,
    pub clock: Clock,
    /// Bytes that a FILE may have.
    pub file_limit: usize,
    /// A folder for what must lie on a disk meanwhile; no flow sees it.
    pub scratch: &'a Path,
    /// Bytes that an output may have.
    pub output_limit: usize,
    /// The name of the FILE that takes what is too large for an output, when the inputs name none.
    pub spill: String,
}

/// Lines for the log of the connection's execution.
#[derive(Clone)]
pub struct Log(pub mpsc::UnboundedSender<Line>);

/// One line of it.
pub struct Line {
    /// `info`, `warning`.
    pub level: &'static str,
    pub message: String,
}

impl Log {
    pub fn warning(&self, message: String) {
        // Nobody reads on when the execution is over.
        let _ = self.0.send(Line { level: "warning", message });
    }
}

/// Why a connection did not succeed.
pub struct Failure {
    /// A whole sentence.
    pub message: String,
    /// What came back all the same.
    pub output: Option<Value>,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), output: None }
    }
}

impl From<crate::error::Error> for Failure {
    fn from(error: crate::error::Error) -> Failure {
        Failure::new(error.message())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::connector;

    #[test]
    fn what_only_reads_is_told_by_the_inputs() {
        let reads = |name: &str, inputs: serde_json::Value| find(name).expect("it is carried out").only_reads(&inputs);
        for (name, inputs) in [
            ("REST", json!({})),
            ("REST", json!({ "method": "head" })),
            ("SQLITE", json!({ "fetch": "SELECT 1" })),
            ("REDIS", json!({ "command": "get" })),
            ("S3", json!({})),
            ("S3", json!({ "command": "get" })),
            ("VAULT", json!({ "secret_path": "a" })),
            ("GIT", json!({ "command": "clone" })),
            ("OPENAI", json!({})),
        ] {
            assert!(reads(name, inputs.clone()), "{name} {inputs}");
        }
        for (name, inputs) in [
            ("REST", json!({ "method": "PUT" })),
            ("REST", json!({ "method": "DELETE" })),
            ("SQLITE", json!({ "execute": "DELETE FROM t" })),
            ("REDIS", json!({ "command": "SET" })),
            ("S3", json!({ "command": "put" })),
            ("S3", json!({ "command": "delete" })),
            ("AWS", json!({})),
            ("VAULT", json!({ "data": {} })),
            ("VAULT", json!({ "mode": "destroy" })),
            ("GIT", json!({ "command": "push" })),
            ("MCP", json!({})),
            ("SMTP", json!({})),
            ("SSH", json!({})),
            ("SFTP", json!({ "src": "cloudomation:a", "dst": "/a" })),
        ] {
            assert!(!reads(name, inputs.clone()), "{name} {inputs}");
        }
    }

    #[test]
    fn what_is_carried_out_is_declared() {
        for name in names() {
            assert!(connector::find(name).is_some(), "{name}");
        }
    }
}
