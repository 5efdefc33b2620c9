//! The inputs of S3, read into what requests are made of.

use std::time::Duration;

use reqwest::Url;
use rusty_s3::{Bucket, UrlStyle};
use serde::Deserialize;
use serde_json::Value;

use super::super::http::{self, Conduct, wrong};
use super::super::input;
use crate::error::Result;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Command {
    List,
    Get,
    Put,
    Delete,
    Head,
    Presign,
}

/// Inputs as they are given; their defaults are those that are declared.
#[derive(Deserialize)]
struct Given {
    endpoint_url: Option<String>,
    #[serde(default = "region")]
    region: String,
    bucket: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    #[serde(default = "list")]
    command: Command,
    #[serde(default)]
    path: String,
    file: Option<String>,
    content_type: Option<String>,
    start_after: Option<String>,
    #[serde(default = "thousand")]
    limit: i64,
    #[serde(default = "hour")]
    expires_in: f64,
    #[serde(default = "get")]
    presign_for: String,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
    #[serde(flatten)]
    conduct: Conduct,
}

fn region() -> String {
    "us-east-1".to_owned()
}

fn list() -> Command {
    Command::List
}

fn get() -> String {
    "get".to_owned()
}

fn thousand() -> i64 {
    1000
}

fn hour() -> f64 {
    3600.0
}

/// What requests are made of.
pub(super) struct Inputs {
    endpoint: Url,
    style: UrlStyle,
    pub region: String,
    pub bucket: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
    pub command: Command,
    pub path: String,
    file: Option<String>,
    pub content_type: Option<String>,
    pub start_after: Option<String>,
    pub limit: usize,
    pub expires_in: Duration,
    pub is_put_presigned: bool,
    /// Seconds.
    pub timeout: f64,
    pub conduct: Conduct,
}

impl Inputs {
    /// Reads inputs that their schema accepts. Errors show no value: there are secrets among them.
    pub fn read(inputs: &Value) -> Result<Inputs> {
        let given: Given = input::read(inputs)?;
        if given.command != Command::List {
            check_key(&given.path)?;
        }
        if given.command == Command::Put && given.file.is_none() {
            return Err(wrong("file", "'put' needs 'file', the name of the FILE to send.".to_owned()));
        }
        let limit = usize::try_from(given.limit).ok().filter(|limit| *limit > 0);
        let limit = limit.ok_or_else(|| wrong("limit", "'limit' is at least 1.".to_owned()))?;
        // A week is the most that the signature allows.
        let expires_in = Duration::try_from_secs_f64(given.expires_in).ok().filter(|time| (1..=604_800).contains(&time.as_secs()));
        let expires_in = expires_in.ok_or_else(|| wrong("expires_in", "'expires_in' is from 1 to 604800 seconds, a week.".to_owned()))?;
        let (endpoint, style) = endpoint(given.endpoint_url.as_deref(), &given.region, &given.bucket)?;
        Ok(Inputs {
            endpoint,
            style,
            region: given.region,
            bucket: given.bucket,
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key,
            session_token: given.session_token,
            command: given.command,
            path: given.path,
            file: given.file,
            content_type: given.content_type,
            start_after: given.start_after,
            limit,
            expires_in,
            is_put_presigned: given.presign_for == "put",
            timeout: given.timeout,
            // A signature is for one address.
            conduct: Conduct { allow_redirects: false, read_timeout: given.timeout, ..given.conduct },
        })
    }

    pub fn bucket(&self) -> Result<Bucket> {
        let made = Bucket::new(self.endpoint.clone(), self.style, self.bucket.clone(), self.region.clone());
        made.map_err(|_| wrong("bucket", format!("'{}' is no name of a bucket.", self.bucket)))
    }

    /// The FILE that is sent or made: unless it is named, it has the name of the object.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or_else(|| self.path.rsplit('/').next().unwrap_or(&self.path))
    }
}

/// Addresses cannot say every key: these would lead to another object, or to the bucket itself.
fn check_key(path: &str) -> Result<()> {
    if path.is_empty() || path.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(wrong("path", format!("'{path}' is no path of an object: it is not empty, and no part of it is '.' or '..'.")));
    }
    Ok(())
}

/// Amazon has a host for each bucket that a certificate can name; others have one for all.
fn endpoint(given: Option<&str>, region: &str, bucket: &str) -> Result<(Url, UrlStyle)> {
    if let Some(given) = given {
        return Ok((http::address(given, "endpoint_url")?, UrlStyle::Path));
    }
    if region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(wrong("region", format!("'{region}' is no region.")));
    }
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let url = http::address(&format!("https://s3.{region}.amazonaws.com{suffix}"), "region")?;
    let is_host = bucket.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    Ok((url, if is_host { UrlStyle::VirtualHost } else { UrlStyle::Path }))
}

/// The host that inputs lead to. Amazon's is the one of the region, whatever bucket it is.
pub(super) fn host(inputs: &Value) -> Result<String> {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str);
    let field = if text("endpoint_url").is_some() { "endpoint_url" } else { "region" };
    let region = text("region").map_or_else(region, str::to_owned);
    let (url, _) = endpoint(text("endpoint_url"), &region, "")?;
    http::host(&url, field)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(more: Value) -> Result<Inputs> {
        let mut inputs = json!({ "bucket": "b", "access_key_id": "k", "secret_access_key": "s", "path": "a/b.txt" });
        if let (Value::Object(inputs), Value::Object(more)) = (&mut inputs, more) {
            inputs.extend(more);
        }
        Inputs::read(&inputs)
    }

    #[test]
    fn buckets_are_found_where_they_are() {
        let base = |more: Value| of(more).and_then(|inputs| inputs.bucket()).map(|bucket| bucket.base_url().to_string()).ok();
        assert_eq!(base(json!({})).as_deref(), Some("https://b.s3.us-east-1.amazonaws.com/"));
        assert_eq!(base(json!({ "bucket": "a.b", "region": "eu-west-1" })).as_deref(), Some("https://s3.eu-west-1.amazonaws.com/a.b/"));
        assert_eq!(base(json!({ "endpoint_url": "http://127.0.0.1:9000/" })).as_deref(), Some("http://127.0.0.1:9000/b/"));
        assert_eq!(base(json!({ "region": "x/y" })), None);
        assert_eq!(host(&json!({ "bucket": "b" })).ok().as_deref(), Some("s3.us-east-1.amazonaws.com"));
        assert_eq!(host(&json!({ "endpoint_url": "https://Minio.example:9000" })).ok().as_deref(), Some("minio.example"));
        assert_eq!(host(&json!({ "region": "secret(region)" })).ok(), None);
    }

    #[test]
    fn what_would_lead_to_another_object_is_refused() {
        for path in ["", ".", "a/../b", "a/."] {
            assert!(of(json!({ "path": path, "command": "delete" })).is_err(), "{path}");
        }
        assert!(of(json!({ "path": "", "command": "list" })).is_ok());
        assert_eq!(of(json!({ "command": "get" })).ok().map(|inputs| inputs.file().to_owned()).as_deref(), Some("b.txt"));
        assert!(of(json!({ "command": "put" })).is_err(), "no file");
        assert!(of(json!({ "expires_in": 700_000 })).is_err());
    }
}
