//! Executions that a call waits for: how long, what the waiting person hears meanwhile, and how a failure reads.

use std::time::Duration;

use flowstead_wire::{Progress, ProgressSink, ToolCall};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Mcp;
use super::answer::{Refusal, head};
use crate::error::{Error, Kind};
use crate::records::Status;
use crate::service::{Row, status_of};

/// The longest silence towards a client that asked for progress.
pub(super) const SILENCE: Duration = Duration::from_secs(10);
/// Characters of a traceback in an error.
const TRACEBACK: usize = 5_000;

/// Whether the execution of this row has ended.
pub(super) fn has_ended(row: &Row) -> bool {
    status_of(row).is_some_and(Status::is_ended)
}

/// Says in the line of the call under way which execution it is about.
pub(super) fn note(execution: Uuid) {
    tracing::Span::current().record("execution", tracing::field::display(execution));
}

/// Reports of one call, each further on than the one before.
pub(super) struct Reporter<'a> {
    sink: Option<&'a ProgressSink>,
    done: f64,
    told: Option<String>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(call: &'a ToolCall) -> Reporter<'a> {
        Reporter { sink: call.progress.as_ref(), done: 0.0, told: None }
    }

    /// Whether anybody hears the reports.
    pub(super) fn is_heard(&self) -> bool {
        self.sink.is_some()
    }

    /// What there is to say about an execution that goes on; `step` is its last call, where it says nothing itself.
    pub(super) fn execution(&mut self, row: &Row, step: Option<&str>) {
        let progress = row.json("progress");
        let number = |key: &str| progress.and_then(|p| p.get(key)).and_then(Value::as_f64);
        let of_progress = progress.and_then(|p| p.get("message")).and_then(Value::as_str);
        let words = row.text("message").or(of_progress).or(row.text("blocked_on"));
        let text = words.or(step).or(row.text("status")).unwrap_or_default();
        let done = number("done").filter(|done| *done > self.done);
        if done.is_some() || self.told.as_deref() != Some(text) {
            self.say(text, done, number("total"));
        }
    }

    /// One report. Without a number of its own it is a small step on from the last one.
    pub(super) fn say(&mut self, text: &str, done: Option<f64>, total: Option<f64>) {
        self.told = Some(text.to_owned());
        let Some(sink) = self.sink else { return };
        self.done = done.unwrap_or(if total.is_some() { self.done + 0.001 } else { self.done + 1.0 });
        sink.report(Progress { done: self.done, total, message: Some(text.to_owned()) });
    }

    /// So many of them are done.
    pub(super) fn count(&mut self, done: usize, total: usize) {
        // Twice the same count is a small step on.
        let (number, total) = (done as f64, total as f64);
        let text = format!("{number} of {total} executions have ended");
        self.say(&text, Some(number).filter(|n| *n > self.done), Some(total));
    }

    /// The same again, so that the line stays alive.
    pub(super) fn again(&mut self) {
        let text = self.told.clone().unwrap_or_default();
        self.say(&text, None, None);
    }
}

/// Seconds a call may wait that asked for `wanted`: the server's setting for clients that give up soon is a limit.
pub(super) fn seconds_allowed(mcp: &Mcp, wanted: f64) -> f64 {
    match mcp.service().config().mcp.max_wait_sec {
        0 => wanted,
        most => wanted.min(Duration::from_secs(most).as_secs_f64()),
    }
}

/// The error of an execution that did not end well.
pub(super) fn failure(row: &Row, id: Uuid) -> Refusal {
    let name = row.text("flow_name").or(row.text("name")).unwrap_or("script");
    let message = row.text("status_message").unwrap_or_default();
    if status_of(row) == Some(Status::EndedCancelled) {
        let by = if message.is_empty() { String::new() } else { format!(": {message}") };
        let text = format!("The execution of '{name}' was cancelled{by}");
        return Refusal::from(Error::conflict(text)).of(id).code("execution_cancelled");
    }
    let mut error = Error::new(Kind::Invalid, head(if message.is_empty() { "It gave no message." } else { message }, TRACEBACK));
    if let Some(data) = row.json("status_data") {
        error = error.details(json!({ "data": data }));
    }
    let hint = row.text("status_hint").map_or_else(
        || format!("get_execution_logs with execution_id {id} shows what it logged; explain_execution says why it failed."),
        str::to_owned,
    );
    Refusal::from(error).of(id).code("execution_failed").hint(hint).sentence(format!("The flow '{name}' failed: {}", summary(message)))
}

/// What went wrong in one line: the exception of a traceback with its place in the flow, or the message's first line.
fn summary(message: &str) -> String {
    let Some(at) = message.find("Traceback (most recent call last):") else {
        return message.lines().next().unwrap_or("it gave no message.").to_owned();
    };
    let lines: Vec<&str> = message[at..].lines().collect();
    let exception = lines.iter().rev().find(|line| !line.is_empty() && !line.starts_with(' ')).copied().unwrap_or_default();
    match lines.iter().rev().find_map(|line| place(line)) {
        Some(place) => format!("{exception} ({place})"),
        None => exception.to_owned(),
    }
}

/// `line 3, in handler` of a line like `  File "the flow", line 3, in handler`.
fn place(line: &str) -> Option<&str> {
    let line = line.trim_start().strip_prefix("File \"")?;
    line.split_once("\", ").map(|(_, place)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceback_is_summed_up_by_its_exception_and_its_last_line_in_the_flow() {
        let text = "Traceback (most recent call last):\n  File \"shop\", line 3, in handler\n    f()\n  File \"shop\", line 1, in f\n    1 / 0\n\
                    ZeroDivisionError: division by zero";
        assert_eq!(summary(text), "ZeroDivisionError: division by zero (line 1, in f)");
        assert_eq!(summary("The stock is empty.\nSecond line."), "The stock is empty.");
        assert_eq!(summary(""), "it gave no message.");
    }
}
