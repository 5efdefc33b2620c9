//! How the server is doing, in one look.

use serde::Serialize;

use super::actor::Actor;
use super::command::Stat;
use super::handle::Service;
use crate::error::Result;
use crate::protocol::SandboxLine;

/// Executions that want a slot, for each slot there is, from which on the server counts as busy.
const BACKLOG: u64 = 100;

/// How the server is doing.
#[derive(Clone, Debug, Serialize)]
pub struct Health {
    /// `ok`, or `degraded` where there is a problem.
    pub status: &'static str,
    /// What is not as it should be, a sentence each.
    pub problems: Vec<String>,
    pub version: &'static str,
    pub uptime_seconds: u64,
    pub store: StoreHealth,
    pub workers: WorkerHealth,
    pub backlog: Backlog,
    /// How well flows are kept apart on this machine.
    pub sandbox: Vec<SandboxPart>,
}

#[derive(Clone, Debug, Serialize)]
pub struct StoreHealth {
    /// Bytes of the database, without what is not yet written into it.
    pub bytes: u64,
    /// Bytes free where it lies; null where the system does not say.
    pub free_bytes: Option<u64>,
    /// Since the start.
    pub statements: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct WorkerHealth {
    pub slots: u64,
    pub zygotes: u64,
    /// Executions computing in a slot.
    pub running: u64,
    /// Executions that keep their slot while they wait.
    pub parked: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Backlog {
    /// Executions not ended.
    pub live: u64,
    /// Those of them that want a slot.
    pub pending: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct SandboxPart {
    pub part: String,
    pub holds: bool,
    pub detail: String,
}

impl From<SandboxLine> for SandboxPart {
    fn from(line: SandboxLine) -> SandboxPart {
        SandboxPart { part: line.part, holds: line.holds, detail: line.detail }
    }
}

/// Below this the disk counts as nearly full, bytes.
const LITTLE: u64 = 256 << 20;

impl Service {
    /// How the server is doing. For whoever may log in: it tells of no record.
    pub async fn health(&self, actor: &Actor) -> Result<Health> {
        self.access(actor).await?;
        let stat = |stat| self.stats().get(stat);
        let store = StoreHealth { bytes: self.store().size().await?, free_bytes: self.store().free(), statements: self.statements() };
        let workers = WorkerHealth {
            slots: stat(Stat::Slots),
            zygotes: stat(Stat::Zygotes),
            running: stat(Stat::Running),
            parked: stat(Stat::Parked),
        };
        let backlog = Backlog { live: stat(Stat::Live), pending: stat(Stat::Pending) };
        let mut problems = Vec::new();
        if let Some(free) = store.free_bytes.filter(|free| *free < LITTLE) {
            problems.push(format!("The disk of the data folder has only {} MiB left.", free >> 20));
        }
        if backlog.pending > BACKLOG * workers.slots.max(1) {
            problems.push(format!("{} executions wait for one of {} slots.", backlog.pending, workers.slots));
        }
        let sandbox: Vec<SandboxPart> = self.sandbox().into_iter().map(SandboxPart::from).collect();
        problems.extend(sandbox.iter().filter(|part| !part.holds).map(|part| format!("Sandbox, {}: {}", part.part, part.detail)));
        Ok(Health {
            status: if problems.is_empty() { "ok" } else { "degraded" },
            problems,
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds: self.uptime().as_secs(),
            store,
            workers,
            backlog,
            sandbox,
        })
    }
}
