//! Tasks, as the protocol has them.

use rmcp::model::{
    CreateTaskResult, DetailedTask, ErrorCode, ErrorData, GetTaskResult, JsonObject, Task as RmcpTask, TaskPayload, TaskStatus,
};
use serde::Serialize;
use serde_json::Value;

use super::question::input_requests;
use super::tool_result;
use crate::task::{Stand, Task};

/// How often a client may look, milliseconds.
const POLL_MS: u64 = 1_000;

fn plain(given: &Task, status: TaskStatus) -> RmcpTask {
    let mut task =
        RmcpTask::new(given.id.clone(), status, given.created_at.clone(), given.updated_at.clone()).with_poll_interval_ms(POLL_MS);
    task.status_message.clone_from(&given.message);
    task
}

fn object(given: impl Serialize) -> JsonObject {
    match serde_json::to_value(given) {
        Ok(Value::Object(object)) => object,
        _ => JsonObject::new(),
    }
}

pub(crate) fn detailed(given: Task) -> DetailedTask {
    let task = plain(&given, TaskStatus::Working);
    let payload = match given.stand {
        Stand::Working => TaskPayload::Working,
        Stand::Asks(requests) => TaskPayload::InputRequired { input_requests: input_requests(&requests) },
        Stand::Completed(result) => TaskPayload::Completed { result: object(tool_result(result)) },
        Stand::Failed(reason) => TaskPayload::Failed { error: object(ErrorData::new(ErrorCode::INTERNAL_ERROR, reason, None)) },
        Stand::Cancelled => TaskPayload::Cancelled,
    };
    DetailedTask::new(task, payload)
}

/// The answer to a call that became one: what it asks or gave is asked for by its id.
pub(crate) fn created(given: &Task) -> CreateTaskResult {
    let status = match given.stand {
        Stand::Working => TaskStatus::Working,
        Stand::Asks(_) => TaskStatus::InputRequired,
        Stand::Completed(_) => TaskStatus::Completed,
        Stand::Failed(_) => TaskStatus::Failed,
        Stand::Cancelled => TaskStatus::Cancelled,
    };
    CreateTaskResult::new(plain(given, status))
}

pub(crate) fn found(given: Task) -> GetTaskResult {
    GetTaskResult::new(detailed(given))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::content::{Content, ToolResult};

    fn task(stand: Stand) -> Task {
        Task { id: "t".into(), message: Some("at work".into()), created_at: "a".into(), updated_at: "b".into(), stand }
    }

    fn of(stand: Stand) -> Value {
        serde_json::to_value(found(task(stand))).expect("JSON")
    }

    #[test]
    fn a_task_is_flat_and_carries_what_its_stand_has() {
        let working = of(Stand::Working);
        let expected = json!({
            "resultType": "complete", "taskId": "t", "status": "working", "statusMessage": "at work", "createdAt": "a",
            "lastUpdatedAt": "b", "ttlMs": null, "pollIntervalMs": 1000,
        });
        assert_eq!(working, expected);
        let refused = ToolResult { content: vec![Content::Text("no".into())], structured: None, is_error: true };
        let ended = of(Stand::Completed(refused));
        assert_eq!((&ended["status"], &ended["result"]["isError"]), (&json!("completed"), &json!(true)));
        let lost = of(Stand::Failed("It was lost.".into()));
        assert_eq!((&lost["status"], &lost["error"]), (&json!("failed"), &json!({ "code": -32603, "message": "It was lost." })));
        assert!(lost.get("result").is_none());
        assert_eq!(of(Stand::Cancelled)["status"], "cancelled");
    }

    #[test]
    fn the_answer_that_makes_a_task_says_neither_what_it_asks_nor_what_it_gave() {
        let created = serde_json::to_value(created(&task(Stand::Asks(Vec::new())))).expect("JSON");
        assert_eq!((&created["resultType"], &created["status"]), (&json!("task"), &json!("input_required")));
        assert!(created.get("inputRequests").is_none() && created.get("requestState").is_none(), "{created}");
    }
}
