//! The command line as a client of a server: where it is, which key opens it, and what is fetched from it.

use std::time::Duration;

use clap::Args;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use crate::config::Sources;
use crate::error::{Error, Kind, Result};
use crate::http::route::BASE;

/// How long a connection may take to come about. Answers may take as long as the server lets them.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);

/// Which server, as arguments say it.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Remote {
    /// The server's address, such as http://127.0.0.1:7410. Default: the variable FLOWSTEAD_URL.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// An API key. Default: the variable FLOWSTEAD_API_KEY, which process lists do not show.
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<String>,
}

impl Remote {
    /// Fills in from the environment what no argument gives.
    pub(super) fn or_environment(self) -> Remote {
        let environment = Sources::from_environment();
        let variable = |name: &str| environment.variable(name).map(str::to_owned);
        Remote { url: self.url.or_else(|| variable("FLOWSTEAD_URL")), key: self.key.or_else(|| variable("FLOWSTEAD_API_KEY")) }
    }
}

/// A server and a key for it.
#[derive(Clone)]
pub(super) struct Server {
    /// Without a path: `http://127.0.0.1:7410`.
    url: String,
    key: String,
    client: reqwest::Client,
}

impl Server {
    /// Needs both address and key, from arguments or the environment.
    pub(super) fn new(remote: Remote) -> Result<Server> {
        let Remote { url, key } = remote.or_environment();
        let url =
            url.ok_or_else(|| Error::invalid("Which server? Give --url, for instance http://127.0.0.1:7410, or set FLOWSTEAD_URL."))?;
        let key = key.ok_or_else(|| Error::invalid("An API key is needed: give --key, or set FLOWSTEAD_API_KEY."))?;
        let (url, is_local) = address(&url)?;
        let mut client = reqwest::Client::builder().connect_timeout(CONNECT_LIMIT).tcp_nodelay(true);
        if is_local {
            // No proxy stands between this machine and itself.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|e| Error::internal("no HTTP client can be made").source_error(e))?;
        Ok(Server { url, key, client })
    }

    /// A request to `path` below the interface's base.
    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{BASE}{path}", self.url)).bearer_auth(&self.key)
    }

    /// Without a path: `http://127.0.0.1:7410`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// What a GET of `path`, below the interface's base, answers.
    pub(super) async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let answer = self.send(self.request(reqwest::Method::GET, path)).await?;
        Ok(answer.bytes().await.map_err(|e| self.unreachable(&e))?.to_vec())
    }

    /// Sends a request; an answer that is no success becomes an error with the server's own words.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let answer = request.send().await.map_err(|e| self.unreachable(&e))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let text = answer.text().await.unwrap_or_default();
        let said = serde_json::from_str::<Value>(&text).ok().and_then(|body| body["error_message"].as_str().map(str::to_owned));
        let message = said.unwrap_or_else(|| format!("The server {} answered {status}.", self.url));
        let kind = if status == reqwest::StatusCode::UNAUTHORIZED { Kind::Unauthenticated } else { Kind::Unavailable };
        Err(Error::new(kind, message))
    }

    /// The refusal for a request that found no server; the cause is the innermost one, which names the system's reason.
    pub(super) fn unreachable(&self, error: &reqwest::Error) -> Error {
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        Error::new(Kind::Unavailable, format!("The server {} cannot be reached: {cause}.", self.url))
    }
}

/// The address without a path, and whether it is on this machine.
pub(super) fn address(text: &str) -> Result<(String, bool)> {
    let refuse = || Error::invalid(format!("'{text}' is no address of a server; it looks like http://127.0.0.1:7410."));
    let url = reqwest::Url::parse(text.trim()).map_err(|_| refuse())?;
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")).ok_or_else(refuse)?;
    let is_local = host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    // People paste the address of the interface or of its MCP endpoint as well.
    let path = url.path().trim_end_matches('/').trim_end_matches("/mcp").trim_end_matches(BASE);
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Ok((format!("{}://{host}{port}{path}", url.scheme()), is_local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_in_every_form_people_paste() {
        for text in
            ["http://127.0.0.1:7410", "http://127.0.0.1:7410/", "http://127.0.0.1:7410/api/latest/mcp", "http://127.0.0.1:7410/api/latest"]
        {
            assert_eq!(address(text).unwrap(), ("http://127.0.0.1:7410".to_owned(), true), "{text}");
        }
        assert_eq!(address("https://flows.example.com/team/").unwrap(), ("https://flows.example.com/team".to_owned(), false));
        assert!(address("http://[::1]:7410").unwrap().1);
        for bad in ["127.0.0.1:7410", "ftp://x", "", "flows"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
