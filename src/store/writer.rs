//! The one writer: takes whatever is queued, commits it as one transaction, then acknowledges all of it.
//!
//! There is no collection window: a batch forms while the previous one commits. Only lazy units wait, a few
//! milliseconds, for company.

use std::collections::VecDeque;
use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;

use super::checkpoint::Checkpoints;
use super::inbox::Receiver;
use super::queue::{Job, Shared, Work, held};
use super::session::Refusal;
use super::tx::{Interactive, Tx};
use super::unit::Write;
use crate::error::{Error, Kind, Result};

/// Jobs and bytes taken into one transaction at the most, so that none holds up the others for long.
const BATCH: usize = 4096;
const BATCH_BYTES: usize = 8 << 20;
type Done = oneshot::Sender<Result<()>>;

pub(super) struct WriterTask {
    pub tx: Tx,
    pub shared: Arc<Shared>,
    pub checkpoints: Checkpoints,
    /// The folder's lock: held until the last write is done, which is after the last handle is gone.
    pub lock: File,
}

/// One transaction on its way: who is to be told what.
#[derive(Default)]
struct Round {
    told: Vec<(Done, Result<()>)>,
    group: Vec<(Vec<Write>, Done)>,
    /// Statements that go ahead of whatever is sent next.
    before: String,
}

impl WriterTask {
    /// Ends when every handle is dropped, or when told to close and the queue is empty.
    pub async fn run(mut self, mut receiver: Receiver) {
        let mut queue = VecDeque::new();
        loop {
            if queue.is_empty() {
                receiver.take(&mut queue).await;
                if queue.is_empty() {
                    break;
                }
            }
            let batch = self.take(&mut queue, &mut receiver);
            self.commit(batch).await;
        }
        self.checkpoints.end().await;
        if let Err(error) = self.tx.session.close().await {
            tracing::warn!(%error, "the writer's connection did not close cleanly");
        }
        drop(self.lock);
    }

    /// The next transaction's jobs. Those from before a failed commit are refused while somebody fences.
    fn take(&mut self, queue: &mut VecDeque<Job>, receiver: &mut Receiver) -> Vec<Job> {
        let mut batch = Vec::new();
        let (mut weight, mut rows) = (0, 0);
        while batch.len() < BATCH
            && weight < BATCH_BYTES
            && let Some(job) = queue.pop_front()
        {
            if let (Some(error), false) = (self.shared.refusal(), matches!(job.work, Work::Close)) {
                self.shared.settle(1);
                let _ = job.done.send(Err(error));
                continue;
            }
            if self.shared.is_stale(&job) {
                self.shared.settle(1);
                let _ = job.done.send(Err(held()));
                continue;
            }
            match &job.work {
                Work::Unit(writes) => {
                    rows += writes.len();
                    weight += writes.iter().map(Write::weight).sum::<usize>();
                }
                // What it writes is not known yet; most write a record and an entry of the log.
                Work::Interactive(_) => rows += 2,
                Work::Close => receiver.close(),
            }
            batch.push(job);
        }
        self.checkpoints.grew(rows, weight);
        batch
    }

    async fn commit(&mut self, batch: Vec<Job>) {
        let count = batch.len() as u64;
        let is_empty = |work: &Work| match work {
            Work::Unit(writes) => writes.is_empty(),
            Work::Interactive(_) => false,
            Work::Close => true,
        };
        let mut round = Round::default();
        let (chain, lease) = (self.tx.session.chain.clone(), self.tx.session.lease);
        let outcome = if batch.iter().all(|job| is_empty(&job.work)) {
            round.told.extend(batch.into_iter().map(|job| (job.done, Ok(()))));
            Ok(())
        } else {
            self.transaction(batch, &mut round).await
        };
        if let Err(error) = &outcome {
            tracing::error!(%error, units = count, "a commit failed; nothing of it is on disk");
            let _ = self.tx.session.execute("rollback".to_owned()).await;
            self.tx.session.chain = chain;
            self.tx.session.lease = lease;
            if self.tx.session.is_deposed {
                let words = self.tx.session.deposed().await;
                self.shared.depose(words);
            }
            self.shared.fail();
        }
        let outcome = self.shared.refusal().map_or(outcome, Err);
        self.shared.settle(count);
        round.told.extend(round.group.into_iter().map(|(_, done)| (done, Ok(()))));
        for (done, result) in round.told {
            let result = match &outcome {
                Ok(()) => result,
                Err(error) => Err(Error::new(Kind::Unavailable, format!("The change could not be written to disk: {error}"))),
            };
            // Nobody has to wait for it.
            let _ = done.send(result);
        }
    }

    async fn transaction(&mut self, batch: Vec<Job>, round: &mut Round) -> Result<()> {
        if batch.iter().all(|job| !matches!(job.work, Work::Interactive(_))) {
            return self.plain(batch, round).await;
        }
        round.before.push_str(&self.tx.session.begin());
        let mut failed = Ok(());
        for job in batch {
            match job.work {
                Work::Close => round.told.push((job.done, Ok(()))),
                Work::Unit(writes) => round.group.push((writes, job.done)),
                Work::Interactive(work) => {
                    if failed.is_ok() {
                        failed = self.flush(round).await;
                    }
                    let result = match &failed {
                        Ok(()) => self.interactive(work, round).await.unwrap_or_else(|error| {
                            failed = Err(error);
                            Ok(())
                        }),
                        Err(_) => Ok(()),
                    };
                    round.told.push((job.done, result));
                }
            }
        }
        failed?;
        self.flush(round).await?;
        let commit = std::mem::take(&mut round.before) + "commit";
        self.tx.session.execute(commit).await.map_err(Refusal::into_error)
    }

    /// A transaction without interactive work: one message from begin to commit, if all goes well.
    async fn plain(&mut self, batch: Vec<Job>, round: &mut Round) -> Result<()> {
        for job in batch {
            match job.work {
                Work::Unit(writes) => round.group.push((writes, job.done)),
                Work::Interactive(_) | Work::Close => round.told.push((job.done, Ok(()))),
            }
        }
        let begin = self.tx.session.begin();
        match self.tx.session.write(&begin, &writes_of(&round.group), "commit").await {
            Ok(()) => Ok(()),
            Err(refusal) if refusal.is_own_fault => {
                // The failed message may have left its transaction open, or not.
                let _ = self.tx.session.execute("rollback".to_owned()).await;
                round.before.push_str(&begin);
                self.one_by_one(round).await?;
                let commit = std::mem::take(&mut round.before) + "commit";
                self.tx.session.execute(commit).await.map_err(Refusal::into_error)
            }
            Err(refusal) => Err(refusal.error),
        }
    }

    /// Runs checks and writes of a caller; an error or a panic undoes its writes alone. The outer error is the round's.
    async fn interactive(&mut self, work: Box<dyn Interactive>, round: &mut Round) -> Result<Result<()>> {
        let before = std::mem::take(&mut round.before) + "savepoint u";
        self.tx.session.execute(before).await.map_err(Refusal::into_error)?;
        let (chain, lease) = (self.tx.session.chain.clone(), self.tx.session.lease);
        let result = AssertUnwindSafe(work.run(&mut self.tx)).catch_unwind().await;
        let result = result.unwrap_or_else(|_| Err(Error::internal("interactive work panicked")));
        if result.is_err() {
            self.tx.session.chain = chain;
            self.tx.session.lease = lease;
        }
        round.before.push_str(if result.is_ok() { "release u;" } else { "rollback to u; release u;" });
        Ok(result)
    }

    /// Writes the gathered units as one; if that fails, one by one, so that a bad unit fails alone.
    async fn flush(&mut self, round: &mut Round) -> Result<()> {
        if round.group.is_empty() {
            return Ok(());
        }
        let before = round.before.clone() + "savepoint g;";
        match self.tx.session.write(&before, &writes_of(&round.group), "release g").await {
            Ok(()) => {
                round.before.clear();
                round.told.extend(round.group.drain(..).map(|(_, done)| (done, Ok(()))));
                Ok(())
            }
            Err(refusal) if refusal.is_own_fault => {
                if refusal.is_sent {
                    "rollback to g; release g;".clone_into(&mut round.before);
                }
                self.one_by_one(round).await
            }
            Err(refusal) => Err(refusal.error),
        }
    }

    async fn one_by_one(&mut self, round: &mut Round) -> Result<()> {
        for (writes, done) in std::mem::take(&mut round.group) {
            let before = round.before.clone() + "savepoint u;";
            let refs: Vec<&Write> = writes.iter().collect();
            let result = self.tx.session.write(&before, &refs, "release u").await;
            match result {
                Ok(()) => {
                    round.before.clear();
                    round.told.push((done, Ok(())));
                }
                Err(refusal) if refusal.is_own_fault => {
                    tracing::error!(error = %refusal.error, "a unit of writes was refused by the database");
                    if refusal.is_sent {
                        "rollback to u; release u;".clone_into(&mut round.before);
                    }
                    round.told.push((done, Err(refusal.error)));
                }
                Err(refusal) => {
                    round.told.push((done, Ok(())));
                    return Err(refusal.error);
                }
            }
        }
        Ok(())
    }
}

fn writes_of(group: &[(Vec<Write>, Done)]) -> Vec<&Write> {
    group.iter().flat_map(|(writes, _)| writes).collect()
}
