//! Reports of a call on their way to the client: strictly increasing, and never silent for long.

use std::future::Future;
use std::time::Duration;

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval};

use crate::behaviour::Progress;

/// A client that got a token hears something at least this often.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);
/// The step of a report that brings nothing new.
const STEP: f64 = 0.001;

/// Runs `work` to its end while its reports go out.
pub(crate) async fn forward<T>(
    peer: &Peer<RoleServer>,
    token: ProgressToken,
    mut reports: Receiver<Progress>,
    work: impl Future<Output = T>,
) -> T {
    let mut line = Line::default();
    let mut heart = interval(HEARTBEAT);
    heart.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once and says nothing.
    heart.tick().await;
    let mut work = std::pin::pin!(work);
    loop {
        let report = tokio::select! {
            biased;
            Some(report) = reports.recv() => line.next(report),
            ended = &mut work => {
                // What was reported belongs before the answer.
                while let Ok(report) = reports.try_recv() {
                    let _ = peer.notify_progress(parameters(token.clone(), line.next(report))).await;
                }
                return ended;
            }
            _ = heart.tick() => line.repeat(),
        };
        heart.reset();
        // A client that is gone is noticed by the call itself.
        let _ = peer.notify_progress(parameters(token.clone(), report)).await;
    }
}

fn parameters(token: ProgressToken, report: Progress) -> ProgressNotificationParam {
    let mut parameters = ProgressNotificationParam::new(token, report.done);
    parameters.total = report.total;
    parameters.message = report.message;
    parameters
}

/// What was said last.
#[derive(Default)]
struct Line {
    done: Option<f64>,
    total: Option<f64>,
    message: Option<String>,
}

impl Line {
    /// A report that goes beyond the one before, whatever it says itself.
    fn next(&mut self, report: Progress) -> Progress {
        let given = if report.done.is_finite() { report.done } else { 0.0 };
        let done = match self.done {
            Some(last) if given <= last => beyond(last),
            _ => given,
        };
        self.done = Some(done);
        self.total = report.total.filter(|total| total.is_finite());
        self.message = report.message;
        // A total that has been passed is none.
        let total = self.total.filter(|total| done <= *total);
        Progress { done, total, message: self.message.clone() }
    }

    fn repeat(&mut self) -> Progress {
        let done = self.done.unwrap_or(0.0);
        self.next(Progress { done, total: self.total, message: self.message.clone() })
    }
}

/// The next value above `last`, also where a small step is lost in a large number.
fn beyond(last: f64) -> f64 {
    let next = last + STEP;
    if next > last { next } else { last.next_up() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(done: f64, total: Option<f64>) -> Progress {
        Progress { done, total, message: Some(format!("at {done}")) }
    }

    #[test]
    fn what_goes_out_always_grows() {
        let mut line = Line::default();
        let mut sent = Vec::new();
        for done in [0.0, 0.0, 5.0, 3.0, f64::NAN, 1e300, 1e300, 7.0] {
            sent.push(line.next(report(done, None)).done);
            sent.push(line.repeat().done);
        }
        assert!(sent.windows(2).all(|pair| pair[0] < pair[1]), "{sent:?}");
    }

    #[test]
    fn a_total_is_never_below_what_is_done() {
        let mut line = Line::default();
        assert_eq!(line.next(report(2.0, Some(2.0))).total, Some(2.0));
        assert_eq!(line.repeat().total, None);
        assert_eq!(line.next(report(3.0, Some(4.0))).total, Some(4.0));
    }

    #[test]
    fn a_heartbeat_repeats_the_last_message() {
        let mut line = Line::default();
        assert_eq!(line.repeat(), Progress { done: 0.0, total: None, message: None });
        line.next(report(1.0, None));
        assert_eq!(line.repeat().message.as_deref(), Some("at 1"));
    }
}
