//! Users and keys from the command line: through the running server's socket, or on the data folder itself.
//!
//! The socket lies in the data folder with mode 0600: who may open it owns the data anyway.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::backup::{self, Backup};
use super::document;
use super::seat::{ImportOptions, type_of};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine;
use crate::engine::travel::Package;
use crate::error::{Error, Kind, Result};
use crate::records;
use crate::service::{Actor, Commands, Door, Expiry, FirstStart, KeyRequest, KeyRotation, Row, Selector, Service};
use crate::store::Store;

/// Longest request line, bytes: a file to be imported, in base64.
const LINE: u64 = 256 << 20;

/// What can be asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Request {
    AuditVerify {
        expect: Option<String>,
    },
    Backup(Backup),
    KeyCreate {
        user: String,
        name: String,
        expires: Option<String>,
        scopes: Option<String>,
        tools: Option<String>,
    },
    KeyList {
        user: String,
    },
    KeyRotate {
        id: Uuid,
        overlap_hours: u32,
    },
    KeyRevoke {
        id: Uuid,
    },
    KeyFileRotate,
    Export {
        record_type: String,
        name: Option<String>,
        informational: bool,
    },
    Import {
        /// In base64.
        content: String,
        is_archive: bool,
        options: ImportOptions,
    },
    /// Into the trash bin.
    Delete {
        record_type: String,
        name: String,
    },
    UserCreate {
        name: String,
        roles: Vec<String>,
    },
    UserList,
    UserReset {
        name: String,
        second_factor: bool,
    },
    UserUnlock {
        name: String,
    },
    /// The execution with its journal, as JSON.
    Replay {
        execution: Uuid,
    },
}

/// What the first start says, whichever command it was.
pub fn first_words(first: &FirstStart) -> String {
    format!("First start: the user '{}' has the one-time password {}", first.user_name, first.password)
}

/// Where long work tells how far it is.
#[derive(Clone)]
pub struct Teller(Arc<dyn Fn(String) + Send + Sync>);

impl Teller {
    /// On standard error, a line each.
    pub fn to_stderr() -> Teller {
        Teller(Arc::new(|text| eprintln!("{text}")))
    }

    pub fn say(&self, text: String) {
        (self.0)(text);
    }
}

/// A line back: how far it is, and at last the text to print, or why not.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Progress(String),
    Text(String),
    Error(String),
}

fn socket_path(config: &Config) -> PathBuf {
    config.server.data.join("control.sock")
}

/// Asks the running server, or opens the store when none runs.
pub async fn ask(config: &Config, request: Request) -> Result<String> {
    match UnixStream::connect(socket_path(config)).await {
        Ok(stream) => ask_server(stream, &request).await,
        Err(_) if matches!(request, Request::Replay { .. } | Request::Backup(_)) => look(config, request).await,
        Err(_) => {
            let store = crate::app::open_store(config).await?;
            let service = Service::open(store.clone(), Clock::system(), config, Commands::none()).await?;
            crate::app::environments_open(&service, config, None).await?;
            if let Some(first) = service.seed().await? {
                // It is shown once, and this is the once.
                eprintln!("{}", first_words(&first));
            }
            let answer = carry_out(&service, request, &Teller::to_stderr()).await;
            // The next request opens it again.
            store.close().await;
            answer
        }
    }
}

/// Carries out a request that only reads: it makes no store where there is none, and lets go of it at once.
async fn look(config: &Config, request: Request) -> Result<String> {
    let data = &config.server.data;
    if !Store::is_in(data) {
        return Err(Error::not_found(format!(
            "There is no database in {}; name the data folder of the server with --data.",
            data.display()
        )));
    }
    let store = crate::app::open_store(config).await?;
    let service = Service::open(store.clone(), Clock::system(), config, Commands::none()).await?;
    crate::app::environments_open(&service, config, None).await?;
    let answer = carry_out(&service, request, &Teller::to_stderr()).await;
    store.close().await;
    answer
}

async fn ask_server(mut stream: UnixStream, request: &Request) -> Result<String> {
    let broken = |e: std::io::Error| Error::new(Kind::Unavailable, format!("The running server did not answer: {e}."));
    let mut line = serde_json::to_vec(request).map_err(|e| Error::internal(e.to_string()))?;
    line.push(b'\n');
    stream.write_all(&line).await.map_err(broken)?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let answer = lines.next_line().await.map_err(broken)?.unwrap_or_default();
        match serde_json::from_str(&answer) {
            Ok(Reply::Progress(text)) => eprintln!("{text}"),
            Ok(Reply::Text(text)) => return Ok(text),
            Ok(Reply::Error(message)) => return Err(Error::invalid(message)),
            Err(_) => {
                return Err(Error::new(Kind::Unavailable, "The running server's answer could not be read; is it of another version?"));
            }
        }
    }
}

/// The control socket, open for its owner; whoever connects from now on is answered once [`serve`] runs.
pub fn bind(config: &Config) -> Result<UnixListener> {
    let path = socket_path(config);
    // Left over from a server that was killed: the store's lock says that nobody listens on it.
    let _ = std::fs::remove_file(&path);
    let unusable = |e: std::io::Error| Error::new(Kind::Unavailable, format!("The control socket {} cannot be made: {e}.", path.display()));
    let listener = UnixListener::bind(&path).map_err(unusable)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(unusable)?;
    Ok(listener)
}

/// Answers on the socket until `shutdown`.
pub async fn serve(listener: UnixListener, service: Service, config: &Config, shutdown: CancellationToken) {
    let mut open = JoinSet::new();
    loop {
        let stream = tokio::select! {
            () = shutdown.cancelled() => break,
            // Whoever was answered is forgotten.
            Some(_) = open.join_next() => continue,
            accepted = listener.accept() => match accepted {
                // A flow runs as the same user, so the socket's mode does not keep it out.
                Ok((stream, _)) if !is_trusted(&stream) => {
                    tracing::warn!("a flow tried to use the control socket and was refused");
                    continue;
                }
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the control socket did not accept a connection");
                    continue;
                }
            },
        };
        let (service, shutdown) = (service.clone(), shutdown.clone());
        open.spawn(async move {
            if let Err(error) = answer(&service, stream, &shutdown).await {
                tracing::debug!(%error, "a control connection ended early");
            }
        });
    }
    open.join_all().await;
    let _ = std::fs::remove_file(socket_path(config));
}

/// Whether the other end is known and is no process of a flow.
fn is_trusted(stream: &UnixStream) -> bool {
    stream.peer_cred().ok().and_then(|peer| peer.pid()).is_some_and(|pid| !engine::is_flow(pid))
}

async fn answer(service: &Service, stream: UnixStream, shutdown: &CancellationToken) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE)).read_line(&mut line).await?;
    let request = match serde_json::from_str::<Request>(&line) {
        Ok(request) => request,
        Err(error) => return send(&mut write, &Reply::Error(format!("The request could not be read: {error}."))).await,
    };
    let (says, mut said) = mpsc::unbounded_channel();
    let tell = Teller(Arc::new(move |text| drop(says.send(text))));
    let is_long = matches!(request, Request::Backup(_));
    let mut work = std::pin::pin!(carry_out(service, request, &tell));
    let done = loop {
        tokio::select! {
            biased;
            Some(text) = said.recv() => send(&mut write, &Reply::Progress(text)).await?,
            done = &mut work => break done,
            // What is short is finished.
            () = shutdown.cancelled(), if is_long => {
                break Err(Error::new(Kind::Unavailable, "The server shuts down, and the backup was given up. Repeat it."));
            }
        }
    };
    send(&mut write, &done.map_or_else(|e| Reply::Error(e.message().to_owned()), Reply::Text)).await
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), reply: &Reply) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(reply).unwrap_or_default();
    text.push(b'\n');
    write.write_all(&text).await
}

async fn carry_out(service: &Service, request: Request, tell: &Teller) -> Result<String> {
    let actor = Actor::system(Door::Cli);
    match request {
        Request::Backup(wanted) => backup::make(service, &actor, &wanted, tell).await,
        Request::KeyCreate { user, name, expires, scopes, tools } => {
            let user_id = user_id(service, &actor, &user).await?;
            let expires_at = Expiry::parse(expires.map(Value::String).as_ref())?;
            let unreadable = |e| Error::invalid(format!("The scopes are not JSON: {e}."));
            let scopes = scopes.map(|text| serde_json::from_str(&text)).transpose().map_err(unreadable)?.unwrap_or_default();
            let request = KeyRequest { user_id, name, expires_at, scopes, tools, ..KeyRequest::default() };
            Ok(service.key_create(&actor, request).await?.token)
        }
        Request::KeyList { user } => {
            let keys = service.key_list(&actor, user_id(service, &actor, &user).await?).await?;
            Ok(keys.iter().map(key_line).collect::<Vec<_>>().join("\n"))
        }
        Request::KeyRotate { id, overlap_hours } => {
            let rotation = KeyRotation { overlap_hours, ..KeyRotation::default() };
            Ok(service.key_rotate(&actor, id, rotation).await?.token)
        }
        Request::KeyRevoke { id } => {
            service.key_revoke(&actor, id).await?;
            Ok(format!("The key {id} is refused from now on."))
        }
        Request::AuditVerify { expect } => {
            let verified = service.audit_verify(&actor, expect.as_deref()).await?;
            match verified.broken {
                None => {
                    let purged = if verified.purged > 0 { format!(" {} older ones were purged.", verified.purged) } else { String::new() };
                    Ok(format!("{} entries, all as they were written.{purged} The log ends with {}", verified.entries, verified.head))
                }
                Some(broken) => Err(Error::conflict(format!("{broken} {} entries before it are whole.", verified.entries))),
            }
        }
        Request::Export { record_type, name, informational } => {
            document::export(service, &actor, (&record_type, name), informational).await
        }
        Request::Import { content, is_archive, options } => document::import(service, &actor, (&content, is_archive), options).await,
        Request::Delete { record_type, name } => {
            let commit = service.record_delete(&actor, type_of(&record_type)?, &Selector::Name(name), false).await?;
            commit.wait().await.map(|()| String::new())
        }
        Request::KeyFileRotate => {
            let rotated = service.keys_rotate(&actor).await?;
            Ok(format!(
                "Key number {} is in use; {} values were encrypted anew with it.\nThe key file as it was lies in {}: backups made until now \
                 need it. Delete it when there are none left.",
                rotated.number,
                rotated.values,
                rotated.kept.display()
            ))
        }
        Request::UserCreate { name, roles } => {
            let made = service.user_create(&actor, &name, &roles).await?;
            Ok(format!("User '{name}' was made. One-time password: {}", made.password))
        }
        Request::UserList => {
            let users = service.user_list(&actor).await?;
            let line = |(name, id, enabled): (String, Uuid, bool)| format!("{id} {name}{}", if enabled { "" } else { " (disabled)" });
            Ok(users.into_iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        Request::UserUnlock { name } => {
            service.user_unlock(&actor, user_id(service, &actor, &name).await?).await?;
            Ok(format!("'{name}' can log in again."))
        }
        Request::UserReset { name, second_factor } => {
            let reset = service.user_reset(&actor, &name, second_factor).await?;
            Ok(format!("One-time password of '{name}': {}", reset.password))
        }
        Request::Replay { execution } => {
            let package = Package::read(service, &actor, execution).await?;
            serde_json::to_string(&package).map_err(|e| Error::internal("a package is not JSON").source_error(e))
        }
    }
}

async fn user_id(service: &Service, actor: &Actor, user: &str) -> Result<Uuid> {
    let users = records::find("USER").ok_or_else(|| Error::internal("the registry has no USER"))?;
    let row = service.record_row(actor, users, &Selector::parse(user)).await?;
    row.id().ok_or_else(|| Error::internal("a user has no id"))
}

/// `<id> <prefix> <name>: <what becomes of it>`.
fn key_line(row: &Row) -> String {
    let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
    let state = match (row.text("revoked_at"), row.text("replaced_by"), row.text("expires_at")) {
        (Some(at), ..) => format!("revoked at {at}"),
        (_, Some(by), Some(at)) => format!("replaced by {by}, good until {at}"),
        (_, _, Some(at)) => format!("good until {at}"),
        _ => "good without end".to_owned(),
    };
    format!("{} {} {}: {state}", text("id"), text("prefix"), text("name"))
}
