//! A tool call from end to end: is it one too many, which tool is it, what stands about it in the log.

use flowstead_wire::{Answer, Content, Fault, ToolCall};
use tracing::Instrument as _;
use tracing::field::Empty;

use super::answer::Refusal;
use super::{Mcp, McpCaller, fixture, tool, user_tool};

/// Where the lines about calls go: one a call, at the level `info`.
const LINES: &str = "flowstead::mcp::call";

pub(super) async fn call(mcp: &Mcp, caller: &McpCaller, call: ToolCall) -> Result<Answer, Fault> {
    let (actor, clock) = (&caller.actor, mcp.service().clock());
    let line = tracing::info_span!(target: LINES, "tool_call", tool = call.name, by = actor.shown(), key = Empty, client = Empty, trace = Empty, execution = Empty);
    if let Some(key) = &actor.key {
        line.record("key", tracing::field::display(key.id));
    }
    if let Some(client) = actor.client.as_deref() {
        line.record("client", client);
    }
    if let Some(trace) = actor.trace {
        line.record("trace", tracing::field::display(trace));
    }
    let begun = clock.instant();
    let told = async {
        let answer = answer(mcp, caller, &call).await;
        let millis = u64::try_from(clock.instant().since(begun).as_millis()).unwrap_or(u64::MAX);
        let (outcome, bytes) = match &answer {
            Ok(Answer::Done(result)) => (if result.is_error { "error" } else { "ok" }, result.content.iter().map(size).sum::<usize>()),
            Ok(Answer::Asks(_)) => ("asks", 0),
            Ok(Answer::Task(_)) => ("task", 0),
            Err(_) => ("fault", 0),
        };
        tracing::info!(target: LINES, outcome, duration_ms = millis, bytes, "a tool was called");
        answer
    };
    told.instrument(line).await
}

async fn answer(mcp: &Mcp, caller: &McpCaller, call: &ToolCall) -> Result<Answer, Fault> {
    if let Err(error) = mcp.quotas().take(&caller.key()) {
        return Ok(Answer::Done(Refusal::from(error).result()));
    }
    // Each on the heap: only one of them is under way.
    if let Some(outcome) = Box::pin(tool::call(mcp, caller, call)).await {
        return outcome.or_else(Refusal::answer);
    }
    if let Some(outcome) = Box::pin(user_tool::call(mcp, caller, call)).await {
        return outcome.or_else(Refusal::answer);
    }
    if mcp.has_fixtures()
        && let Some(answer) = Box::pin(fixture::call(mcp, &caller.actor, call)).await
    {
        return answer;
    }
    Err(Fault::InvalidParams(format!("Unknown tool '{}'; tools/list names those this key may use.", call.name)))
}

/// Bytes of a block, as far as they are content.
fn size(content: &Content) -> usize {
    match content {
        Content::Text(text) => text.len(),
        Content::Image { data, .. } | Content::Audio { data, .. } => data.len(),
        Content::Embedded(_) | Content::Link(_) => 0,
    }
}
