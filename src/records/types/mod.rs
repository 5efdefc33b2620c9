//! The list of every record type, and the columns that families share.

mod api_key;
mod audit;
mod bundle;
mod bundle_repository;
mod connector;
mod custom_object;
mod devolutions_config;
mod execution;
mod execution_log;
mod execution_step;
mod family;
mod file;
mod flow;
mod identity_role;
mod ldap_config;
mod mcp_user_tool;
mod message;
mod oauth;
mod object_template;
mod object_template_attribute;
mod organization;
mod plugin;
mod plugin_action;
mod process;
mod project;
mod record_metadata;
mod record_tag;
mod record_version;
mod resource_wrapper;
mod role;
mod role_permission;
mod savepoint;
mod schedule;
mod scheduler;
mod schema;
mod secret;
mod setting;
mod sync_config;
mod tag;
mod user;
mod vault_config;
mod webhook;
mod workspace;
mod wrapper;

pub(super) use family::family_fields;

use super::RecordType;

/// Every record type. One file and one line each.
pub static TYPES: &[&RecordType] = &[
    &workspace::TYPE,
    &organization::TYPE,
    &project::TYPE,
    &bundle::TYPE,
    &bundle_repository::TYPE,
    &user::TYPE,
    &role::TYPE,
    &role_permission::TYPE,
    &identity_role::TYPE,
    &api_key::TYPE,
    &flow::TYPE,
    &execution::TYPE,
    &execution_log::TYPE,
    &execution_step::TYPE,
    &savepoint::TYPE,
    &message::TYPE,
    &process::TYPE,
    &setting::TYPE,
    &secret::TYPE,
    &schema::TYPE,
    &file::TYPE,
    &connector::TYPE,
    &schedule::TYPE,
    &scheduler::TYPE,
    &webhook::TYPE,
    &mcp_user_tool::TYPE,
    &wrapper::TYPE,
    &resource_wrapper::TYPE,
    &object_template::TYPE,
    &object_template_attribute::TYPE,
    &custom_object::TYPE,
    &plugin::TYPE,
    &plugin_action::TYPE,
    &oauth::TYPE,
    &vault_config::TYPE,
    &ldap_config::TYPE,
    &devolutions_config::TYPE,
    &sync_config::TYPE,
    &tag::TYPE,
    &record_tag::TYPE,
    &record_metadata::TYPE,
    &record_version::TYPE,
    &audit::TYPE,
];
