//! The shape of every tool's answer: the same data as compact text and as structured content; errors as text only.

use flowstead_wire::{Answer, Content, Fault, ToolResult};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::{Error, Kind};

/// Characters of an error's text that clients are sure to show.
const ERROR_TEXT: usize = 9_000;
/// Characters of its first sentence.
const SENTENCE: usize = 600;

/// An error an agent can act on, with what it should do about it.
#[derive(Debug)]
pub(super) struct Refusal {
    error: Error,
    execution: Option<Uuid>,
    hint: Option<String>,
    /// Instead of the code of the error's kind.
    code: Option<&'static str>,
    /// Instead of the error's message in the first line.
    sentence: Option<String>,
    /// The same call must not be made again, whatever the kind says.
    is_final: bool,
    /// It is no result of a tool at all.
    fault: Option<Box<Fault>>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal { error, execution: None, hint: None, code: None, sentence: None, is_final: false, fault: None }
    }
}

impl Refusal {
    /// The execution it is about.
    #[must_use]
    pub(super) fn of(mut self, execution: Uuid) -> Refusal {
        self.execution = Some(execution);
        self
    }

    /// What to do next, a sentence.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hint = Some(hint.into());
        self
    }

    /// Another machine name than that of the kind.
    #[must_use]
    pub(super) fn code(mut self, code: &'static str) -> Refusal {
        self.code = Some(code);
        self
    }

    /// What stands first, when the message is long.
    #[must_use]
    pub(super) fn sentence(mut self, sentence: String) -> Refusal {
        self.sentence = Some(sentence);
        self
    }

    /// The same call must not be made again: it did something.
    #[must_use]
    pub(super) fn not_again(mut self) -> Refusal {
        self.is_final = true;
        self
    }

    /// The client did what the protocol does not allow: an error of the protocol instead of a result.
    #[must_use]
    pub(super) fn fault(mut self, fault: Fault) -> Refusal {
        self.fault = Some(Box::new(fault));
        self
    }

    pub(super) fn answer(mut self) -> Result<Answer, Fault> {
        match self.fault.take() {
            Some(fault) => Err(*fault),
            None => Ok(Answer::Done(self.result())),
        }
    }

    /// One sentence, then one line of JSON.
    pub(super) fn result(self) -> ToolResult {
        let error = &self.error;
        let is_ours = error.kind() == Kind::Internal;
        if is_ours {
            tracing::error!(%error, "a tool call failed");
        }
        let message = if is_ours { "There was an internal error; the server's log has it." } else { error.message() };
        let mut line = Map::new();
        line.insert("code".into(), self.code.unwrap_or_else(|| error.kind().code()).into());
        line.insert("error_message".into(), head(message, ERROR_TEXT / 3 * 2).into());
        line.insert("hint".into(), self.hint.or_else(|| usual_hint(error)).into());
        line.insert("execution_id".into(), json!(self.execution));
        let may_pass = matches!(error.kind(), Kind::Throttled | Kind::Unavailable | Kind::Timeout);
        line.insert("retryable".into(), (may_pass && !self.is_final).into());
        if !is_ours {
            if let Some(field) = error.field_pointer() {
                line.insert("field".into(), field.into());
            }
            if let Some(details) = error.detail_value() {
                line.insert("details".into(), bounded(details));
            }
        }
        let sentence = self.sentence.as_deref().unwrap_or(message);
        let text = format!("{}\n{}", head(&sentence.split_whitespace().collect::<Vec<_>>().join(" "), SENTENCE), Value::Object(line));
        ToolResult { content: vec![Content::Text(text)], structured: None, is_error: true }
    }
}

/// A success: each of text and structured content alone is enough.
pub(super) fn success(value: Value) -> Answer {
    success_with(value, Vec::new())
}

/// A success with more blocks beside the data: links, say.
pub(super) fn success_with(value: Value, more: Vec<Content>) -> Answer {
    Answer::Done(result_with(value, more))
}

/// The same, as the result alone.
pub(super) fn result_with(value: Value, more: Vec<Content>) -> ToolResult {
    let mut content = vec![Content::Text(value.to_string())];
    content.extend(more);
    ToolResult { content, structured: Some(value), is_error: false }
}

/// The first `limit` characters.
pub(super) fn head(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} [...]", &text[..end]),
    }
}

fn usual_hint(error: &Error) -> Option<String> {
    let details = error.detail_value();
    let near: Vec<&str> =
        details.and_then(|d| d.get("near")).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    match error.kind() {
        _ if !near.is_empty() => Some(format!("Near names: {}.", near.join(", "))),
        Kind::Forbidden => Some("This key lacks that right: ask whoever administers the workspace, or do without.".into()),
        Kind::PreconditionFailed => Some("Read the record again and send its 'version' as 'if_version'.".into()),
        Kind::SchemaViolation => Some("Correct every place listed in details.breaches, then call again.".into()),
        Kind::Throttled | Kind::Unavailable => {
            let seconds = details.and_then(|d| d.get("retry_after")).and_then(Value::as_u64).unwrap_or(5);
            Some(format!("Call again in {seconds} seconds."))
        }
        _ => None,
    }
}

/// Details as far as an error's text has room for them; a list of breaches says how many there are in all.
fn bounded(details: &Value) -> Value {
    let mut details = details.clone();
    while details.to_string().len() > ERROR_TEXT / 3 {
        match details.get_mut("breaches").and_then(Value::as_array_mut) {
            Some(breaches) if breaches.len() > 1 => {
                let half = breaches.len() / 2;
                breaches.truncate(half);
            }
            _ => return Value::Null,
        }
    }
    details
}
