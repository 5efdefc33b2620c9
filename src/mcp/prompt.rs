//! Prompts: metadata of the workspace with keys `mcp_prompt:<slug>`.

use flowstead_wire::{Asks, Era, InputReply, InputRequest, Prompt, PromptAnswer, PromptArgument, PromptCall, PromptMessage, PromptText};
use serde_json::{Map, Value, json};

use super::{Mcp, block};
use crate::error::{Error, Result, did_you_mean};
use crate::service::{Actor, SavedArgument, SavedPrompt};

/// The one question of a prompt: the form for what was left out.
const KEY: &str = "arguments";

/// Those the actor may read, by name.
pub(super) async fn list(mcp: &Mcp, actor: &Actor) -> Result<Vec<Prompt>> {
    Ok(mcp.service().prompts(actor).await?.into_iter().map(listed).collect())
}

fn listed(prompt: SavedPrompt) -> Prompt {
    let argument = |saved: SavedArgument| PromptArgument {
        name: saved.name,
        title: saved.title,
        description: saved.description,
        required: saved.required,
    };
    Prompt {
        name: prompt.name,
        title: prompt.title,
        description: prompt.description,
        arguments: prompt.arguments.into_iter().map(argument).collect(),
    }
}

/// The texts of a prompt with its blanks filled in, or the questions for those that it asks for. An error names the prompt or
/// argument that is missing.
pub(super) async fn get(mcp: &Mcp, actor: &Actor, call: PromptCall) -> Result<PromptAnswer> {
    let prompts = mcp.service().prompts(actor).await?;
    let name = &call.name;
    let Some(prompt) = prompts.iter().find(|prompt| prompt.name == *name) else {
        let near = did_you_mean(name, prompts.iter().map(|prompt| prompt.name.as_str()));
        return Err(Error::invalid(format!("There is no prompt '{name}'.{near}")));
    };
    let mut arguments = call.arguments;
    if let Some(reply) = call.responses.get(KEY) {
        answered(prompt, reply, &mut arguments);
    } else if let Some(asks) = questions(prompt, &arguments).filter(|request| call.era == Era::Modern && request.is_for(call.capabilities))
    {
        return Ok(PromptAnswer::Asks(Asks { requests: vec![(KEY.to_owned(), asks)], state: None }));
    }
    let messages = prompt.fill(&arguments)?.into_iter().filter_map(|message| {
        let content = block::read(&message.content)?;
        Some(PromptMessage { is_assistant: message.is_assistant, content })
    });
    Ok(PromptAnswer::Text(PromptText { description: prompt.description.clone(), messages: messages.collect() }))
}

/// One form for every argument that was left out and that the prompt asks for.
fn questions(prompt: &SavedPrompt, given: &Map<String, Value>) -> Option<InputRequest> {
    let is_left_out = |argument: &&SavedArgument| argument.ask.is_some() && given.get(&argument.name).is_none_or(Value::is_null);
    let asked: Vec<&SavedArgument> = prompt.arguments.iter().filter(is_left_out).collect();
    let message = asked.iter().filter_map(|argument| argument.ask.as_deref()).collect::<Vec<_>>().join("\n");
    let inputs = asked.iter().map(|argument| {
        let mut input = json!({ "type": "string" });
        for (word, text) in [("title", &argument.title), ("description", &argument.description)] {
            if let Some(text) = text {
                input[word] = text.as_str().into();
            }
        }
        (argument.name.clone(), input)
    });
    let required: Vec<&str> = asked.iter().filter(|argument| argument.required).map(|argument| argument.name.as_str()).collect();
    let schema = json!({ "type": "object", "properties": inputs.collect::<Map<_, _>>(), "required": required });
    (!asked.is_empty()).then(|| InputRequest::Form { message, schema: schema.as_object().cloned().unwrap_or_default() })
}

/// Puts what the person entered to the arguments. What was not answered stays left out, which the prompt may refuse.
fn answered(prompt: &SavedPrompt, reply: &Value, arguments: &mut Map<String, Value>) {
    let Some(InputReply::Accepted(Some(Value::Object(content)))) = InputReply::read(reply) else { return };
    for (name, value) in content {
        if prompt.arguments.iter().any(|argument| argument.ask.is_some() && argument.name == name) {
            arguments.entry(name).or_insert(value);
        }
    }
}
