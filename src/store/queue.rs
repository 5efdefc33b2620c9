//! The queue in front of the writer, and what both ends know of each other: how far it has come, what failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{oneshot, watch};

use super::inbox::{self, Receiver, Sender};
use super::lease;
use super::tx::Interactive;
use super::unit::{Commit, Unit, Write};
use crate::error::{Error, Kind, Result};

pub(super) enum Work {
    Unit(Vec<Write>),
    Interactive(Box<dyn Interactive>),
    /// Take nothing more; end when the queue is empty.
    Close,
}

pub(super) struct Job {
    pub work: Work,
    pub lazy: bool,
    pub done: oneshot::Sender<Result<()>>,
    /// Failed commits when it was queued.
    failures: u64,
}

impl Job {
    #[cfg(test)]
    pub fn new(work: Work, lazy: bool) -> (Job, oneshot::Receiver<Result<()>>) {
        let (done, receiver) = oneshot::channel();
        (Job { work, lazy, done, failures: 0 }, receiver)
    }
}

/// What the queue and the writer share.
pub(super) struct Shared {
    submitted: AtomicU64,
    settled: AtomicU64,
    failures: watch::Sender<u64>,
    fences: AtomicUsize,
    held: AtomicBool,
    /// Another process has the lease: nothing is written any more. Says so in words.
    deposed: watch::Sender<Option<String>>,
}

impl Shared {
    pub fn settle(&self, count: u64) {
        self.settled.fetch_add(count, Ordering::AcqRel);
    }

    /// A COMMIT failed. With a fence, nothing is written from here on until it is lifted.
    pub fn fail(&self) {
        if self.fences.load(Ordering::Acquire) > 0 {
            self.held.store(true, Ordering::Release);
        }
        self.failures.send_modify(|n| *n += 1);
    }

    /// Another process has taken the lease. There is no way back.
    pub fn depose(&self, words: String) {
        self.deposed.send_replace(Some(words));
    }

    /// Why nothing is written ever again, if so.
    pub fn refusal(&self) -> Option<Error> {
        self.deposed.borrow().as_deref().map(lease::refused)
    }

    /// Whether the job may build on something that a failed commit has lost.
    pub fn is_stale(&self, job: &Job) -> bool {
        self.fences.load(Ordering::Acquire) > 0 && (self.is_held() || job.failures != *self.failures.borrow())
    }

    fn is_held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }
}

/// Why nothing is written behind a fence.
pub(super) fn held() -> Error {
    Error::new(
        Kind::Unavailable,
        "The last changes could not be written to disk; nothing is written until the executions they belong to are set back.",
    )
}

/// The sending end.
#[derive(Clone)]
pub(super) struct Queue {
    jobs: Sender,
    shared: Arc<Shared>,
}

impl Queue {
    pub fn new() -> (Queue, Receiver, Arc<Shared>) {
        let (jobs, receiver) = inbox::open();
        let shared = Arc::new(Shared {
            submitted: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            failures: watch::Sender::new(0),
            fences: AtomicUsize::new(0),
            held: AtomicBool::new(false),
            deposed: watch::Sender::new(None),
        });
        (Queue { jobs, shared: shared.clone() }, receiver, shared)
    }

    pub fn submit(&self, unit: Unit) -> Commit {
        self.push(Work::Unit(unit.writes), unit.lazy)
    }

    pub fn push(&self, work: Work, lazy: bool) -> Commit {
        // The number first: a failure between the two lines makes the job stale, not fresh.
        let failures = *self.shared.failures.borrow();
        if !matches!(work, Work::Close) {
            if let Some(error) = self.shared.refusal() {
                return Commit::refused(error);
            }
            if self.shared.is_held() {
                return Commit::refused(held());
            }
        }
        let (done, receiver) = oneshot::channel();
        self.shared.submitted.fetch_add(1, Ordering::AcqRel);
        if self.jobs.send(Job { work, lazy, done, failures }).is_err() {
            // The job is dropped, and the commit says so.
            self.shared.settle(1);
        }
        Commit::pending(receiver)
    }

    /// Resolves when everything queued so far is on disk; an error if some of it is not.
    pub async fn barrier(&self) -> Result<()> {
        let failures = *self.shared.failures.borrow();
        if let Some(error) = self.shared.refusal() {
            return Err(error);
        }
        if self.shared.is_held() {
            return Err(held());
        }
        let is_settled = self.watermark() == self.shared.submitted.load(Ordering::Acquire);
        if !is_settled {
            self.submit(Unit::default()).wait().await?;
        }
        if *self.shared.failures.borrow() == failures { Ok(()) } else { Err(held()) }
    }

    pub fn watermark(&self) -> u64 {
        self.shared.settled.load(Ordering::Acquire)
    }

    pub fn failures(&self) -> watch::Receiver<u64> {
        self.shared.failures.subscribe()
    }

    pub fn deposed(&self) -> watch::Receiver<Option<String>> {
        self.shared.deposed.subscribe()
    }

    pub fn fence(&self) -> Fence {
        self.shared.fences.fetch_add(1, Ordering::AcqRel);
        Fence { shared: self.shared.clone(), failures: self.shared.failures.subscribe() }
    }
}

/// Held by whoever acts on what was told early. While it exists, a failed COMMIT stops all writing, also of what is
/// queued already, since that may build on what is lost; [`Fence::lift`] lets it go on.
pub struct Fence {
    shared: Arc<Shared>,
    failures: watch::Receiver<u64>,
}

impl Fence {
    /// Resolves when a COMMIT has failed.
    pub async fn failed(&mut self) {
        if self.failures.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Everyone who was told something that is lost has been set back to what is on disk.
    pub fn lift(&self) {
        self.shared.held.store(false, Ordering::Release);
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        if self.shared.fences.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.lift();
        }
    }
}
