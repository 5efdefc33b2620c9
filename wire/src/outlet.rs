//! What a call sends while it goes on: reports, strictly increasing and never silent for long; log entries; questions.
#![allow(deprecated, reason = "older clients still read logs")]

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::behaviour::Progress;
use crate::convert;
use crate::input::Asked;
use crate::log::{LogLevel, LogLine};

/// A client that got a token hears something at least this often.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);
/// The step of a report that brings nothing new.
const STEP: f64 = 0.001;

/// The ends that the wire reads of what a call was given.
pub(crate) struct Outlet {
    /// Of the client, for reports. Without it there are none.
    pub(crate) token: Option<ProgressToken>,
    pub(crate) reports: Receiver<Progress>,
    pub(crate) lines: Receiver<LogLine>,
    pub(crate) asked: UnboundedReceiver<Asked>,
}

/// Runs `work` to its end while what it sends goes out. Questions that are open then are taken back.
pub(crate) async fn forward<T>(peer: &Peer<RoleServer>, outlet: Outlet, work: impl Future<Output = T>) -> T {
    let Outlet { token, mut reports, mut lines, mut asked } = outlet;
    let mut line = Line::default();
    // Not `interval`, whose first tick "at once" is up to a millisecond of the timer away.
    let mut heart = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
    heart.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Polled here and not spawned: the engine sends a question on the stream of the request that it is asked in.
    let mut open = FuturesUnordered::new();
    let mut work = std::pin::pin!(work);
    loop {
        let report = tokio::select! {
            biased;
            Some(report) = reports.recv() => line.next(report),
            Some(entry) = lines.recv() => {
                let _ = peer.notify_logging_message(entry_of(entry)).await;
                continue;
            }
            Some(question) = asked.recv() => {
                open.push(ask(peer, question));
                continue;
            }
            Some(()) = open.next() => continue,
            ended = &mut work => {
                // What was said belongs before the answer.
                while let Ok(entry) = lines.try_recv() {
                    let _ = peer.notify_logging_message(entry_of(entry)).await;
                }
                while let (Ok(report), Some(token)) = (reports.try_recv(), &token) {
                    let _ = peer.notify_progress(parameters(token.clone(), line.next(report))).await;
                }
                return ended;
            }
            _ = heart.tick(), if token.is_some() => line.repeat(),
        };
        heart.reset();
        if let Some(token) = &token {
            // A client that is gone is noticed by the call itself.
            let _ = peer.notify_progress(parameters(token.clone(), report)).await;
        }
    }
}

/// One question to the client of a session. Without an answer that can be read, whoever asked learns that there is none.
async fn ask(peer: &Peer<RoleServer>, question: Asked) {
    let Asked { request, mut reply } = question;
    let Some(request) = convert::server_request(&request) else { return };
    let answer = tokio::select! {
        answer = peer.send_request(request) => answer,
        // The call does not want it any more.
        () = reply.closed() => return,
    };
    match answer {
        Ok(answer) => {
            let _ = reply.send(convert::client_result(&answer));
        }
        Err(error) => tracing::debug!(%error, "a client did not answer what it was asked"),
    }
}

fn entry_of(line: LogLine) -> LoggingMessageNotificationParam {
    let level = match line.level {
        LogLevel::Debug => LoggingLevel::Debug,
        LogLevel::Info => LoggingLevel::Info,
        LogLevel::Warning => LoggingLevel::Warning,
        LogLevel::Error => LoggingLevel::Error,
        LogLevel::Critical => LoggingLevel::Critical,
    };
    let entry = LoggingMessageNotificationParam::new(level, line.data);
    match line.logger {
        Some(logger) => entry.with_logger(logger),
        None => entry,
    }
}

/// The least level that a client asks for, among ours.
pub(crate) fn least(level: LoggingLevel) -> LogLevel {
    match level {
        LoggingLevel::Debug => LogLevel::Debug,
        LoggingLevel::Info => LogLevel::Info,
        LoggingLevel::Notice | LoggingLevel::Warning => LogLevel::Warning,
        LoggingLevel::Error => LogLevel::Error,
        LoggingLevel::Critical | LoggingLevel::Alert | LoggingLevel::Emergency => LogLevel::Critical,
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
