//! Tokens of other systems, fetched with what an OAUTH record says (RFC 6749: for a client, 4.4, or for a user, 6) and kept while they
//! are good.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::http::{self, Conduct};
use crate::clock::{Clock, Instant};
use crate::error::{Error, Kind, Result};

/// Tokens kept at the most; then all are forgotten.
const KEPT: usize = 256;
/// A token is not used in its last moments: it has a way to go.
const MARGIN: Duration = Duration::from_secs(30);
/// Bytes that an answer with a token may have.
const LONGEST: usize = 256 << 10;

static TOKENS: Mutex<Option<HashMap<blake3::Hash, (String, Instant)>>> = Mutex::new(None);

/// What an OAUTH record says.
pub struct Grant {
    /// Of the record, for errors.
    pub name: String,
    pub token_url: String,
    pub client_id: String,
    pub client_secret: Option<String>,
    pub scopes: Vec<String>,
    /// In whose name; without it, in that of the client.
    pub refresh_token: Option<String>,
}

/// What a server of tokens has given.
pub struct Fetched {
    pub token: String,
    /// Replaces the one that it was fetched with, which may be good no more.
    pub refresh_token: Option<String>,
}

impl Grant {
    /// Fetches a token. `inputs` are those of the connection: how certificates are checked and how long to wait.
    pub async fn fetch(&self, inputs: &Value, clock: &Clock) -> Result<Fetched> {
        let conduct: Conduct = serde_json::from_value(inputs.clone()).unwrap_or_default();
        let url = http::address(&self.token_url, "oauth")?;
        let is_header = self.client_secret.is_some() || self.refresh_token.is_none();
        let mut answer = self.ask(&url, &conduct, is_header).await?;
        if is_header && matches!(answer.0, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) && answer.1["error"] == "invalid_client" {
            // Some servers read the login from the body only.
            answer = self.ask(&url, &conduct, false).await?;
        }
        let (status, body) = answer;
        let Some(token) = body["access_token"].as_str().filter(|_| status.is_success()) else {
            let said = body["error_description"].as_str().or(body["error"].as_str()).unwrap_or("there is no access_token in the answer");
            let is_over = self.refresh_token.is_some() && body["error"] == "invalid_grant";
            let way_out = if is_over { "; its user has to agree anew, and the record gets the 'refresh_token' of that" } else { "" };
            return Err(self.failed(&format!("{} answered {status}: {}{way_out}", http::shown(&url), said.trim_end_matches('.'))));
        };
        let given = body["refresh_token"].as_str().filter(|_| self.refresh_token.is_some());
        let newer = given.filter(|given| Some(*given) != self.refresh_token.as_deref()).map(str::to_owned);
        if let Some(seconds) = body["expires_in"].as_u64().or_else(|| body["expires_in"].as_str()?.parse().ok()) {
            let end = clock.instant().plus(Duration::from_secs(seconds).saturating_sub(MARGIN));
            keep(self.key(newer.as_deref().or(self.refresh_token.as_deref())), token, end);
        }
        Ok(Fetched { token: token.to_owned(), refresh_token: newer })
    }

    /// The token that is kept is no good any more.
    pub fn forget(&self) {
        let mut tokens = TOKENS.lock().expect("no panic happens under this lock");
        tokens.get_or_insert_default().remove(&self.key(self.refresh_token.as_deref()));
    }

    /// The token that was fetched before, while it is good.
    pub fn kept(&self, clock: &Clock) -> Option<String> {
        let mut tokens = TOKENS.lock().expect("no panic happens under this lock");
        let (token, end) = tokens.get_or_insert_default().get(&self.key(self.refresh_token.as_deref()))?;
        (clock.instant() < *end).then(|| token.clone())
    }

    /// The name of its token, which is another with another refresh token.
    fn key(&self, refresh_token: Option<&str>) -> blake3::Hash {
        let all = (&self.token_url, &self.client_id, &self.client_secret, &self.scopes, refresh_token);
        blake3::hash(format!("{all:?}").as_bytes())
    }

    async fn ask(&self, url: &Url, conduct: &Conduct, is_header: bool) -> Result<(StatusCode, Value)> {
        let scopes = self.scopes.join(" ");
        let secret = self.client_secret.as_deref().unwrap_or_default();
        let mut form = match &self.refresh_token {
            Some(refresh_token) => vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())],
            None => vec![("grant_type", "client_credentials")],
        };
        if !scopes.is_empty() {
            form.push(("scope", &scopes));
        }
        if !is_header {
            form.push(("client_id", self.client_id.as_str()));
            form.extend(self.client_secret.as_deref().map(|secret| ("client_secret", secret)));
        }
        let mut request = http::of(conduct, true)?.post(url.clone());
        if is_header {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            request = request.basic_auth(encoded(&self.client_id), Some(encoded(secret)));
        }
        let sent = request.header("accept", "application/json").form(&form).send().await;
        let response = sent.map_err(|e| self.failed(&format!("{}: {}", http::shown(url), http::words(&e, conduct))))?;
        let status = response.status();
        let body = http::short(response, LONGEST).await.map_err(|why| self.failed(&format!("{}: {why}", http::shown(url))))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    fn failed(&self, why: &str) -> Error {
        Error::new(Kind::Unavailable, format!("The OAUTH record '{}' gets no token: {}.", self.name, why.trim_end_matches('.')))
    }
}

fn keep(key: blake3::Hash, token: &str, end: Instant) {
    let mut tokens = TOKENS.lock().expect("no panic happens under this lock");
    let tokens = tokens.get_or_insert_default();
    if tokens.len() >= KEPT {
        tokens.clear();
    }
    tokens.insert(key, (token.to_owned(), end));
}
