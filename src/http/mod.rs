//! The HTTP door: routes, request reading, answers, error bodies, live streams.
//!
//! It never decides what an actor may do and never looks anything up by itself: everything goes through the service.

mod artifact;
mod auth;
mod body;
mod docs;
mod error;
mod execution;
mod explain;
mod export;
mod file;
mod flow;
mod gate;
mod guide;
mod health;
mod import;
mod json;
mod key;
mod live;
mod log;
mod mcp;
mod message;
mod metric;
pub mod openapi;
pub mod outcome;
mod page;
pub mod param;
mod range;
mod record;
pub mod route;
mod session;
mod shape;
mod state;
mod tag;
mod trace;
mod upload;
mod version;
mod webhook;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::response::{IntoResponse, Response};
use axum::serve::{ListenerExt, TapIo};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::error::{Error, Result, did_you_mean};
use route::BASE;
pub use state::HttpState;

/// Every route behind its gate, and around them what turns refusals and panics into answers.
pub fn router(state: HttpState) -> Router {
    route::assemble(&state)
        .merge(mcp::route())
        .fallback(nowhere)
        // Bodies are limited where they are read, since files and JSON have limits of their own.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|payload: Box<dyn std::any::Any + Send>| error::of_panic(payload.as_ref()).into_response()))
        .layer(axum::middleware::from_fn_with_state(state.clone(), trace::wrap))
        .with_state(state)
}

/// Serves until `shutdown`; then live streams and waits end, and what is under way is finished within the grace time.
pub async fn serve(listener: TcpListener, state: HttpState, shutdown: CancellationToken) -> Result<()> {
    let listener = prompt(listener);
    state.set_ready(true);
    let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let stop = {
        let (state, shutdown) = (state.clone(), shutdown.clone());
        async move {
            shutdown.cancelled().await;
            state.drain();
        }
    };
    // A client that never finishes its request must not keep the server from ending.
    let too_long = async move {
        shutdown.cancelled().await;
        state.clock().sleep_until(state.clock().instant().plus(state.drain_time())).await;
    };
    tokio::select! {
        served = axum::serve(listener, service).with_graceful_shutdown(stop).into_future() => {
            served.map_err(|e| Error::internal("the HTTP listener failed").source_error(e))
        }
        () = too_long => {
            tracing::warn!("some requests were not finished within the grace time and are dropped");
            Ok(())
        }
    }
}

/// Small answers leave at once: an event would wait 44 ms for the one before to be acknowledged.
fn prompt(listener: TcpListener) -> TapIo<TcpListener, impl FnMut(&mut TcpStream) + Send + 'static> {
    listener.tap_io(|stream| {
        // Where that cannot be set, they only come later.
        let _ = stream.set_nodelay(true);
    })
}

/// No route has this path.
async fn nowhere(request: Request) -> Response {
    let path = request.uri().path();
    if path.contains("/.well-known/oauth-") || path.contains("/.well-known/openid-configuration") {
        let message = "This server has no OAuth. Clients send an API key: 'authorization: Bearer cldm_...'.";
        return Error::not_found(message).into_response();
    }
    let error = match path.strip_prefix(BASE).map(|rest| rest.trim_matches('/')) {
        Some("graphql") => Error::not_found("GraphQL is not offered yet; use the REST routes, which /api/latest/openapi.json lists."),
        Some(rest) => {
            let first = rest.split('/').next().unwrap_or_default();
            let routes = route::routes();
            let names = routes.iter().filter_map(|r| r.path.strip_prefix(BASE)?.split('/').nth(1));
            let near = did_you_mean(first, names);
            Error::not_found(format!("There is no route {path}.{near} See /api/latest/openapi.json for all of them."))
        }
        None => Error::not_found(format!("There is no route {path}. The interface is below {BASE}; see {BASE}/openapi.json.")),
    };
    error.into_response()
}

#[cfg(test)]
mod tests {
    use axum::serve::Listener;

    use super::*;

    #[tokio::test]
    async fn what_is_accepted_does_not_wait_to_send() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let client = TcpStream::connect(listener.local_addr().expect("a listener has an address")).await.expect("it listens");
        let (accepted, _) = prompt(listener).accept().await;
        assert!(accepted.nodelay().expect("a socket has options") && !client.nodelay().expect("a socket has options"));
    }
}
