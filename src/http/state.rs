//! What every handler shares: the service and a few limits. Verbs, no public fields.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flowstead_wire::{LaneOptions, Lanes};
use tokio_util::sync::CancellationToken;

use super::metric::RequestMetrics;
use crate::clock::Clock;
use crate::mcp::Mcp;
use crate::service::{EngineStats, Service};

/// A cheap handle on all of it.
#[derive(Clone)]
pub struct HttpState(Arc<Inner>);

struct Inner {
    service: Service,
    lanes: Lanes<Mcp>,
    requests: RequestMetrics,
    ready: AtomicBool,
    draining: CancellationToken,
    document: std::sync::OnceLock<bytes::Bytes>,
}

impl HttpState {
    /// Not ready until [`HttpState::set_ready`].
    pub fn new(service: Service, mcp: Mcp) -> HttpState {
        let draining = CancellationToken::new();
        let options = LaneOptions { closing: draining.clone(), ..LaneOptions::default() };
        HttpState(Arc::new(Inner {
            service,
            lanes: Lanes::new(mcp, options),
            requests: RequestMetrics::default(),
            ready: AtomicBool::new(false),
            draining,
            document: std::sync::OnceLock::new(),
        }))
    }

    /// Says whether the server takes work; `/health/ready` answers accordingly.
    pub fn set_ready(&self, ready: bool) {
        self.0.ready.store(ready, Ordering::Relaxed);
    }

    /// Ends live streams and waits, so that open connections do not hold up a shutdown.
    pub fn drain(&self) {
        self.set_ready(false);
        self.0.draining.cancel();
    }

    pub(super) fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Relaxed)
    }

    pub(super) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }

    /// The ways of MCP messages.
    pub(super) fn lanes(&self) -> &Lanes<Mcp> {
        &self.0.lanes
    }

    pub(super) fn clock(&self) -> &Clock {
        self.0.service.clock()
    }

    pub(super) fn stats(&self) -> &EngineStats {
        self.0.service.stats()
    }

    pub(super) fn requests(&self) -> &RequestMetrics {
        &self.0.requests
    }

    /// Longest JSON body, bytes.
    pub(super) fn body_limit(&self) -> usize {
        self.0.service.config().server.body_limit_bytes
    }

    /// Longest file content, bytes.
    pub(super) fn file_limit(&self) -> usize {
        self.0.service.config().server.file_limit_bytes
    }

    /// Longest wait of one request, seconds.
    pub(super) fn wait_limit(&self) -> f64 {
        self.0.service.config().server.wait_limit_seconds as f64
    }

    /// How long requests may go on once the server is told to stop.
    pub(super) fn drain_time(&self) -> Duration {
        Duration::from_secs(self.0.service.config().server.drain_seconds)
    }

    /// The OpenAPI document as bytes, made once.
    pub(super) fn document(&self, make: impl FnOnce() -> bytes::Bytes) -> bytes::Bytes {
        self.0.document.get_or_init(make).clone()
    }
}
