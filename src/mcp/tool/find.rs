//! find_tools and call_tool: user tools where there are too many to list.

use flowstead_wire::ToolCall;
use serde_json::{Map, Value, json};

use super::definition::{Argument, Call, Definition, Need, Outcome, READS, RUNS, Shape};
use super::size;
use crate::error::{Error, near_names};
use crate::mcp::answer::{Refusal, success};
use crate::mcp::user_tool;
use crate::service::{Operation, ToolGroup, UserTool};

/// Tools on one page, and at most.
const PAGE: u64 = 10;
const MOST: u64 = 40;
/// What one needs to call a user tool at all.
const NEED: Need = Need::All(&[(Operation::Read, "MCP_USER_TOOL"), (Operation::Create, "EXECUTION")]);

pub(super) static FIND_TOOLS: Definition = Definition {
    name: "find_tools",
    group: ToolGroup::User,
    description: "Finds this workspace's own tools by words of their name and description, best first, with the schema of their \
                  arguments. There are too many to list. Does not call them: call_tool does.",
    arguments: &[
        Argument::new("query", Shape::Text, "Words. Without: all, by name."),
        Argument::new("limit", Shape::Integer(1, MOST), "Default 10."),
        Argument::new("offset", Shape::Integer(0, 1_000_000), ""),
    ],
    annotations: READS,
    need: NEED,
    handler: |call| Box::pin(find(call)),
};

pub(super) static CALL_TOOL: Definition = Definition {
    name: "call_tool",
    group: ToolGroup::User,
    description: "Calls a tool that find_tools found, with arguments that fit its schema.",
    arguments: &[Argument::new("name", Shape::Text, "").required(), Argument::new("arguments", Shape::Object, "")],
    annotations: RUNS,
    need: NEED,
    handler: |call| Box::pin(pass_on(call)),
};

async fn find(call: Call<'_>) -> Outcome {
    let tools = user_tool::chosen(call.mcp, call.caller).await?;
    let words = words(call.arguments.text("query").unwrap_or_default());
    let mut found: Vec<_> =
        tools.iter().map(|tool| (weight(tool, &words), tool)).filter(|(weight, _)| words.is_empty() || *weight > 0).collect();
    // Stable: those of one weight stay in the order of their names.
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let limit = usize::try_from(call.arguments.integer("limit").unwrap_or(PAGE)).unwrap_or(usize::MAX);
    let offset = call.arguments.size("offset").unwrap_or(0);
    let (mut page, mut length) = (Vec::new(), 0);
    for (_, tool) in found.iter().skip(offset).take(limit) {
        let mut listed = user_tool::listed(tool, call.wire.era).as_listed();
        if let Some(listed) = listed.as_object_mut() {
            listed.shift_remove("outputSchema");
        }
        length += size::size(&listed);
        if length > size::RESULT && !page.is_empty() {
            break;
        }
        page.push(listed);
    }
    let next = offset + page.len();
    let mut answer = Map::new();
    answer.insert("tools".into(), page.into());
    answer.insert("total".into(), found.len().into());
    if next < found.len() {
        answer.insert("next_offset".into(), next.into());
    }
    Ok(success(answer.into()))
}

fn words(query: &str) -> Vec<String> {
    query.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// How well a tool fits: a word in its name counts for more than one in what is said about it.
fn weight(tool: &UserTool, words: &[String]) -> usize {
    let (name, text) =
        (tool.name.to_lowercase(), format!("{} {}", tool.hints.title.as_deref().unwrap_or_default(), tool.description).to_lowercase());
    words.iter().map(|word| 3 * usize::from(name.contains(word)) + usize::from(text.contains(word))).sum()
}

async fn pass_on(call: Call<'_>) -> Outcome {
    let name = call.arguments.text("name").unwrap_or_default();
    let arguments = call.arguments.object("arguments").unwrap_or_default();
    let passed = ToolCall { name: name.to_owned(), arguments, ..call.wire.clone() };
    match user_tool::call(call.mcp, call.caller, &passed).await {
        Some(outcome) => outcome,
        None => Err(unknown(&call, name).await),
    }
}

async fn unknown(call: &Call<'_>, name: &str) -> Refusal {
    let tools = user_tool::chosen(call.mcp, call.caller).await.unwrap_or_default();
    let near: Vec<Value> = near_names(name, tools.iter().map(|tool| tool.name.as_str())).into_iter().map(|near| json!(near)).collect();
    Error::not_found(format!("There is no tool '{name}' that you may call.")).field("/name").details(json!({ "near": near })).into()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_query_is_words_however_they_are_set_apart() {
        assert_eq!(words("Send-mail, to_ALL!"), ["send", "mail", "to", "all"]);
        assert!(words(" ,").is_empty());
    }
}
