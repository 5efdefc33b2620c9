//! GIT: the files or the last commit of a repository, or a commit that is pushed to one. No work tree is ever made.

mod address;
mod program;
mod push;
mod read;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value};

use self::address::{Address, Way};
use self::program::Program;
use super::http::{ClientCert, wrong};
use super::input::{self, Trust};
use super::{Connect, Failure, Job, ssh};
use crate::error::Result;

pub(super) struct Git;

#[derive(Deserialize)]
struct Inputs {
    #[serde(default = "get")]
    command: String,
    repository_url: String,
    #[serde(rename = "ref")]
    reference: Option<String>,
    username: Option<String>,
    password: Option<String>,
    ssh_key: Option<String>,
    ssh_passphrase: Option<String>,
    ssh_hostkey: Option<Value>,
    files_path: Option<String>,
    #[serde(default)]
    files: Map<String, Value>,
    message: Option<String>,
    #[serde(default = "flowstead")]
    author_name: String,
    #[serde(default = "nowhere")]
    author_email: String,
    #[serde(default = "input::ten")]
    connect_timeout: f64,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
    #[serde(flatten)]
    trust: Trust,
}

fn get() -> String {
    "get".to_owned()
}

fn flowstead() -> String {
    "Flowstead".to_owned()
}

fn nowhere() -> String {
    "flowstead@localhost".to_owned()
}

impl Connect for Git {
    fn name(&self) -> &'static str {
        "GIT"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        Ok(Address::read(inputs.get("repository_url").and_then(Value::as_str).unwrap_or_default())?.host)
    }

    fn is_repeatable(&self, inputs: &Value) -> bool {
        inputs.get("command").and_then(Value::as_str) != Some("push")
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        self.is_repeatable(inputs)
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let address = Address::read(&inputs.repository_url)?;
            let git = inputs.program(&address, job)?;
            let until = job.clock.instant().plus(ssh::seconds(inputs.timeout));
            tokio::select! {
                biased;
                done = inputs.carry_out((&git, &address), job) => done,
                () = job.clock.sleep_until(until) => {
                    let rest = if inputs.command == "push" { " Whether the push was taken is not known: look there before it is made again." } else { "" };
                    Err(Failure::new(format!("{}: it has not ended within the timeout of {} s.{rest}", git.name, inputs.timeout)))
                }
            }
        })
    }
}

impl Inputs {
    async fn carry_out(&self, (git, address): (&Program, &Address), job: &Job<'_>) -> Result<Value, Failure> {
        let reference = self.reference.as_deref().map(address::reference).transpose()?;
        git.run(&["init", "--quiet", "--bare", "--template="], b"").await?;
        if self.command == "push" {
            return push::push((git, &address.url), (reference, self), job).await;
        }
        let commit = read::fetch(git, &address.url, reference.unwrap_or("HEAD")).await?;
        let mut output = read::commit(git, &commit).await?;
        if self.command == "get" {
            let files = read::files((git, &commit), self.files_path.as_deref(), job).await?;
            output.insert("files".into(), files);
        }
        Ok(output.into())
    }

    /// git with the login and the checks of this connection.
    fn program(&self, address: &Address, job: &Job<'_>) -> Result<Program, Failure> {
        let mut git = Program::new(job.scratch, address.url.clone())?;
        git.env("GIT_AUTHOR_NAME", &self.author_name);
        git.env("GIT_AUTHOR_EMAIL", &self.author_email);
        git.env("GIT_COMMITTER_NAME", &self.author_name);
        git.env("GIT_COMMITTER_EMAIL", &self.author_email);
        let now = format!("@{} +0000", job.clock.now().as_second());
        git.env("GIT_AUTHOR_DATE", &now);
        git.env("GIT_COMMITTER_DATE", now);
        // A login goes nowhere that it is not meant for.
        git.set("http.followRedirects", if job.is_bound || self.password.is_some() { "false" } else { "initial" });
        match address.way {
            Way::Http => self.over_http(&mut git, address)?,
            Way::Ssh => self.over_ssh(&mut git)?,
            Way::Daemon if self.password.is_some() || self.ssh_key.is_some() => {
                return Err(wrong(
                    "repository_url",
                    "A repository at 'git://' takes no login; its 'https://' or 'ssh://' address does.".to_owned(),
                )
                .into());
            }
            Way::Daemon => {}
        }
        Ok(git)
    }

    fn over_http(&self, git: &mut Program, address: &Address) -> Result<()> {
        let username = self.username.as_deref().or(address.user.as_deref());
        if let Some(password) = &self.password {
            let login = STANDARD.encode(format!("{}:{password}", username.unwrap_or("git")));
            git.set(format!("http.{}.extraHeader", address.origin), format!("Authorization: Basic {login}"));
        }
        if !self.trust.verify_ssl {
            git.set("http.sslVerify", "false");
        }
        if let Some(pem) = &self.trust.cacert {
            if !pem.contains("-----BEGIN CERTIFICATE-----") {
                return Err(input::no_certificate());
            }
            let path = git.keep("authorities", pem)?;
            git.set("http.sslCAInfo", text(&path));
        }
        if let Some(ClientCert { cert, key }) = &self.trust.client_cert {
            let (cert, key) = (git.keep("certificate", cert)?, git.keep("certificate-key", key)?);
            git.set("http.sslCert", text(&cert));
            git.set("http.sslKey", text(&key));
        }
        Ok(())
    }

    /// The program ssh, with settings of our own in the place of any user's.
    fn over_ssh(&self, git: &mut Program) -> Result<()> {
        if self.password.is_some() {
            return Err(wrong("password", "A repository over SSH is opened by 'ssh_key'; 'password' is for HTTP.".to_owned()));
        }
        let key = self.ssh_key.as_deref();
        let key = key.ok_or_else(|| wrong("ssh_key", "A repository over SSH needs 'ssh_key', the private key of the login.".to_owned()))?;
        let key = ssh::opened_key(key, self.ssh_passphrase.as_deref(), ("ssh_key", "ssh_passphrase"))?;
        let (known, strict) = match &self.ssh_hostkey {
            Some(Value::Bool(false)) => (String::new(), "no"),
            Some(Value::String(text)) => (ssh::known_hosts(text, "ssh_hostkey")?, "yes"),
            _ => {
                let text = "A repository over SSH needs 'ssh_hostkey', the key that the server must show as `ssh-keyscan` prints it; false \
                            accepts any.";
                return Err(wrong("ssh_hostkey", text.to_owned()));
            }
        };
        let known = git.keep("known_hosts", &known)?;
        let key = git.keep("key", &key)?;
        let user = self.username.as_deref().filter(|user| !user.is_empty());
        let user = user.map(|user| format!("User \"{}\"\n", user.replace(['"', '\n'], ""))).unwrap_or_default();
        let seconds = ssh::seconds(self.connect_timeout).as_secs().clamp(1, 3600);
        let settings = format!(
            "{user}IdentityFile \"{}\"\nIdentitiesOnly yes\nIdentityAgent none\nUserKnownHostsFile \"{}\"\nGlobalKnownHostsFile /dev/null\n\
             StrictHostKeyChecking {strict}\nUpdateHostKeys no\nPreferredAuthentications publickey\nBatchMode yes\nConnectTimeout {seconds}\n\
             ServerAliveInterval 15\nForwardAgent no\nClearAllForwardings yes\nControlMaster no\nControlPath none\nLogLevel ERROR\n",
            escaped(&key),
            escaped(&known)
        );
        let settings = git.keep("ssh_config", &settings)?;
        // git hands this line to a shell: nothing in it is from outside.
        git.env("GIT_SSH_COMMAND", format!("ssh -F {}", ssh::quoted(&text(&settings))));
        Ok(())
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path in the settings of ssh, where `%` begins something else.
fn escaped(path: &Path) -> String {
    text(path).replace('%', "%%")
}
