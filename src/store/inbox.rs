//! The jobs on their way to the writer. A channel would wake the writer for every one of them, which costs more than
//! most jobs; here a job that can wait wakes it once, and those that follow ride along.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::Notify;

use super::queue::Job;

/// How long a lazy job may wait for others.
const LAZY: Duration = Duration::from_millis(5);

#[derive(Default)]
struct Inbox {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// One of `jobs` must not wait for company.
    is_urgent: bool,
    /// Nothing more comes, or nothing more is taken.
    is_closed: bool,
}

impl Inbox {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic happens under this lock")
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.news.notify_one();
    }
}

/// The sending end; the last clone of it that is dropped closes the inbox.
#[derive(Clone)]
pub(super) struct Sender(Arc<Handle>);

struct Handle(Arc<Inbox>);

/// The writer's end.
pub(super) struct Receiver(Arc<Inbox>);

pub(super) fn open() -> (Sender, Receiver) {
    let inbox = Arc::new(Inbox::default());
    (Sender(Arc::new(Handle(inbox.clone()))), Receiver(inbox))
}

impl Sender {
    /// Gives the job back when the writer takes nothing more.
    pub fn send(&self, job: Job) -> Result<(), Job> {
        let inbox = &self.0.0;
        let mut state = inbox.state();
        if state.is_closed {
            return Err(job);
        }
        let wakes = state.jobs.is_empty() || (!job.lazy && !state.is_urgent);
        state.is_urgent |= !job.lazy;
        state.jobs.push_back(job);
        drop(state);
        if wakes {
            inbox.news.notify_one();
        }
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Receiver {
    /// Puts everything that has come into `jobs`, which is empty, as soon as one job is urgent or the oldest has waited
    /// long enough; nothing once the inbox is closed and empty. The two lists change places, so that neither grows anew.
    pub async fn take(&mut self, jobs: &mut VecDeque<Job>) {
        let mut deadline = None;
        loop {
            {
                let mut state = self.0.state();
                let is_due = deadline.is_some_and(|at| at <= tokio::time::Instant::now());
                if state.is_urgent || state.is_closed || is_due {
                    state.is_urgent = false;
                    return std::mem::swap(&mut state.jobs, jobs);
                }
                if !state.jobs.is_empty() && deadline.is_none() {
                    deadline = Some(tokio::time::Instant::now() + LAZY);
                }
            }
            match deadline {
                Some(at) => {
                    // Either way the state says what happened.
                    let _ = tokio::time::timeout_at(at, self.0.news.notified()).await;
                }
                None => self.0.news.notified().await,
            }
        }
    }

    /// Takes nothing more; what has come stays to be taken.
    pub fn close(&mut self) {
        self.0.close();
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let jobs = {
            let mut state = self.0.state();
            state.is_closed = true;
            std::mem::take(&mut state.jobs)
        };
        // Outside the lock: whoever waits for a dropped job is told so.
        drop(jobs);
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::Work;
    use super::*;

    async fn taken(receiver: &mut Receiver) -> usize {
        let mut jobs = VecDeque::new();
        receiver.take(&mut jobs).await;
        jobs.len()
    }

    fn job(lazy: bool) -> Job {
        Job::new(Work::Unit(Vec::new()), lazy).0
    }

    #[tokio::test(start_paused = true)]
    async fn lazy_jobs_wait_for_company_and_an_urgent_one_takes_all_along() {
        let (sender, mut receiver) = open();
        assert!(sender.send(job(true)).is_ok() && sender.send(job(true)).is_ok());
        let begun = tokio::time::Instant::now();
        assert_eq!(taken(&mut receiver).await, 2);
        assert_eq!(begun.elapsed(), LAZY);
        assert!(sender.send(job(true)).is_ok() && sender.send(job(false)).is_ok());
        let begun = tokio::time::Instant::now();
        assert_eq!(taken(&mut receiver).await, 2);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_urgent_job_ends_the_wait_of_lazy_ones() {
        let (sender, mut receiver) = open();
        assert!(sender.send(job(true)).is_ok());
        let begun = tokio::time::Instant::now();
        let (count, ()) = tokio::join!(taken(&mut receiver), async {
            tokio::task::yield_now().await;
            assert!(sender.send(job(false)).is_ok());
        });
        assert_eq!((count, begun.elapsed()), (2, Duration::ZERO));
    }

    #[tokio::test]
    async fn the_last_sender_closes_and_what_came_before_is_still_taken() {
        let (sender, mut receiver) = open();
        let other = sender.clone();
        assert!(other.send(job(true)).is_ok());
        drop((sender, other));
        assert_eq!(taken(&mut receiver).await, 1);
        assert_eq!(taken(&mut receiver).await, 0);
    }

    #[tokio::test]
    async fn a_closed_inbox_gives_jobs_back() {
        let (sender, mut receiver) = open();
        receiver.close();
        assert!(sender.send(job(false)).is_err());
    }
}
