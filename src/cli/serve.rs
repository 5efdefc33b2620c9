//! `flowstead serve`: the server until SIGTERM or SIGINT, then an orderly end within the grace time.

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::administer;
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, LogFormat};
use crate::error::{Error, Result};
use crate::service::Service;

/// Runs the server.
pub async fn run(config: Config) -> Result<()> {
    start_logs(&config);
    let shutdown = CancellationToken::new();
    stop_on_signal(shutdown.clone())?;
    outlive_file_limits()?;
    let app = App::start(config.clone(), Clock::system()).await?;
    let listener = app.listen()?;
    let address = listener.local_addr().map_err(|e| Error::internal("the listener has no address").source_error(e))?;
    // Before the announcement, which says how to make a key.
    let control = control(&app.service, &config, &shutdown);
    announce(&app, address, &config);
    let served = app.serve(listener, shutdown.clone()).await;
    shutdown.cancel();
    join(control).await;
    app.shut_down().await;
    served
}

/// Answers the command line on the control socket until `shutdown`. The socket is there when this returns.
pub(super) fn control(service: &Service, config: &Config, shutdown: &CancellationToken) -> JoinHandle<()> {
    let (service, config, shutdown) = (service.clone(), config.clone(), shutdown.clone());
    let listener = administer::bind(&config);
    tokio::spawn(async move {
        match listener {
            Ok(listener) => administer::serve(listener, service, &config, shutdown).await,
            Err(error) => tracing::warn!(%error, "keys and users cannot be made by the command line while this server runs"),
        }
    })
}

/// Waits for the end of [`control`].
pub(super) async fn join(control: JoinHandle<()>) {
    if let Err(error) = control.await {
        tracing::warn!(%error, "the control socket's task failed");
    }
}

fn announce(app: &App, address: std::net::SocketAddr, config: &Config) {
    println!("http://{address}");
    if let Some(first) = &app.first_start {
        println!("{}", administer::first_words(first));
        println!("An API key: flowstead key create --user admin --name first --data {}", config.server.data.display());
    }
}

/// The server's own log, on standard error.
pub fn start_logs(config: &Config) {
    // The protocol library tells of every request and of every mistake of a client; a level of its own in the setting wins.
    let filter = |level: &str| tracing_subscriber::EnvFilter::try_new(format!("{}=error,{level}", flowstead_wire::LOG_TARGET));
    let filter = filter(&config.logs.level).or_else(|_| filter("info")).expect("'info' is a level");
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let started = match config.logs.format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
    // A second start in one process (tests) keeps the first.
    let _ = started;
}

/// Asks for the end on SIGTERM and SIGINT.
pub(super) fn stop_on_signal(shutdown: CancellationToken) -> Result<()> {
    let listen = |kind| signal(kind).map_err(|e| Error::internal("signals cannot be listened for").source_error(e));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
        shutdown.cancel();
    });
    Ok(())
}

/// A file that may not grow further is a failed write like a full disk, not the end of the server.
fn outlive_file_limits() -> Result<()> {
    let file_limit = SignalKind::from_raw(nix::libc::SIGXFSZ);
    let mut told = signal(file_limit).map_err(|e| Error::internal("signals cannot be listened for").source_error(e))?;
    tokio::spawn(async move {
        while told.recv().await.is_some() {
            tracing::error!("a file reached the size limit of this process (ulimit -f)");
        }
    });
    Ok(())
}
