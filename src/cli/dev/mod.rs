//! `flowstead dev FOLDER`: a server whose flows are the files of a folder. What is saved is loaded at once, and agents
//! have each flow as a tool.

mod folder;
mod load;
mod metadata;

use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Sources};
use crate::error::{Error, Kind, Result};
use crate::http::route::BASE;
use crate::service::{ADMIN, Actor, Door, KeyRequest, Service};

use super::snippet::{self, Client};
use super::{administer, editor, serve};
use folder::Folder;
use load::Loader;

/// The data folder's name in the folder of the flows.
const DATA: &str = ".flowstead";
/// How long after a change the files are read: editors write in several steps.
const SETTLE: Duration = Duration::from_millis(80);

/// What is served, and where.
pub(super) struct Options {
    pub(super) folder: PathBuf,
    /// Default: [`DATA`] in the folder.
    pub(super) data: Option<PathBuf>,
    pub(super) listen: Option<SocketAddr>,
}

/// Serves the folder until SIGTERM or SIGINT.
pub(super) async fn run(options: Options) -> Result<()> {
    let root = options.folder.canonicalize().ok().filter(|path| path.is_dir());
    let root = root.ok_or_else(|| Error::not_found(format!("There is no folder {}; make it first.", options.folder.display())))?;
    let data = options.data.unwrap_or_else(|| root.join(DATA));
    make_data(&data)?;
    let config = configure(&data, options.listen)?;
    serve::start_logs(&config);
    let shutdown = CancellationToken::new();
    serve::stop_on_signal(shutdown.clone())?;
    let app = App::start(config.clone(), Clock::system()).await?;
    let listener = app.listen()?;
    let address = listener.local_addr().map_err(|e| Error::internal("the listener has no address").source_error(e))?;
    if let Some(first) = &app.first_start {
        println!("{}", administer::first_words(first));
    }
    let actor = administrator(&app.service).await?;
    let key = key(&app.service, &actor, &data).await?;
    announce(&format!("http://{address}"), &key);
    let control = serve::control(&app.service, &config, &shutdown);
    let reloading = tokio::spawn({
        let (service, shutdown) = (app.service.clone(), shutdown.clone());
        async move {
            tokio::select! {
                () = shutdown.cancelled() => Ok(()),
                failed = reload(service, actor, &root, &data) => failed,
            }
        }
    });
    let stop = shutdown.clone();
    let watched = async move {
        let outcome = reloading.await.unwrap_or_else(|e| Err(Error::internal("the reloading of flows failed").source_error(e)));
        // Without it, what is served is no longer what is in the folder.
        stop.cancel();
        outcome
    };
    let (served, watched) = tokio::join!(app.serve(listener, shutdown.clone()), watched);
    serve::join(control).await;
    app.shut_down().await;
    served.and(watched)
}

/// Loads the files, and again whenever something changes.
async fn reload(service: Service, actor: Actor, root: &Path, data: &Path) -> Result<()> {
    let clock = service.clock().clone();
    let name = root.file_name().and_then(|name| name.to_str()).unwrap_or("dev").to_owned();
    let mut folder = Folder::watch(root)?;
    let mut loader = Loader::new(service, actor, &name).await?;
    let list = data.join("dev-flows.json");
    // What was a flow when this ran last, and whose file went away since.
    let mut known: Vec<String> = std::fs::read(&list).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    loop {
        if let Some(place) = editor::write_typings(root)? {
            println!("typings: written to {}", place.display());
        }
        loader.load(folder.files()?).await?;
        let flows: Vec<String> = loader.flows().into_iter().map(str::to_owned).collect();
        for gone in known.iter().filter(|name| !flows.contains(name)) {
            loader.discard(gone).await;
        }
        if flows != known {
            let text = serde_json::to_vec(&flows).unwrap_or_default();
            std::fs::write(&list, text).map_err(|e| unwritable(&list, &e))?;
            known = flows;
        }
        folder.changed().await;
        clock.sleep_until(clock.instant().plus(SETTLE)).await;
    }
}

/// The data folder, which keeps itself out of git.
fn make_data(data: &Path) -> Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|e| unwritable(data, &e))?;
    let ignore = data.join(".gitignore");
    if ignore.exists() { Ok(()) } else { std::fs::write(&ignore, "*\n").map_err(|e| unwritable(&ignore, &e)) }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("{} cannot be written: {error}.", path.display()))
}

fn configure(data: &Path, listen: Option<SocketAddr>) -> Result<Config> {
    let mut sources = Sources::from_environment();
    sources.flags.push(("server.data", data.display().to_string()));
    sources.flags.extend(listen.map(|listen| ("server.listen", listen.to_string())));
    if sources.variable("FLOWSTEAD_LOGS_LEVEL").is_none() {
        // The words about flows should not drown in those about the server.
        sources.flags.push(("logs.level", "warn".to_owned()));
    }
    Config::load(&sources)
}

async fn administrator(service: &Service) -> Result<Actor> {
    let users = service.user_list(&Actor::system(Door::Cli)).await?;
    let admin = users.into_iter().find(|(name, _, enabled)| name == ADMIN && *enabled);
    let (name, id, _) = admin.ok_or_else(|| Error::not_found(format!("There is no enabled user '{ADMIN}' in this data folder.")))?;
    Ok(Actor::user(id, &name, Door::Cli))
}

/// The key of earlier runs while it holds, else a new one, kept where only its owner reads it.
async fn key(service: &Service, actor: &Actor, data: &Path) -> Result<String> {
    let path = data.join("dev.key");
    let kept = std::fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
    if !kept.is_empty() && service.actor_by_key(&kept, Door::Rest).await.is_ok() {
        return Ok(kept);
    }
    let users = service.user_list(actor).await?;
    let user_id = users.iter().find(|(name, ..)| name == ADMIN).map(|(_, id, _)| *id).unwrap_or_default();
    let made = service.key_create(actor, KeyRequest { user_id, name: "flowstead dev".to_owned(), ..KeyRequest::default() }).await?;
    service.store().barrier().await?;
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).write(true).truncate(true).mode(0o600).open(&path);
    let write = |mut file: std::fs::File| std::io::Write::write_all(&mut file, format!("{}\n", made.token).as_bytes());
    file.and_then(write).map_err(|e| unwritable(&path, &e))?;
    Ok(made.token)
}

/// What a person pastes into an agent's configuration.
fn announce(url: &str, key: &str) {
    println!("{url}");
    println!("MCP endpoint: {url}{BASE}/mcp");
    println!("API key: {key}");
    let snippet = snippet::snippet(Client::Generic, url, Some(key), "flowstead");
    println!("For agents:\n{}", snippet.text);
    println!("In the form of a client: flowstead mcp config --client claude|cursor|vscode|codex --url {url} --key {key}");
}
