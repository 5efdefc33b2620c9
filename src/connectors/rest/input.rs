//! The inputs of REST, read into what a request is made of.

use std::collections::BTreeMap;

use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::http::{self, Conduct, wrong};
use super::super::input;
use super::retry::Spacing;
use crate::error::Result;

/// Inputs as they are given; their defaults are those that are declared.
#[derive(Deserialize)]
struct Given {
    url: Option<String>,
    #[serde(default = "https")]
    scheme: String,
    hostname: Option<String>,
    port: Option<u16>,
    #[serde(default)]
    base_path: String,
    #[serde(default)]
    path: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    params: Map<String, Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: BTreeMap<String, String>,
    data: Option<Map<String, Value>>,
    text: Option<String>,
    multipart: Option<Vec<Part>>,
    src: Option<String>,
    #[serde(flatten)]
    conduct: Conduct,
    #[serde(default = "good")]
    expected_status_code: Vec<u16>,
    #[serde(default)]
    retry_backoff: Spacing,
    dst: Option<String>,
    authentication_method: Option<String>,
    username: Option<String>,
    password: Option<String>,
    token: Option<String>,
}

fn https() -> String {
    "https".to_owned()
}

fn get() -> String {
    "get".to_owned()
}

fn good() -> Vec<u16> {
    vec![200, 201, 202, 204]
}

/// A part of a `multipart/form-data` body.
#[derive(Deserialize)]
pub(super) struct Part {
    pub name: String,
    pub value: Option<String>,
    pub file: Option<String>,
    pub filename: Option<String>,
    pub content_type: Option<String>,
}

pub(super) enum Body {
    None,
    Json(Value),
    Form(Vec<(String, String)>),
    Text(String),
    Multipart(Vec<Part>),
    /// The name of the FILE that it is.
    File(String),
}

pub(super) enum Login {
    None,
    Basic { username: String, password: String },
    Bearer { token: String },
    Digest { username: String, password: String },
}

/// What a request is made of.
pub(super) struct Inputs {
    address: Address,
    params: Vec<(String, String)>,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Body,
    pub login: Login,
    pub conduct: Conduct,
    pub expected_status_code: Vec<u16>,
    pub retry_backoff: Spacing,
    pub dst: Option<String>,
}

enum Address {
    Whole(String),
    Parts { scheme: String, hostname: String, port: Option<u16>, path: String },
}

impl Inputs {
    /// Reads inputs that their schema accepts. Errors show no value: there are secrets among them.
    pub fn read(inputs: &Value) -> Result<Inputs> {
        let json = inputs.get("json").cloned();
        let given: Given = input::read(inputs)?;
        let login = login(&given)?;
        let method = Method::from_bytes(given.method.to_ascii_uppercase().as_bytes())
            .map_err(|_| wrong("method", format!("'{}' is no HTTP method.", given.method)))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &given.headers {
            let place = format!("headers/{name}");
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(&place, format!("'{name}' is no name of a header.")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|_| wrong(&place, format!("The header '{name}' has characters that no header may have, such as a line break.")))?;
            headers.insert(name, value);
        }
        if !given.cookies.is_empty() {
            let all: Vec<String> = given.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let value =
                HeaderValue::from_str(&all.join("; ")).map_err(|_| wrong("cookies", "A cookie has a line break in it.".to_owned()))?;
            headers.insert(header::COOKIE, value);
        }
        let body = match (json, given.data, given.text, given.multipart) {
            (Some(value), ..) => Body::Json(value),
            (None, Some(fields), ..) => Body::Form(pairs(fields)),
            (None, None, Some(text), _) => Body::Text(text),
            (None, None, None, Some(parts)) => Body::Multipart(parts),
            (None, None, None, None) => given.src.map_or(Body::None, Body::File),
        };
        let address = match (given.url, given.hostname) {
            (Some(url), _) => Address::Whole(url),
            (None, Some(hostname)) => {
                let path = joined(&given.base_path, &given.path);
                Address::Parts { scheme: given.scheme, hostname, port: given.port, path }
            }
            (None, None) => return Err(wrong("url", "Where to? Give 'url', or 'hostname'.".to_owned())),
        };
        Ok(Inputs {
            address,
            params: pairs(given.params),
            method,
            headers,
            body,
            login,
            conduct: given.conduct,
            expected_status_code: given.expected_status_code,
            retry_backoff: given.retry_backoff,
            dst: given.dst,
        })
    }

    /// The address with its query.
    pub fn url(&self) -> Result<Url> {
        let mut url = self.address.read()?;
        if !self.params.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.params);
        }
        Ok(url)
    }

    /// `GET`.
    pub fn verb(&self) -> &str {
        self.method.as_str()
    }
}

impl Address {
    fn read(&self) -> Result<Url> {
        match self {
            Address::Whole(text) => http::address(text, "url"),
            Address::Parts { scheme, hostname, port, path } => {
                let host = if hostname.contains(':') && !hostname.starts_with('[') { format!("[{hostname}]") } else { hostname.clone() };
                let mut url =
                    Url::parse(&format!("{scheme}://{host}/")).map_err(|e| wrong("hostname", format!("'hostname' is no host ({e}).")))?;
                if url.path() != "/" || !url.username().is_empty() || url.query().is_some() || url.port().is_some() {
                    return Err(wrong(
                        "hostname",
                        "'hostname' takes the host alone; 'port', 'path' and 'params' have their own inputs.".to_owned(),
                    ));
                }
                let is_settable = url.set_port(*port).is_ok();
                debug_assert!(is_settable, "an http address has a port");
                url.set_path(path);
                Ok(url)
            }
        }
    }
}

/// The host that inputs lead to. A part of it that is a secret's reference is refused.
pub(super) fn host(inputs: &Value) -> Result<String> {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str).map(str::to_owned);
    let address = match (text("url"), text("hostname")) {
        (Some(url), _) => Address::Whole(url),
        (None, Some(hostname)) => Address::Parts { scheme: https(), hostname, port: None, path: String::new() },
        (None, None) => return Err(wrong("url", "Where to? Give 'url', or 'hostname'.".to_owned())),
    };
    http::host(&address.read()?, "url")
}

/// Whether a second request of this method does no more than the first (RFC 9110, 9.2.2).
pub(super) fn is_repeatable(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].iter().any(|safe| safe.eq_ignore_ascii_case(method))
}

fn login(given: &Given) -> Result<Login> {
    let (username, password) = (given.username.clone().unwrap_or_default(), given.password.clone().unwrap_or_default());
    let needs = |field: &str, method: &str| wrong(field, format!("The authentication_method '{method}' needs '{field}'."));
    match given.authentication_method.as_deref() {
        Some("bearer") => Ok(Login::Bearer { token: given.token.clone().ok_or_else(|| needs("token", "bearer"))? }),
        Some("digest") if given.username.is_none() => Err(needs("username", "digest")),
        Some("digest") => Ok(Login::Digest { username, password }),
        _ if given.username.is_some() => Ok(Login::Basic { username, password }),
        // A token alone says enough.
        _ => Ok(given.token.clone().map_or(Login::None, |token| Login::Bearer { token })),
    }
}

/// `base` and `path` with one slash between.
fn joined(base: &str, path: &str) -> String {
    match (base.trim_end_matches('/'), path.trim_start_matches('/')) {
        ("", path) => format!("/{path}"),
        (base, "") => base.to_owned(),
        (base, path) => format!("{base}/{path}"),
    }
}

/// Fields as pairs: a list gives its name several times, and null nothing.
fn pairs(fields: Map<String, Value>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Value::Array(items) => items,
            other => vec![other],
        };
        for value in values {
            match value {
                Value::Null => {}
                Value::String(text) => all.push((name.clone(), text)),
                other => all.push((name.clone(), other.to_string())),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::connector;

    fn url(inputs: &Value) -> String {
        Inputs::read(inputs).and_then(|inputs| inputs.url()).map_or_else(|e| e.to_string(), |url| url.to_string())
    }

    #[test]
    fn an_address_is_given_whole_or_in_parts() {
        assert_eq!(
            url(&json!({ "url": "http://a.example/b?c=1", "params": { "d": [1, "x y"], "e": null } })),
            "http://a.example/b?c=1&d=1&d=x+y"
        );
        assert_eq!(url(&json!({ "hostname": "a.example", "base_path": "/v1/", "path": "things" })), "https://a.example/v1/things");
        assert_eq!(url(&json!({ "hostname": "::1", "port": 8080, "scheme": "http" })), "http://[::1]:8080/");
        for wrong in [json!({ "url": "a.example/b" }), json!({ "url": "ftp://a.example" }), json!({ "hostname": "a.example/b" }), json!({})]
        {
            assert!(Inputs::read(&wrong).and_then(|inputs| inputs.url()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_host_is_known_before_secrets_are_and_is_none_itself() {
        let host = |inputs: Value| host(&inputs).ok();
        assert_eq!(host(json!({ "url": "https://API.example.com:8443/secret(path)" })).as_deref(), Some("api.example.com"));
        assert_eq!(host(json!({ "hostname": "db.internal." })).as_deref(), Some("db.internal"));
        assert_eq!(host(json!({ "url": "https://user@evil.example/@api.example.com" })).as_deref(), Some("evil.example"));
        for inputs in [json!({ "url": "https://secret(host)/" }), json!({ "hostname": "secret(host)" }), json!({ "url": "secret(url)" })] {
            assert_eq!(host(inputs.clone()), None, "{inputs}");
        }
    }

    #[test]
    fn defaults_are_those_that_are_declared() {
        let given = Inputs::read(&json!({ "url": "https://a.example" })).expect("it reads");
        let rest = connector::find("REST").expect("declared");
        let declared = |name: &str| {
            let input = rest.every_input().find(|input| input.name == name).and_then(|input| input.default).expect(name);
            serde_json::from_str::<Value>(input).expect("JSON")
        };
        assert_eq!(json!(given.verb().to_lowercase()), declared("method"));
        assert_eq!(json!(given.expected_status_code), declared("expected_status_code"));
        let conduct = &given.conduct;
        assert_eq!(json!(conduct.allow_redirects), declared("allow_redirects"));
        assert_eq!(json!(conduct.max_redirects), declared("max_redirects"));
        assert_eq!(json!(conduct.verify_ssl), declared("verify_ssl"));
        let seconds = |name: &str| Some(json!(declared(name).as_f64()?));
        assert_eq!(Some(json!(conduct.connect_timeout)), seconds("connect_timeout"));
        assert_eq!(Some(json!(conduct.read_timeout)), seconds("read_timeout"));
        let named: Spacing =
            serde_json::from_value(json!({ "initial": 1, "maximum": 60, "multiplier": 2, "deadline": 600 })).expect("it reads");
        assert_eq!(given.retry_backoff, named);
    }

    #[test]
    fn a_header_with_a_line_break_is_refused_and_its_value_not_shown() {
        let error =
            Inputs::read(&json!({ "url": "https://a.example", "headers": { "x-key": "hidden\r\nx-other: 1" } })).err().expect("refused");
        assert!(!error.to_string().contains("hidden"), "{error}");
        assert_eq!(error.field_pointer(), Some("/headers/x-key"));
    }
}
