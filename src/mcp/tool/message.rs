//! list_messages and answer_message: questions that wait for people, and their answers.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::argument::uuid;
use super::definition::{Argument, Call, Definition, Need, Outcome, READS, REPLACES, Shape};
use super::record_list::{self, MOST, Page};
use super::size::next_call;
use crate::error::Kind;
use crate::mcp::answer::{Refusal, success};
use crate::records::{self, RecordType, Status};
use crate::service::{Operation, Row, Selector, ToolGroup, Via, status_of};

pub(super) static LIST_MESSAGES: Definition = Definition {
    name: "list_messages",
    group: ToolGroup::Run,
    description: "Finds questions that flows put to people, with their forms. Answers none.",
    arguments: &[
        Argument::new("execution_id", Shape::Text, ""),
        Argument::new("is_submitted", Shape::Bool, "Default false."),
        Argument::new("limit", Shape::Integer(1, MOST), ""),
        Argument::new("offset", Shape::Integer(0, u32::MAX as u64), ""),
    ],
    annotations: READS,
    need: Need::All(&[(Operation::Read, "MESSAGE")]),
    handler: |call| Box::pin(list(call)),
};

pub(super) static ANSWER_MESSAGE: Definition = Definition {
    name: "answer_message",
    group: ToolGroup::Run,
    description: "Answers a question for a person who said what to answer; its flow goes on. Cannot be taken back.",
    arguments: &[
        Argument::new("message_id", Shape::Text, "").required(),
        Argument::new("response", Shape::Object, "By the form's names; {\"string\": ...} for a request; none for a bare message."),
    ],
    annotations: REPLACES,
    need: Need::All(&[(Operation::Update, "MESSAGE")]),
    handler: |call| Box::pin(answer(call)),
};

fn of() -> &'static RecordType {
    records::find("MESSAGE").expect("MESSAGE is a record type")
}

/// The call that shows what an execution asks, if it waits for a person: no waiting helps before that is answered.
pub(super) fn asked(execution: &Row, id: Uuid) -> Option<Value> {
    let waits = status_of(execution) == Some(Status::WaitingMessage);
    waits.then(|| next_call("list_messages", json!({ "execution_id": id })))
}

async fn list(call: Call<'_>) -> Outcome {
    let is_submitted = call.arguments.flag("is_submitted").unwrap_or(false);
    let mut extra = vec![json!({ "field": "is_submitted", "op": "eq", "value": is_submitted })];
    if let Some(id) = call.arguments.id("execution_id")? {
        extra.push(json!({ "field": "execution_id", "op": "eq", "value": id }));
    }
    let mut fields = vec!["id", "subject", "message", "body", "request", "execution_id", "created_at"];
    if is_submitted {
        fields.extend(["response", "submitted_by", "submitted_via", "submitted_at"]);
    }
    record_list::answer(&call, Page { of: of(), tool: "list_messages", fields: &fields, order: "-created_at", extra }).await
}

async fn answer(call: Call<'_>) -> Outcome {
    let id = uuid(call.arguments.text("message_id").unwrap_or_default(), "/message_id")?;
    let response = call.arguments.object("response").map_or(Value::Null, Value::Object);
    let written = call.service().message_answer(call.actor, &Selector::Id(id), response, Via::Mcp).await.map_err(not_answered)?;
    let asks = written.row.uuid("execution_id");
    let response = written.row.json("response").cloned().unwrap_or_default();
    written.commit.wait().await?;
    let mut answer = Map::new();
    answer.insert("message_id".into(), json!(id));
    answer.insert("response".into(), response);
    if let Some(execution) = asks {
        answer.insert("execution_id".into(), json!(execution));
        answer.insert("next".into(), next_call("wait_for_executions", json!({ "execution_ids": [execution] })));
    }
    Ok(success(answer.into()))
}

fn not_answered(error: crate::error::Error) -> Refusal {
    let hint = match error.kind() {
        Kind::SchemaViolation => "list_messages shows the form in body.",
        Kind::NotFound => "list_messages finds messages.",
        _ => return Refusal::from(error),
    };
    Refusal::from(error).hint(hint)
}
