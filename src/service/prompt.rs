//! Prompts: texts with blanks that people keep for their agents, noted on the workspace under `mcp_prompt:<slug>`.

use serde_json::{Map, Value, json};

use super::actor::Actor;
use super::handle::Service;
use super::identity::record_type;
use super::record::ListRequest;
use crate::error::{Error, Result, did_you_mean};
use crate::store::{Filter, ListQuery, Row, Scope};

/// What the keys of prompts begin with; the rest is the prompt's name.
pub const PROMPT_PREFIX: &str = "mcp_prompt:";
/// The key of what a workspace tells every agent.
const INSTRUCTIONS: &str = "agent_instructions";
/// Prompts listed at the most.
const LISTED: u32 = 1000;
const COLUMNS: [&str; 5] = ["title", "description", "arguments", "template", "messages"];
const ARGUMENT: [&str; 5] = ["name", "title", "description", "required", "ask"];

/// A prompt that can be listed.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPrompt {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub arguments: Vec<SavedArgument>,
    messages: Vec<SavedMessage>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedArgument {
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub required: bool,
    /// The question to the person at a client that left it out, if the client can put it.
    pub ask: Option<String>,
}

/// A message whose `{{argument}}`s are still to be filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedMessage {
    /// Else the user says it.
    pub is_assistant: bool,
    /// One block as MCP has it: `{"type": "text", "text"}`, or a picture, a sound, a resource.
    pub content: Value,
}

impl SavedPrompt {
    /// Reads what is noted under `key`. The error is a sentence that says why it is no prompt.
    pub fn parse(key: &str, data: &Value) -> Result<SavedPrompt, String> {
        let name = key.strip_prefix(PROMPT_PREFIX).unwrap_or_default();
        let is_slug = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_slug) {
            return Err(format!("The name of a prompt is a small letter, then small letters, digits, '_' or '-'; '{name}' is not."));
        }
        let Some(data) = data.as_object() else {
            return Err("A prompt is an object with 'template' or 'messages'.".to_owned());
        };
        known(data, &COLUMNS, "A prompt")?;
        let arguments: Vec<SavedArgument> = list(data, "arguments")?.iter().map(argument).collect::<Result<_, String>>()?;
        if let Some(twice) = arguments.iter().enumerate().find(|(at, a)| arguments[..*at].iter().any(|b| a.name == b.name)) {
            return Err(format!("The argument '{}' is there twice.", twice.1.name));
        }
        let messages = messages(data)?;
        let prompt = SavedPrompt {
            name: name.to_owned(),
            title: text(data, "title")?,
            description: text(data, "description")?,
            arguments,
            messages,
        };
        for message in &prompt.messages {
            prompt.check_blanks(&message.content)?;
        }
        Ok(prompt)
    }

    /// The messages with every blank filled in. An argument that is required and missing is an error that names it.
    pub fn fill(&self, given: &Map<String, Value>) -> Result<Vec<SavedMessage>> {
        if let Some(name) = given.keys().find(|name| !self.arguments.iter().any(|a| a.name == **name)) {
            let near = did_you_mean(name, self.arguments.iter().map(|a| a.name.as_str()));
            return Err(Error::invalid(format!("The prompt '{}' has no argument '{name}'.{near}", self.name)).field(format!("/{name}")));
        }
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            let value = match given.get(&argument.name) {
                None | Some(Value::Null) if argument.required => {
                    let text = format!("The prompt '{}' needs the argument '{}'.", self.name, argument.name);
                    return Err(Error::invalid(text).field(format!("/{}", argument.name)));
                }
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            values.push((argument.name.as_str(), value));
        }
        let value_of = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let filled = |message: &SavedMessage| {
            let content = map_texts(&message.content, &|text| {
                let filled = pieces(text).map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Blank(name) => value_of(name).unwrap_or_default(),
                });
                filled.collect()
            });
            SavedMessage { is_assistant: message.is_assistant, content }
        };
        Ok(self.messages.iter().map(filled).collect())
    }

    fn check_blanks(&self, content: &Value) -> Result<(), String> {
        let known: Vec<&str> = self.arguments.iter().map(|a| a.name.as_str()).collect();
        for piece in texts(content).into_iter().flat_map(pieces) {
            if let Piece::Blank(name) = piece
                && !known.contains(&name)
            {
                let near = did_you_mean(name, known.iter().copied());
                return Err(format!("The text has {{{{{name}}}}}, which is none of its arguments.{near}"));
            }
        }
        Ok(())
    }
}

fn known(object: &Map<String, Value>, words: &[&str], what: &str) -> Result<(), String> {
    match object.keys().find(|word| !words.contains(&word.as_str())) {
        None => Ok(()),
        Some(word) => {
            let near = did_you_mean(word, words.iter().copied());
            Err(format!("{what} has no '{word}'; there are {}.{near}", words.join(", ")))
        }
    }
}

fn text(object: &Map<String, Value>, word: &str) -> Result<Option<String>, String> {
    match object.get(word) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("'{word}' must be a text.")),
    }
}

fn list<'a>(object: &'a Map<String, Value>, word: &str) -> Result<&'a [Value], String> {
    match object.get(word) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(format!("'{word}' must be a list.")),
    }
}

fn argument(value: &Value) -> Result<SavedArgument, String> {
    let object = value.as_object().ok_or("An argument is an object with 'name'.")?;
    known(object, &ARGUMENT, "An argument")?;
    let name = text(object, "name")?.filter(|name| is_name(name));
    let name = name.ok_or("An argument needs a 'name' of letters, digits, '_' and '-'.")?;
    let required = match object.get("required") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(required)) => *required,
        Some(_) => return Err(format!("'required' of the argument '{name}' must be true or false.")),
    };
    let ask = text(object, "ask")?;
    Ok(SavedArgument { title: text(object, "title")?, description: text(object, "description")?, required, ask, name })
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn messages(data: &Map<String, Value>) -> Result<Vec<SavedMessage>, String> {
    let several = list(data, "messages")?;
    match text(data, "template")? {
        Some(_) if !several.is_empty() => Err("A prompt has 'template' or 'messages', not both.".to_owned()),
        Some(template) => Ok(vec![SavedMessage { is_assistant: false, content: json!({ "type": "text", "text": template }) }]),
        None if several.is_empty() => Err("A prompt needs 'template' or 'messages'.".to_owned()),
        None => several.iter().map(message).collect(),
    }
}

fn message(value: &Value) -> Result<SavedMessage, String> {
    let object = value.as_object().ok_or("A message is an object with 'role' and 'text'.")?;
    known(object, &["role", "text", "content"], "A message")?;
    let is_assistant = match object.get("role").and_then(Value::as_str) {
        Some("user") | None => false,
        Some("assistant") => true,
        Some(role) => return Err(format!("A message's role is user or assistant, not '{role}'.")),
    };
    let content = match (text(object, "text")?, object.get("content")) {
        (Some(text), None) => json!({ "type": "text", "text": text }),
        (None, Some(content)) => content.clone(),
        _ => return Err("A message needs 'text', or 'content' for one block of another kind.".to_owned()),
    };
    super::block::check(&content)?;
    Ok(SavedMessage { is_assistant, content })
}

/// A part of a text.
enum Piece<'a> {
    Text(&'a str),
    /// The name in `{{name}}`.
    Blank(&'a str),
}

/// A text cut at its blanks. Braces around what is no name stay text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = blank(rest) {
            let end = rest.find("}}").map_or(rest.len(), |at| at + 2);
            rest = &rest[end..];
            return Some(Piece::Blank(name));
        }
        let next = rest.char_indices().skip(1).find(|(at, c)| *c == '{' && blank(&rest[*at..]).is_some()).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(next);
        rest = after;
        Some(Piece::Text(piece))
    })
}

/// The name in a blank that begins here.
fn blank(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix("{{")?.split_once("}}")?;
    Some(name.trim()).filter(|name| is_name(name))
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(object) => object.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn map_texts(value: &Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => change(text).into(),
        Value::Array(list) => list.iter().map(|item| map_texts(item, change)).collect(),
        Value::Object(object) => Value::Object(object.iter().map(|(key, item)| (key.clone(), map_texts(item, change))).collect()),
        other => other.clone(),
    }
}

impl Service {
    /// The prompts that the actor may read, by name. Those that are broken are left out: their records say why.
    pub async fn prompts(&self, actor: &Actor) -> Result<Vec<SavedPrompt>> {
        let filter = json!({ "and": [
            { "field": "record_id", "op": "eq", "value": self.workspace_id().map(|id| id.to_string()) },
            { "field": "key", "op": "like", "value": format!("{PROMPT_PREFIX}%") },
        ] });
        let fields = ["key", "data"].map(str::to_owned).to_vec();
        let request = ListRequest {
            filter: Some(filter),
            order: vec!["key".into()],
            fields: Some(fields),
            limit: Some(LISTED),
            ..Default::default()
        };
        let page = self.record_list(actor, record_type("RECORD_METADATA"), &request).await?;
        let parsed = page
            .items
            .iter()
            .filter_map(|item| SavedPrompt::parse(item.get("key")?.as_str()?, item.get("data").unwrap_or(&Value::Null)).ok());
        Ok(parsed.collect())
    }

    /// What the server itself reads of the workspace: the RECORD_METADATA row with this key.
    pub(super) async fn workspace_note(&self, key: &str) -> Result<Option<Row>> {
        let Some(workspace) = self.workspace_id() else { return Ok(None) };
        let filter = Filter::eq("record_id", workspace.to_string()).and(Filter::eq("key", key));
        let query = ListQuery { filter: Some(filter), limit: 1, ..ListQuery::default() };
        Ok(self.store().row_list(record_type("RECORD_METADATA"), &query, &Scope::All).await?.items.into_iter().next())
    }

    /// What the workspace's people tell every agent that connects, whatever it may read.
    pub async fn agent_instructions(&self, _actor: &Actor) -> Result<Option<String>> {
        let note = self.workspace_note(INSTRUCTIONS).await?;
        Ok(note.as_ref().and_then(|row| row.json("data")).and_then(instructions).map(str::to_owned))
    }
}

/// A text, or an object with `text`.
fn instructions(data: &Value) -> Option<&str> {
    let text = data.as_str().or_else(|| data.get("text").and_then(Value::as_str))?;
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Why what a RECORD_METADATA row notes under a key that the server reads has no effect.
pub(super) fn problem(row: &Row) -> Option<String> {
    let (key, data) = (row.text("key").unwrap_or_default(), row.json("data").unwrap_or(&Value::Null));
    match key {
        _ if row.text("parent_type") != Some("WORKSPACE") => None,
        INSTRUCTIONS if instructions(data).is_some() => None,
        INSTRUCTIONS => Some("Instructions are a text, or an object with 'text'.".to_owned()),
        key if key.starts_with(PROMPT_PREFIX) => SavedPrompt::parse(key, data).err(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
