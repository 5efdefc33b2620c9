//! Prompts: metadata of the workspace with keys `mcp_prompt:<slug>`.

use flowstead_wire::{Prompt, PromptArgument, PromptMessage, PromptText};
use serde_json::{Map, Value};

use super::{Mcp, block};
use crate::error::{Error, Result, did_you_mean};
use crate::service::{Actor, SavedArgument, SavedPrompt};

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

/// The texts of a prompt with its blanks filled in. An error names the prompt or argument that is missing.
pub(super) async fn get(mcp: &Mcp, actor: &Actor, name: &str, arguments: &Map<String, Value>) -> Result<PromptText> {
    let prompts = mcp.service().prompts(actor).await?;
    let Some(prompt) = prompts.iter().find(|prompt| prompt.name == name) else {
        let near = did_you_mean(name, prompts.iter().map(|prompt| prompt.name.as_str()));
        return Err(Error::invalid(format!("There is no prompt '{name}'.{near}")));
    };
    let messages = prompt.fill(arguments)?.into_iter().filter_map(|message| {
        let content = block::read(&message.content)?;
        Some(PromptMessage { is_assistant: message.is_assistant, content })
    });
    Ok(PromptText { description: prompt.description.clone(), messages: messages.collect() })
}
