//! The service: who may do what. The only way in for every door, flow code included.
//!
//! It never speaks SQL and never runs Python: rows go to the store, executions to the engine as commands.

mod access;
mod actor;
mod audit;
mod block;
mod cache;
mod column;
mod command;
mod execution;
mod expiry;
mod explain;
mod file;
mod flow;
mod grant;
mod handle;
mod idempotency;
mod identity;
mod key;
mod key_file;
mod location;
mod log_step;
mod may;
mod mcp_switch;
mod news;
mod object;
mod password;
mod payload;
mod prefix;
mod prompt;
mod record;
mod record_update;
mod record_write;
mod retry;
mod rights;
mod role;
mod rotation;
mod row;
mod rule;
mod schedule;
mod schema_check;
mod schema_ref;
mod scope;
mod seal;
mod secret;
mod seed;
mod selector;
mod session;
mod start;
mod throttle;
mod token;
mod tool_schema;
mod trash;
mod user;
mod user_tool;
mod version;
mod wait;
mod watch;

pub use actor::{Actor, Door, ExecutionIdentity, Identity, KeyUse};
pub use audit::Verified;
pub use command::{Command, Commands, EngineStats, Events, Look, NewExecution, ParentRef, Stat, Subscription};
pub use execution::Started;
pub use explain::{Explanation, explanation_schema};
pub use file::FileContent;
pub use grant::Grant;
pub use handle::Service;
pub use key::{Expiry, KeyRequest, NewKey};
pub use location::DEFAULT_PROJECT;
pub use may::May;
pub use news::{Listeners, News};
pub use prompt::{PROMPT_PREFIX, SavedArgument, SavedMessage, SavedPrompt};
pub use record::{ListRequest, PAGE_DEFAULT, PAGE_LIMIT, RecordFound, RecordPage};
pub use record_write::{IfExists, Journal, RecordWrite, Written};
pub use retry::RetryRequest;
pub use rights::{Operation, Permission, PermissionSet, Reach, Rights};
pub use role::{ORGANIZATION_ADMIN, SHIPPED, Shipped};
pub use rotation::Rotated;
pub use schema_check::{Breach, Schema};
pub use secret::SecretValue;
pub use seed::{ADMIN, FirstStart};
pub use selector::Selector;
pub use session::{Login, LoginRequest};
pub use start::{StartRequest, Target};
pub use tool_schema::{ToolInput, ToolOutput, WRAPPER};
pub use trash::RecordDelete;
pub use user::NewPassword;
pub use user_tool::{RESERVED, ToolHints, UserTool, reserved};
pub use version::{Change, VersionRef};
pub use wait::{Control, LogPage, StepPage, StepQuery};
pub use watch::{Watch, status_of};

/// What log pages are asked with and made of.
pub use crate::store::{LogEntry, LogQuery, Row};

#[cfg(test)]
mod tests;
