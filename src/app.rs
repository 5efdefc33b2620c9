//! The whole server in one value: opens the store, starts service and engine, and shuts down in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{self, Config, Flush};
use crate::engine::user::Users;
use crate::engine::{Engine, EngineSettings};
use crate::environment::{self, Environments};
use crate::error::{Error, Kind, Result};
use crate::http::{self, HttpState};
use crate::mcp::Mcp;
use crate::service::{Commands, FirstStart, Service};
use crate::store::{Durability, Options, Store};

/// Connections that may wait to be accepted. A thousand agents that come at once would overflow the usual 1,024, and be reset.
const BACKLOG: u32 = 4096;

/// A running server without its doors.
pub struct App {
    pub service: Service,
    store: Store,
    engine: Engine,
    config: Arc<Config>,
    expiry: JoinHandle<()>,
    rotation: JoinHandle<()>,
    /// Who was made, when this was the first start.
    pub first_start: Option<FirstStart>,
}

impl App {
    /// Opens the data folder and takes up what was live in it.
    pub async fn start(config: Config, clock: Clock) -> Result<App> {
        App::start_with(config, clock, None).await
    }

    /// As [`App::start`], with another binary in the zygote role: a test is not the program that it tests.
    pub async fn start_with(config: Config, clock: Clock, zygote: Option<PathBuf>) -> Result<App> {
        let store = open_store(&config).await?;
        let (commands, receiver) = Commands::channel();
        let service = Service::open(store.clone(), clock, &config, commands).await?;
        let first_start = service.seed().await?;
        environments_open(&service, &config, zygote.clone()).await?;
        if config.server.shipped_bundles {
            service.bundles_ship().await?;
        }
        service.audit_start();
        let mut settings = EngineSettings::new(&config, hash_seed(&store).await?);
        if let Some(binary) = zygote {
            settings.binary = binary;
        }
        for name in service.user_tools_shadowed().await? {
            tracing::warn!(name, "a user tool has the name of a built-in tool and is not listed; rename it");
        }
        crate::telemetry::start(&service, &config.traces)?;
        let engine = Engine::start(store.clone(), service.clone(), receiver, settings).await?;
        let expiry = tokio::spawn(service.clone().expire());
        let rotation = tokio::spawn(service.clone().keys_resume());
        Ok(App { service, store, engine, config: Arc::new(config), expiry, rotation, first_start })
    }

    /// Binds the configured address.
    pub fn listen(&self) -> Result<TcpListener> {
        let address = self.config.server.listen;
        listen(address).map_err(|e| {
            Error::new(Kind::Unavailable, format!("The address {address} cannot be listened on: {e}. Choose another with --listen."))
        })
    }

    /// Serves HTTP until `shutdown`, or until another process takes the database over, which is an error.
    pub async fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> Result<()> {
        let state = HttpState::new(self.service.clone(), Mcp::new(self.service.clone()));
        let mut served = std::pin::pin!(http::serve(listener, state, shutdown.clone()));
        tokio::select! {
            ended = &mut served => ended,
            deposed = self.store.deposed() => {
                tracing::error!("{deposed}");
                shutdown.cancel();
                served.await?;
                Err(deposed)
            }
        }
    }

    /// Drains the engine and waits until everything is on disk.
    pub async fn shut_down(self) {
        self.engine.shut_down().await;
        self.expiry.abort();
        self.rotation.abort();
        if let Err(error) = self.store.barrier().await {
            tracing::error!(%error, "the last writes could not be committed");
        }
        self.store.close().await;
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Opens the store of a configuration.
pub async fn open_store(config: &Config) -> Result<Store> {
    let durability = match config.store.durability {
        Flush::Full => Durability::Full,
        Flush::Normal => Durability::Normal,
    };
    Store::open(Options { folder: config.server.data.clone(), durability }).await
}

/// Gives a service the environments of its data folder. `binary`: another one in the installer's role than this program.
pub async fn environments_open(service: &Service, config: &Config, binary: Option<PathBuf>) -> Result<()> {
    let users = Users::new(service.store().clone(), config.user_ids(), hash_seed(service.store()).await?);
    let user: environment::Whom = Arc::new(move || {
        let users = users.clone();
        // Where it cannot be kept, the installer goes on without.
        Box::pin(async move { users?.of("environments").await.ok() })
    });
    let environments = environments(config, binary, (user, service.clock().clone()));
    environments.sweep();
    service.environments_open(environments);
    Ok(())
}

/// The environments of a data folder. `user`: whom the installer runs as.
pub fn environments(config: &Config, binary: Option<PathBuf>, (user, clock): (environment::Whom, Clock)) -> Environments {
    let data = config.server.data.canonicalize().or_else(|_| std::path::absolute(&config.server.data));
    Environments::new(environment::Options {
        folder: data.unwrap_or_else(|_| config.server.data.clone()).join("environments"),
        binary: binary.unwrap_or_else(|| PathBuf::from("/proc/self/exe")),
        settings: config.environments.clone(),
        variables: config::passed_on(),
        user,
        clock,
    })
}

/// The seed of every interpreter's hashes: chosen once for a data folder, so that a replay sees sets in the same order.
async fn hash_seed(store: &Store) -> Result<u32> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|e| Error::internal(format!("the operating system has no randomness: {e}")))?;
    let chosen = u32::from_le_bytes(bytes).max(1);
    let text = store.meta("hash_seed", &chosen.to_string()).await?;
    text.parse().map_err(|_| Error::internal("the stored hash seed is not a number"))
}
