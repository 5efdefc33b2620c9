//! The built-in tools: an ordered table of definitions, and the way of a call through it.

mod argument;
mod control;
mod definition;
mod execution;
mod explain;
mod find;
mod health;
mod journal;
mod log;
mod message;
mod path;
mod record_list;
mod record_read;
mod record_type;
mod record_write;
mod script;
mod size;
mod start;
mod upload;
mod validate;
mod wait;

use std::sync::LazyLock;

use flowstead_wire::{Answer, Tool, ToolCall};

use super::answer::Refusal;
use super::{Mcp, McpCaller};
use crate::error::Result;
use crate::service::{Actor, May, ToolGroup};
use argument::Arguments;
use definition::{Call, Definition};
pub(super) use execution::{cut_output, output_link};
pub(super) use start::ended;

/// Every built-in tool, in the order of lists.
static TABLE: &[&Definition] = &[
    &start::RUN_FLOW,
    &execution::GET_EXECUTION,
    &log::GET_EXECUTION_LOGS,
    &wait::WAIT_FOR_EXECUTIONS,
    &execution::LIST_EXECUTIONS,
    &record_type::LIST_RECORD_TYPES,
    &record_type::LIST_SUBRECORD_TYPES,
    &record_type::DESCRIBE_RECORD_TYPE,
    &record_type::DESCRIBE_SUBRECORD_TYPE,
    &record_list::LIST_RECORDS,
    &record_list::LIST_SUBRECORDS,
    &record_read::GET_RECORD,
    &record_read::GET_SUBRECORD,
    &record_write::CREATE_RECORD,
    &record_write::UPDATE_RECORD,
    &record_write::DELETE_RECORD,
    &record_write::CREATE_SUBRECORD,
    &record_write::UPDATE_SUBRECORD,
    &record_write::DELETE_SUBRECORD,
    &control::CANCEL_EXECUTION,
    &control::CONTROL_EXECUTION,
    &journal::GET_EXECUTION_EVENTS,
    &explain::EXPLAIN_EXECUTION,
    &validate::VALIDATE_FLOW,
    &message::LIST_MESSAGES,
    &message::ANSWER_MESSAGE,
    &upload::CREATE_UPLOAD,
    &health::GET_METRICS,
    &health::GET_HEALTH,
    &script::RUN_SCRIPT,
];

/// Listed where there are more user tools than `mcp.listed_tools`.
static SEARCH: &[&Definition] = &[&find::FIND_TOOLS, &find::CALL_TOOL];

/// The table as it is listed, made once.
static LISTED: LazyLock<Vec<Tool>> = LazyLock::new(|| TABLE.iter().map(|definition| definition.tool()).collect());

/// Those the caller chose and could ever use, in the order of the documentation.
pub(super) fn list(mcp: &Mcp, caller: &McpCaller, may: &May) -> Vec<Tool> {
    let is_usable = |definition: &Definition| definition.is_shown(mcp, caller) && definition.need.is_met(may);
    let usable = TABLE.iter().zip(LISTED.iter()).filter(|(definition, _)| is_usable(definition));
    usable.map(|(_, tool)| tool.clone()).collect()
}

/// In the place of more user tools than a list should have: they are looked for, and called by name.
pub(super) fn search() -> Vec<Tool> {
    SEARCH.iter().map(|definition| definition.tool()).collect()
}

/// Nothing when there is no such built-in tool for this caller.
pub(super) async fn call(mcp: &Mcp, caller: &McpCaller, call: &ToolCall) -> Option<Result<Answer, Refusal>> {
    let named = |definition: &&&Definition| definition.name == call.name;
    let built_in = TABLE.iter().find(named).filter(|definition| definition.is_shown(mcp, caller));
    // What calls by name does no more than what it calls.
    let search = || SEARCH.iter().find(named).filter(|_| caller.tools.has(ToolGroup::User, true));
    let definition = built_in.or_else(search)?;
    let actor: &Actor = &caller.actor;
    match mcp.service().may(actor).await {
        Ok(may) if !definition.need.is_met(&may) => return None,
        Ok(_) => {}
        Err(error) => return Some(Err(error.into())),
    }
    let arguments = match Arguments::read(definition, &call.arguments) {
        Ok(arguments) => arguments,
        Err(error) => return Some(Err(error.into())),
    };
    let call = Call { mcp, actor, caller, wire: call, arguments };
    Some((definition.handler)(call).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::RESERVED;

    #[test]
    fn every_name_is_reserved_and_stands_where_the_documentation_has_it() {
        for table in [TABLE, SEARCH] {
            let mut reserved = RESERVED.iter();
            for definition in table {
                assert!(reserved.any(|name| *name == definition.name), "{} is not reserved, or out of order", definition.name);
            }
        }
    }

    #[test]
    fn no_argument_is_declared_twice() {
        for definition in TABLE {
            for (at, argument) in definition.arguments.iter().enumerate() {
                assert!(
                    definition.arguments[..at].iter().all(|other| other.name != argument.name),
                    "{} {}",
                    definition.name,
                    argument.name
                );
            }
        }
    }
}
