//! Tool calls that make sense now, for who asks: what the caller may not do is not offered.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Reader;
use super::shape::{Explanation, Frame, Next, VALUE};
use crate::records::Status;
use crate::service::access::Subject;
use crate::service::identity::record_type;
use crate::service::rights::Operation;
use crate::service::row::{id_of, subject};
use crate::service::watch::status_of;
use crate::store::Row;

/// Calls offered at most.
const OFFERED: usize = 5;
/// Entries of a log that are worth a first look.
const TAIL: u32 = 30;

impl Reader<'_> {
    /// The best first.
    pub(super) fn next(&self, row: &Row, explained: &Explanation) -> Vec<Next> {
        let mut calls = match status_of(row) {
            Some(Status::EndedError) => self.after_failure(row, explained),
            Some(status) if status.is_ended() => {
                vec![call("get_execution", json!({ "execution_id": id_of(row) }), "Shows what it gave.")]
            }
            Some(status) => self.while_live(row, status, explained),
            None => Vec::new(),
        };
        calls.truncate(OFFERED);
        calls
    }

    fn after_failure(&self, row: &Row, explained: &Explanation) -> Vec<Next> {
        let id = id_of(row);
        let (culprit, failure) = match &explained.first_cause {
            Some(cause) => (cause.execution_id, Some(&cause.failure)),
            None => (id, explained.error.as_ref()),
        };
        let logs = json!({ "execution_id": culprit, "tail": TAIL });
        let mut calls = vec![call("get_execution_logs", logs, "Shows what it logged before it failed.")];
        if culprit != id {
            let arguments = json!({ "execution_id": culprit });
            calls.push(call("explain_execution", arguments, "Compares the first cause with its own last good run."));
        } else if let (Some(flow), Some(at)) = (row.uuid("flow_id"), failure.and_then(|failure| failure.frames.last())) {
            calls.extend(self.repair(row, flow, at));
        }
        calls.extend(self.retry(row, explained));
        if let Some(flow) = row.uuid("flow_id").filter(|_| self.may(Operation::Create, row)) {
            let mut arguments = json!({ "flow_id": flow });
            let input = row.json("input_value").cloned().unwrap_or_default();
            if !input.is_null() && input.to_string().len() <= VALUE {
                arguments["input_value"] = input;
            }
            calls.push(call("run_flow", arguments, "Runs the flow anew, as it is now."));
        }
        calls
    }

    /// A retry keeps what was recorded before the failure, and before the first act outside flow_api: past that, somebody must vouch for
    /// a repeat.
    fn retry(&self, row: &Row, explained: &Explanation) -> Option<Next> {
        let may = self.may(Operation::Create, row) && self.may(Operation::Update, row);
        if !may || row.uuid("flow_id").is_none() {
            return None;
        }
        let mut arguments = json!({ "execution_id": id_of(row), "action": "retry" });
        if let Some(escaped) = &explained.escaped {
            arguments["from_seq"] = escaped.after.into();
        }
        Some(call("control_execution", arguments, "A new execution goes on where it failed; a corrected script can be given."))
    }

    /// The flow to correct, for who may.
    fn repair(&self, row: &Row, flow: Uuid, at: &Frame) -> Option<Next> {
        let flows = record_type("FLOW");
        let of = Subject { record_type: flows.name, id: Some(flow), place: row.uuid("project_id"), parent: None };
        if !self.access.may(Operation::Update, &of) {
            return None;
        }
        let why = format!("Shows the script; line {} raised. update_record with the same record_id saves a corrected one.", at.line);
        let arguments = json!({ "record_type": "FLOW", "record_id": flow, "fields": ["script"] });
        Some(Next { tool: "get_record", arguments, why })
    }

    fn while_live(&self, row: &Row, status: Status, explained: &Explanation) -> Vec<Next> {
        let id = id_of(row);
        let may_update = self.may(Operation::Update, row);
        let last = explained.waits.as_ref().and_then(|waits| waits.path.last());
        let paused = match last {
            Some(last) => (last.status == Status::Paused.name()).then_some(last.execution_id),
            None => (status == Status::Paused).then_some(id),
        };
        let is_circle = explained.waits.as_ref().is_some_and(|waits| waits.circle);
        let mut calls = Vec::new();
        if let Some(paused) = paused.filter(|_| may_update) {
            let arguments = json!({ "execution_id": paused, "action": "resume" });
            calls.push(call("control_execution", arguments, "It is paused and goes on only when it is resumed."));
        }
        if let Some(asked) = explained.waits.as_ref().and_then(|waits| waits.message.as_ref()) {
            let about = asked.subject.as_deref().unwrap_or("a question");
            if asked.may_answer {
                let why = format!("It goes on once somebody answers '{about}': give the person's answer as `response`.");
                calls.push(call("answer_message", json!({ "message_id": asked.message_id }), &why));
            }
            let asks = last.map_or(id, |last| last.execution_id);
            calls.push(call("list_messages", json!({ "execution_id": asks }), "Shows what is asked, and the form of the answer."));
        }
        let cancel = |why: &str| call("cancel_execution", json!({ "execution_id": id }), why);
        if is_circle && may_update {
            calls.push(cancel("They wait for each other and none will go on: one of them must end."));
        }
        if explained.stands.as_ref().is_some_and(|stands| stands.place != "no process") {
            let arguments = json!({ "execution_id": id, "tail": TAIL });
            calls.push(call("get_execution_logs", arguments, "Shows what it logged last."));
        }
        if status != Status::Created && paused.is_none() && !is_circle {
            let arguments = json!({ "execution_ids": [id] });
            calls.push(call("wait_for_executions", arguments, "Waits for its end."));
        }
        if may_update && !is_circle {
            calls.push(cancel("Ends it and its children, if it is not needed any more."));
        }
        calls
    }

    fn may(&self, operation: Operation, row: &Row) -> bool {
        let executions = record_type("EXECUTION");
        match operation {
            Operation::Create => self.access.may(operation, &Subject::new_in(executions.name, row.uuid("project_id"))),
            _ => self.access.may(operation, &subject(executions, row)),
        }
    }
}

fn call(tool: &'static str, arguments: Value, why: &str) -> Next {
    Next { tool, arguments, why: why.to_owned() }
}
