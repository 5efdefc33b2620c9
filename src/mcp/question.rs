//! What an execution asks people, as a client can put it to the person in front of it.

use flowstead_wire::{Capabilities, InputReply, InputRequest};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Mcp, form};
use crate::error::{Error, Kind, Result};
use crate::records::{self, RecordType, Status};
use crate::service::{Actor, ListRequest, Row, Selector, Via, status_of};

/// Messages of one execution that are looked at.
const MOST: u32 = 200;
/// Longest name that serves as a key.
const KEY: usize = 64;

/// An open message.
pub(super) struct Question {
    pub(super) id: Uuid,
    /// Its name where no other message of the execution has it, else its id.
    pub(super) key: String,
    pub(super) subject: String,
    text: Option<String>,
    form: Value,
    /// Only on its page, after a login.
    needs_login: bool,
    may_answer: bool,
}

/// What an answer came to.
#[derive(Debug, PartialEq)]
pub(super) enum Given {
    /// It is answered, by this or by an answer that was first.
    Taken,
    /// Its page was opened: the answer comes from there.
    Opened,
    /// The person does not want to, here and now; the word for it.
    Refused(&'static str),
    /// Why it is none.
    Bad(String),
}

fn of(name: &str) -> &'static RecordType {
    records::find(name).expect("it is a declared type")
}

/// The open messages of an execution that the actor may see, oldest first; also those of executions that it waits for.
pub(super) async fn list(mcp: &Mcp, actor: &Actor, execution: &Row) -> Result<Vec<Question>> {
    let mut ids: Vec<String> = execution.id().map(|id| id.to_string()).into_iter().collect();
    if status_of(execution) == Some(Status::WaitingDependency) {
        ids.extend(Box::pin(asking_below(mcp, actor, execution)).await?);
    }
    let request = ListRequest {
        filter: Some(json!({ "field": "execution_id", "op": "in", "value": ids })),
        order: vec!["created_at".into()],
        limit: Some(MOST),
        ..ListRequest::default()
    };
    let found = match Box::pin(mcp.service().record_list(actor, of("MESSAGE"), &request)).await {
        Ok(page) => page.items,
        // Whoever may read no messages sees none.
        Err(error) if error.kind() == Kind::Forbidden => Vec::new(),
        Err(error) => return Err(error),
    };
    let names: Vec<String> = found.iter().map(|item| item.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()).collect();
    let mut open = Vec::new();
    for (item, name) in found.into_iter().zip(&names) {
        let is_key = name.len() <= KEY && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let is_alone = names.iter().filter(|other| *other == name).count() == 1;
        let row = Row::from(item);
        if !row.flag("is_submitted") {
            open.push(Box::pin(question(mcp, actor, (row, (is_key && is_alone).then_some(name)))).await?);
        }
    }
    Ok(open)
}

/// The executions below this one that wait for an answer.
async fn asking_below(mcp: &Mcp, actor: &Actor, execution: &Row) -> Result<Vec<String>> {
    let (Some(id), root) = (execution.id(), execution.uuid("root_execution_id")) else { return Ok(Vec::new()) };
    let request = ListRequest {
        filter: Some(json!({ "and": [
            { "field": "root_execution_id", "op": "eq", "value": root.unwrap_or(id) },
            { "field": "status", "op": "eq", "value": Status::WaitingMessage.name() },
        ] })),
        fields: Some(vec!["id".into()]),
        limit: Some(MOST),
        ..ListRequest::default()
    };
    let page = mcp.service().record_list(actor, of("EXECUTION"), &request).await?;
    Ok(page.items.iter().filter_map(|item| item.get("id").and_then(Value::as_str)).map(str::to_owned).collect())
}

async fn question(mcp: &Mcp, actor: &Actor, (row, name): (Row, Option<&String>)) -> Result<Question> {
    let id = row.id().unwrap_or_default();
    Ok(Question {
        id,
        key: name.cloned().unwrap_or_else(|| id.to_string()),
        subject: row.text("subject").or(row.text("name")).unwrap_or("A question").to_owned(),
        text: row.text("message").map(str::to_owned),
        form: mcp.service().message_form(&row).await?,
        needs_login: row.flag("needs_login"),
        may_answer: mcp.service().message_may_answer(actor, &row).await?,
    })
}

impl Question {
    pub(super) fn url(&self, mcp: &Mcp) -> String {
        mcp.service().message_url(self.id)
    }

    /// As a client of these capabilities puts it to its person: a form if that may answer it, else its page; none where it can
    /// show neither. `problem` is what was wrong with the answer before.
    pub(super) fn request(&self, mcp: &Mcp, capabilities: Capabilities, problem: Option<&str>) -> Option<InputRequest> {
        let mut parts: Vec<String> = problem.map(|problem| format!("That was no answer yet: {problem}")).into_iter().collect();
        parts.push(self.subject.clone());
        parts.extend(self.text.iter().filter(|text| **text != self.subject).cloned());
        parts.extend(form::words(&self.form));
        let message = parts.join("\n\n");
        let schema = form::flat(&self.form).filter(|_| self.may_answer && !self.needs_login);
        let form = schema.map(|schema| InputRequest::Form { message: message.clone(), schema });
        let page = InputRequest::Page { message, url: self.url(mcp), id: self.id.to_string() };
        form.into_iter().chain([page]).find(|request| request.is_for(capabilities))
    }

    /// Takes what a client answered in the name of its person.
    pub(super) async fn answer(&self, mcp: &Mcp, actor: &Actor, reply: &Value) -> Result<Given> {
        let content = match InputReply::read(reply) {
            None => {
                return Ok(Given::Bad("an answer has an 'action' of accept, decline or cancel, and the 'content' of its form.".to_owned()));
            }
            Some(InputReply::Declined) => return Ok(Given::Refused("declined")),
            Some(InputReply::Cancelled) => return Ok(Given::Refused("put away")),
            Some(InputReply::Accepted(None)) if self.needs_login || form::flat(&self.form).is_none() => return Ok(Given::Opened),
            Some(InputReply::Accepted(content)) => content.unwrap_or_else(|| Map::new().into()),
        };
        match Box::pin(mcp.service().message_answer(actor, &Selector::Id(self.id), content, Via::Dialog)).await {
            Ok(written) => written.commit.wait().await.map(|()| Given::Taken),
            // Somebody was first, or the message is gone: either way nobody waits for this answer.
            Err(error) if matches!(error.kind(), Kind::Conflict | Kind::NotFound) => Ok(Given::Taken),
            Err(error) if matches!(error.kind(), Kind::SchemaViolation | Kind::Invalid | Kind::Forbidden) => {
                Ok(Given::Bad(problem(&error)))
            }
            Err(error) => Err(error),
        }
    }

    /// What an agent is told that cannot put it to anybody.
    pub(super) fn shown(&self, mcp: &Mcp) -> Value {
        json!({ "message_id": self.id, "subject": self.subject, "url": self.url(mcp) })
    }
}

/// What is wrong with an answer, in the words of its form.
fn problem(error: &Error) -> String {
    error.message().replace("/response/", "/").replace("/response", "the answer")
}
