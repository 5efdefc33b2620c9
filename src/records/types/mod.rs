//! The list of every record type, and the columns that families share.

mod api_key;
mod execution;
mod execution_log;
mod execution_step;
mod family;
mod file;
mod flow;
mod identity_role;
mod mcp_user_tool;
mod project;
mod record_metadata;
mod role;
mod role_permission;
mod secret;
mod setting;
mod user;
mod workspace;

pub(super) use family::family_fields;

use super::RecordType;

/// Every record type. One file and one line each.
pub static TYPES: &[&RecordType] = &[
    &workspace::TYPE,
    &project::TYPE,
    &user::TYPE,
    &role::TYPE,
    &role_permission::TYPE,
    &identity_role::TYPE,
    &api_key::TYPE,
    &flow::TYPE,
    &execution::TYPE,
    &execution_log::TYPE,
    &execution_step::TYPE,
    &setting::TYPE,
    &secret::TYPE,
    &file::TYPE,
    &mcp_user_tool::TYPE,
    &record_metadata::TYPE,
];
