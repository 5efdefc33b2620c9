//! HTTP clients by how they are to behave: connections are kept between requests, so clients are kept too.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Mutex;
use std::time::Duration;

use bytes::BytesMut;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Body, Certificate, Client, Identity, Response, Url, header};
use serde::Deserialize;

use super::{Sink, Source, input};
use crate::error::{Error, Result};

/// Clients kept at the most; then all are forgotten.
const KEPT: usize = 32;

/// How a client behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Conduct {
    pub allow_redirects: bool,
    pub max_redirects: usize,
    /// Seconds.
    pub connect_timeout: f64,
    /// Seconds without a byte.
    pub read_timeout: f64,
    pub verify_ssl: bool,
    pub cacert: Option<String>,
    pub client_cert: Option<ClientCert>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ClientCert {
    pub cert: String,
    pub key: String,
}

impl Default for Conduct {
    fn default() -> Conduct {
        Conduct {
            allow_redirects: true,
            max_redirects: 10,
            connect_timeout: 10.0,
            read_timeout: 60.0,
            verify_ssl: true,
            cacert: None,
            client_cert: None,
        }
    }
}

/// A client that behaves so. With `is_bound`, it follows no redirect to another host.
pub fn of(conduct: &Conduct, is_bound: bool) -> Result<Client> {
    static CLIENTS: Mutex<Option<HashMap<blake3::Hash, Client>>> = Mutex::new(None);
    let key = blake3::hash(format!("{conduct:?} {is_bound}").as_bytes());
    let mut kept = CLIENTS.lock().expect("no panic happens under this lock");
    let clients = kept.get_or_insert_default();
    if let Some(client) = clients.get(&key) {
        return Ok(client.clone());
    }
    let client = build(conduct, is_bound)?;
    if clients.len() >= KEPT {
        clients.clear();
    }
    clients.insert(key, client.clone());
    Ok(client)
}

fn build(conduct: &Conduct, is_bound: bool) -> Result<Client> {
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    let (allow, most) = (conduct.allow_redirects, conduct.max_redirects);
    let policy = if allow { Policy::custom(move |attempt| follow(attempt, most, is_bound)) } else { Policy::none() };
    let mut builder = Client::builder()
        .user_agent(concat!("flowstead/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(seconds(conduct.connect_timeout))
        .read_timeout(seconds(conduct.read_timeout))
        .redirect(policy)
        .danger_accept_invalid_certs(!conduct.verify_ssl);
    if let Some(pem) = &conduct.cacert {
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
        if certificates.is_empty() {
            return Err(input::no_certificate());
        }
        builder = builder.tls_built_in_root_certs(false);
        builder = certificates.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
    }
    if let Some(ClientCert { cert, key }) = &conduct.client_cert {
        let pem = format!("{}\n{}\n", cert.trim(), key.trim());
        let identity = Identity::from_pem(pem.as_bytes()).map_err(|_| input::no_identity())?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|e| Error::invalid(format!("No HTTP client can be made of these inputs: {}.", root(&e))))
}

fn follow(attempt: Attempt, most: usize, is_bound: bool) -> reqwest::redirect::Action {
    if attempt.previous().len() > most {
        return attempt.error(format!("it was redirected more than {most} times (max_redirects)"));
    }
    let first = attempt.previous().first().and_then(|url| url.host_str()).unwrap_or_default();
    let next = attempt.url().host_str().unwrap_or_default();
    if is_bound && next != first {
        let text = format!("it was redirected to '{next}', and secrets that are meant for '{first}' do not go there");
        return attempt.error(text);
    }
    attempt.follow()
}

/// What lies under an error: `Connection refused (os error 111)`. Names no address, which may have a secret in it.
pub fn root(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(below) = cause.and_then(std::error::Error::source) {
        cause = Some(below);
    }
    cause.map_or_else(|| "the request could not be made".to_owned(), ToString::to_string).trim_end_matches('.').to_owned()
}

/// Whether the server's certificate is not trusted, or is for another host.
pub fn is_about_certificates(error: &reqwest::Error) -> bool {
    root(error).contains("certificate")
}

/// What cannot be sent, as an input's fault.
pub fn wrong(field: &str, message: String) -> Error {
    Error::invalid(message).field(format!("/{field}"))
}

/// What an error means to who asked, as a clause. Names no address.
pub fn words(error: &reqwest::Error, conduct: &Conduct) -> String {
    let cause = root(error);
    if error.is_redirect() {
        cause
    } else if error.is_timeout() && error.is_connect() {
        format!("no connection within the connect_timeout of {} s", conduct.connect_timeout)
    } else if error.is_timeout() {
        format!("nothing was heard for the read_timeout of {} s", conduct.read_timeout)
    } else if error.is_connect() {
        format!("no connection ({cause})")
    } else if error.is_body() || error.is_decode() || error.is_request() {
        format!("the exchange broke off ({cause})")
    } else {
        cause
    }
}

/// A whole address, given as the input `field`.
pub fn address(text: &str, field: &str) -> Result<Url> {
    let url = Url::parse(text.trim())
        .map_err(|e| wrong(field, format!("'{field}' is no whole address ({e}); it begins with 'https://' or 'http://' and a host.")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(field, format!("'{field}' begins with '{}://'; it goes to 'https://' and 'http://'.", url.scheme())));
    }
    Ok(url)
}

/// The host of an address, in lower case. A part of it that is a secret's reference is refused.
pub fn host(url: &Url, field: &str) -> Result<String> {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if host.contains(['(', ')']) || host.contains("%28") {
        return Err(wrong(field, "The host of a connection stands in its inputs as it is; it cannot be a secret.".to_owned()));
    }
    Ok(host.trim_end_matches('.').to_lowercase())
}

/// A body of at most `most` bytes. An error is a clause.
pub async fn short(mut response: Response, most: usize) -> Result<BytesMut, String> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| format!("the answer broke off ({})", root(&error)))? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            return Err(format!("the answer has more than {most} bytes"));
        }
    }
    Ok(body)
}

/// Puts a body where it is kept, as it comes; of more than `most` bytes, nothing. An error is a clause.
pub async fn pour(mut response: Response, (sink, most): (&mut dyn Sink, usize)) -> Result<(), String> {
    if let Some(length) = response.content_length().filter(|length| *length > most as u64) {
        return Err(format!("the answer has {length} bytes; a file may have {most} at the most"));
    }
    let mut size = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                size += chunk.len();
                sink.take(&chunk).await.map_err(|error| error.message().to_owned())?;
            }
            Ok(None) => return Ok(()),
            Err(error) => return Err(format!("the answer broke off after {size} bytes ({})", root(&error))),
        }
    }
}

/// An address without what may be a secret in it: login, query and fragment.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // An address without a host has no login to remove.
    let _ = (url.set_username(""), url.set_password(None));
    url.to_string()
}

/// A body that is sent as it is read.
pub fn body(content: Source) -> Body {
    Body::wrap_stream(content.pieces)
}

/// When a service wants to be asked again.
pub fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
