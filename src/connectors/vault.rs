//! VAULT: secrets in a HashiCorp Vault, in engines of keys and values of both versions.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Client, Method, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{self, Conduct, wrong};
use super::input;
use super::{Connect, Failure, Job};
use crate::error::{Error, Kind, Result};

/// Bytes that an answer may have.
const LONGEST: usize = 32 << 20;

pub(super) struct Vault;

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Read,
    Write,
    List,
    Delete,
    DeleteMetadata,
    Destroy,
}

#[derive(Deserialize)]
struct Inputs {
    host: String,
    secret_path: String,
    token: String,
    data: Option<Value>,
    version: Option<i64>,
    mode: Option<Mode>,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
    #[serde(flatten)]
    conduct: Conduct,
}

impl Connect for Vault {
    fn name(&self) -> &'static str {
        "VAULT"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        http::host(&address(inputs.get("host").and_then(Value::as_str).unwrap_or_default())?, "host")
    }

    /// To write twice makes two versions.
    fn is_repeatable(&self, inputs: &Value) -> bool {
        inputs.get("mode").map_or(inputs.get("data").is_none(), |mode| mode != "write")
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        inputs.get("mode").map_or(inputs.get("data").is_none(), |mode| mode == "read" || mode == "list")
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let seconds = inputs.timeout;
            let until = job.clock.instant().plus(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
            let conduct = Conduct { read_timeout: seconds, ..inputs.conduct.clone() };
            let server = VaultServer::new(&inputs.host, conduct)?.with_token(&inputs.token);
            tokio::select! {
                biased;
                done = carry_out(&server, &inputs) => Ok(json!({ "result": done? })),
                () = job.clock.sleep_until(until) => {
                    Err(server.failed(&format!("there is no answer within the timeout of {seconds} s")).into())
                }
            }
        })
    }
}

async fn carry_out(server: &VaultServer, inputs: &Inputs) -> Result<Value> {
    let mode = inputs.mode.unwrap_or(if inputs.data.is_some() { Mode::Write } else { Mode::Read });
    let place = server.place(&inputs.secret_path).await?;
    let versions = || {
        let version = inputs.version.ok_or_else(|| wrong("version", "'destroy' needs 'version', the one to destroy.".to_owned()))?;
        Ok::<_, Error>(json!({ "versions": [version] }))
    };
    if !place.has_versions && (matches!(mode, Mode::DeleteMetadata | Mode::Destroy) || inputs.version.is_some()) {
        let text =
            format!("'{}' is in an engine of version 1, which keeps one version of a secret and nothing about it.", inputs.secret_path);
        return Err(wrong(if inputs.version.is_some() { "version" } else { "mode" }, text));
    }
    match mode {
        Mode::Read => server.read(&place, inputs.version).await,
        Mode::List => Ok(server.ask(Method::GET, &place.of("metadata"), (&[("list", "true")], None)).await?["data"]["keys"].clone()),
        Mode::Write => {
            let data = inputs.data.clone().ok_or_else(|| wrong("data", "'write' needs 'data', what to write.".to_owned()))?;
            let body = if place.has_versions { json!({ "data": data }) } else { data };
            Ok(server.ask(Method::POST, &place.of("data"), (&[], Some(&body))).await?["data"].clone())
        }
        Mode::Delete if inputs.version.is_some() => server.ask(Method::POST, &place.of("delete"), (&[], Some(&versions()?))).await,
        Mode::Delete => server.ask(Method::DELETE, &place.of("data"), (&[], None)).await,
        Mode::DeleteMetadata => server.ask(Method::DELETE, &place.of("metadata"), (&[], None)).await,
        Mode::Destroy => server.ask(Method::PUT, &place.of("destroy"), (&[], Some(&versions()?))).await,
    }
}

/// A vault, and what it is asked with.
pub struct VaultServer {
    base: Url,
    client: Client,
    conduct: Conduct,
    token: String,
}

/// Where a secret lies.
pub struct VaultPlace {
    mount: String,
    path: String,
    has_versions: bool,
}

impl VaultPlace {
    /// The path of one side of a secret: `data`, `metadata`, ...; they are one where there are no versions.
    fn of(&self, side: &str) -> String {
        if self.has_versions { format!("{}/{side}/{}", self.mount, self.path) } else { format!("{}/{}", self.mount, self.path) }
    }
}

impl VaultServer {
    /// The vault at this address. With `conduct`, as `inputs` of a connection have it.
    pub(super) fn new(host: &str, conduct: Conduct) -> Result<VaultServer> {
        // Redirects take the token along, hence to no other host.
        Ok(VaultServer { base: address(host)?, client: http::of(&conduct, true)?, conduct, token: String::new() })
    }

    /// The vault of a VAULT_CONFIG record, which trusts this certificate if there is one.
    pub fn at(url: &str, cacert: Option<&str>) -> Result<VaultServer> {
        VaultServer::new(url, Conduct { cacert: cacert.map(str::to_owned), read_timeout: 30.0, ..Conduct::default() })
    }

    #[must_use]
    pub fn with_token(mut self, token: &str) -> VaultServer {
        token.trim().clone_into(&mut self.token);
        self
    }

    /// The token that an application gets for its role.
    pub async fn log_in(&self, role: &str, secret: &str) -> Result<String> {
        let body = json!({ "role_id": role, "secret_id": secret });
        let answer = self.ask(Method::POST, "auth/approle/login", (&[], Some(&body))).await?;
        let token = answer["auth"]["client_token"].as_str();
        token.map(str::to_owned).ok_or_else(|| self.failed("the answer to the login has no token"))
    }

    /// Renews the token when less than half of its time is left.
    pub async fn renew(&self) -> Result<()> {
        let token = self.ask(Method::GET, "auth/token/lookup-self", (&[], None)).await?;
        let (left, whole) = (token["data"]["ttl"].as_u64(), token["data"]["creation_ttl"].as_u64());
        if token["data"]["renewable"] == true && left.zip(whole).is_some_and(|(left, whole)| left < whole / 2) {
            self.ask(Method::POST, "auth/token/renew-self", (&[], Some(&json!({})))).await?;
        }
        Ok(())
    }

    /// Where a secret lies whose path begins with its engine's.
    pub async fn place(&self, path: &str) -> Result<VaultPlace> {
        let path = path.trim().trim_matches('/');
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) || !path.contains('/') {
            let text = format!("'{path}' is no path of a secret; it begins with its engine: 'secret/app/database'.");
            return Err(wrong("secret_path", text));
        }
        let (status, answer) = self.send(Method::GET, &format!("sys/internal/ui/mounts/{path}"), (&[], None)).await?;
        // Servers that cannot say are older than engines with versions.
        let mount = match status {
            StatusCode::NOT_FOUND => "",
            _ => self.good(status, &answer)?["data"]["path"].as_str().unwrap_or_default(),
        };
        let mount = mount.trim_matches('/');
        let mount = if mount.is_empty() { path.split('/').next().unwrap_or_default() } else { mount };
        let rest = path.strip_prefix(mount).unwrap_or_default().trim_matches('/');
        let version = &answer["data"]["options"]["version"];
        Ok(VaultPlace { mount: mount.to_owned(), path: rest.to_owned(), has_versions: version == "2" || version == 2 })
    }

    /// The keys and values of a secret; of its latest version unless one is named.
    pub async fn read(&self, place: &VaultPlace, version: Option<i64>) -> Result<Value> {
        let version = version.map(|version| version.to_string());
        let query: Vec<(&str, &str)> = version.iter().map(|version| ("version", version.as_str())).collect();
        let mut answer = self.ask(Method::GET, &place.of("data"), (&query, None)).await?;
        let mut data = answer["data"].take();
        Ok(if place.has_versions { data["data"].take() } else { data })
    }

    async fn ask(&self, method: Method, path: &str, with: (&[(&str, &str)], Option<&Value>)) -> Result<Value> {
        let (status, answer) = self.send(method, path, with).await?;
        self.good(status, &answer)
            .cloned()
            .map_err(|error| Error::new(error.kind(), format!("{} ({path})", error.message().trim_end_matches('.'))))
    }

    fn good<'a>(&self, status: StatusCode, answer: &'a Value) -> Result<&'a Value> {
        if status.is_success() {
            return Ok(answer);
        }
        let said: Vec<&str> = answer["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let said = match said.as_slice() {
            [] if status == StatusCode::NOT_FOUND => ": there is no such secret, or no such version of it".to_owned(),
            [] => String::new(),
            said => format!(": {}", said.join("; ").trim()),
        };
        Err(self.failed(&format!("the server answered {status}{said}")))
    }

    async fn send(&self, method: Method, path: &str, (query, body): (&[(&str, &str)], Option<&Value>)) -> Result<(StatusCode, Value)> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(path.split('/'));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.client.request(method, url).header("x-vault-request", "true");
        if !self.token.is_empty() {
            request = request.header("x-vault-token", self.token.as_str());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.failed(&http::words(&error, &self.conduct)))?;
        let status = response.status();
        let body = http::short(response, LONGEST).await.map_err(|why| self.failed(&why))?;
        if body.is_empty() {
            return Ok((status, Value::Null));
        }
        match serde_json::from_slice(&body) {
            Ok(answer) => Ok((status, answer)),
            Err(_) if !status.is_success() => Ok((status, Value::Null)),
            Err(_) => Err(self.failed("the answer is no JSON; is this the address of a vault?")),
        }
    }

    fn failed(&self, why: &str) -> Error {
        Error::new(Kind::Unavailable, format!("The vault {}: {}.", http::shown(&self.base), why.trim_end_matches('.')))
    }
}

/// The address of a vault; a host alone speaks TLS at the usual port.
fn address(host: &str) -> Result<Url> {
    let host = host.trim();
    if host.contains("://") { http::address(host, "host") } else { http::address(&format!("https://{host}:8200"), "host") }
}
