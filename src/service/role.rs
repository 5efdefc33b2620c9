//! The granting rule: who adds roles or permissions must hold all that they give. And the roles that are built in.

use serde_json::{Map, Value};

use super::identity::{load_role, load_user, record_type};
use super::record_write::Call;
use super::rights::Permission;
use super::row::{find_any, id_of, rows_where};
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::records;
use crate::store::{Row, Tx};

/// One permission with all three unset; cannot be changed or deleted.
pub const ORGANIZATION_ADMIN: &str = "organization admin";

/// A role that comes with the server.
pub struct Shipped {
    pub name: &'static str,
    pub description: &'static str,
    /// Operation and record type, both empty for any; in every project.
    pub permissions: &'static [(&'static str, &'static str)],
}

/// The roles made at the first start. All but the first may be changed.
pub static SHIPPED: &[Shipped] = &[
    Shipped {
        name: ORGANIZATION_ADMIN,
        description: "May do everything. Built in: cannot be changed or deleted.",
        permissions: &[("", "")],
    },
    Shipped {
        name: "User",
        description: "Sees flows, starts them, watches their executions and answers their messages.",
        permissions: &[
            ("READ", "PROJECT"),
            ("READ", "FLOW"),
            ("CREATE", "EXECUTION"),
            ("READ", "EXECUTION"),
            ("READ", "FILE"),
            ("READ", "SETTING"),
            ("READ", "MCP_USER_TOOL"),
            ("READ", "MESSAGE"),
            ("UPDATE", "MESSAGE"),
            ("READ", "SCHEMA"),
            ("READ", "TAG"),
            ("READ", "OBJECT_TEMPLATE"),
            ("READ", "CUSTOM_OBJECT"),
            ("READ", "PLUGIN"),
        ],
    },
    Shipped {
        name: "Developer",
        description: "Writes flows and what belongs to them, and runs what it wrote; uses connectors that others have set up.",
        permissions: &[
            ("READ", "PROJECT"),
            ("READ", "WORKSPACE"),
            ("READ", "BUNDLE"),
            ("", "FLOW"),
            ("", "EXECUTION"),
            ("", "FILE"),
            ("", "SETTING"),
            ("", "MCP_USER_TOOL"),
            ("", "MESSAGE"),
            ("", "SCHEMA"),
            ("", "TAG"),
            ("", "SCHEDULER"),
            ("", "WRAPPER"),
            ("", "OBJECT_TEMPLATE"),
            ("", "CUSTOM_OBJECT"),
            ("", "PLUGIN"),
            ("READ", "CONNECTOR"),
            ("READ", "SCHEDULE"),
            ("READ", "WEBHOOK"),
        ],
    },
    Shipped {
        name: "Operator",
        description: "Runs, pauses and cancels executions, keeps settings, files and objects, and sets up what starts flows and what they connect to; does not write flows.",
        permissions: &[
            ("READ", "PROJECT"),
            ("READ", "WORKSPACE"),
            ("READ", "FLOW"),
            ("READ", "BUNDLE"),
            ("READ", "BUNDLE_REPOSITORY"),
            ("", "EXECUTION"),
            ("CREATE", "FILE"),
            ("READ", "FILE"),
            ("UPDATE", "FILE"),
            ("READ", "SETTING"),
            ("UPDATE", "SETTING"),
            ("READ", "MCP_USER_TOOL"),
            ("READ", "PROCESS"),
            ("READ", "MESSAGE"),
            ("UPDATE", "MESSAGE"),
            ("", "SCHEDULE"),
            ("", "WEBHOOK"),
            ("", "CONNECTOR"),
            ("", "SECRET"),
            ("", "OAUTH"),
            ("", "VAULT_CONFIG"),
            ("", "DEVOLUTIONS_CONFIG"),
            ("", "SYNC_CONFIG"),
            ("READ", "SCHEDULER"),
            ("READ", "WRAPPER"),
            ("READ", "SCHEMA"),
            ("CREATE", "TAG"),
            ("READ", "TAG"),
            ("UPDATE", "TAG"),
            ("CREATE", "CUSTOM_OBJECT"),
            ("READ", "CUSTOM_OBJECT"),
            ("UPDATE", "CUSTOM_OBJECT"),
            ("READ", "OBJECT_TEMPLATE"),
            ("READ", "PLUGIN"),
        ],
    },
    Shipped {
        name: "Admin",
        description: "Does everything with the records of the workspace, users and roles included. It can give away only what it holds.",
        permissions: &[
            ("", "PROJECT"),
            ("", "BUNDLE"),
            ("", "BUNDLE_REPOSITORY"),
            ("", "FLOW"),
            ("", "EXECUTION"),
            ("", "FILE"),
            ("", "SETTING"),
            ("", "MCP_USER_TOOL"),
            ("", "MESSAGE"),
            ("", "SECRET"),
            ("", "SCHEMA"),
            ("", "TAG"),
            ("", "CONNECTOR"),
            ("", "SCHEDULE"),
            ("", "SCHEDULER"),
            ("", "WEBHOOK"),
            ("", "WRAPPER"),
            ("", "OBJECT_TEMPLATE"),
            ("", "CUSTOM_OBJECT"),
            ("", "PLUGIN"),
            ("", "OAUTH"),
            ("", "VAULT_CONFIG"),
            ("", "LDAP_CONFIG"),
            ("", "DEVOLUTIONS_CONFIG"),
            ("", "SYNC_CONFIG"),
            ("", "USER"),
            ("", "ROLE"),
            ("READ", "PROCESS"),
            ("READ", "WORKSPACE"),
            ("UPDATE", "WORKSPACE"),
            ("READ", "ORGANIZATION"),
            ("UPDATE", "ORGANIZATION"),
        ],
    },
    Shipped {
        name: "Agent runner",
        description: "For agents that call user tools, start flows and read what came of it.",
        permissions: &[
            ("READ", "WORKSPACE"),
            ("READ", "PROJECT"),
            ("READ", "FLOW"),
            ("CREATE", "EXECUTION"),
            ("READ", "EXECUTION"),
            ("READ", "FILE"),
            ("READ", "MCP_USER_TOOL"),
            ("READ", "SCHEMA"),
            ("READ", "TAG"),
            ("READ", "OBJECT_TEMPLATE"),
            ("READ", "CUSTOM_OBJECT"),
        ],
    },
    Shipped {
        name: "Agent author",
        description: "For agents that write flows and user tools too. They delete nothing.",
        permissions: &[
            ("READ", "WORKSPACE"),
            ("READ", "PROJECT"),
            ("CREATE", "FLOW"),
            ("READ", "FLOW"),
            ("UPDATE", "FLOW"),
            ("CREATE", "EXECUTION"),
            ("READ", "EXECUTION"),
            ("UPDATE", "EXECUTION"),
            ("CREATE", "FILE"),
            ("READ", "FILE"),
            ("UPDATE", "FILE"),
            ("CREATE", "SETTING"),
            ("READ", "SETTING"),
            ("UPDATE", "SETTING"),
            ("CREATE", "MCP_USER_TOOL"),
            ("READ", "MCP_USER_TOOL"),
            ("UPDATE", "MCP_USER_TOOL"),
            ("CREATE", "SCHEMA"),
            ("READ", "SCHEMA"),
            ("UPDATE", "SCHEMA"),
            ("CREATE", "TAG"),
            ("READ", "TAG"),
            ("UPDATE", "TAG"),
            ("CREATE", "WRAPPER"),
            ("READ", "WRAPPER"),
            ("UPDATE", "WRAPPER"),
            ("CREATE", "OBJECT_TEMPLATE"),
            ("READ", "OBJECT_TEMPLATE"),
            ("UPDATE", "OBJECT_TEMPLATE"),
            ("CREATE", "CUSTOM_OBJECT"),
            ("READ", "CUSTOM_OBJECT"),
            ("UPDATE", "CUSTOM_OBJECT"),
            ("READ", "CONNECTOR"),
            ("READ", "SCHEDULER"),
        ],
    },
];

/// Checks a write of a ROLE, ROLE_PERMISSION or IDENTITY_ROLE, given the row before it (none for a new one) and after.
pub(super) async fn check(tx: &mut Tx, call: &Call, (before, after): (Option<&Row>, &Row)) -> Result<()> {
    match call.record_type.name {
        "ROLE" => before.map_or(Ok(()), refuse_built_in),
        "ROLE_PERMISSION" => {
            check_unlocked(tx, call, after).await?;
            call.access.require_all([&permission(after)?])
        }
        "IDENTITY_ROLE" => {
            check_holder(tx, after).await?;
            match after.uuid("role_id") {
                Some(role) => call.access.require_all(&load_role(tx, role).await?),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// A delete of a ROLE or of a part of one.
pub(super) async fn check_delete(tx: &mut Tx, call: &Call, row: &Row) -> Result<()> {
    match call.record_type.name {
        "ROLE" => refuse_built_in(row),
        "ROLE_PERMISSION" => check_unlocked(tx, call, row).await,
        _ => Ok(()),
    }
}

/// A role that comes back out of the trash bin gives its permissions again.
pub(super) async fn check_restore(tx: &mut Tx, call: &Call, row: &Row) -> Result<()> {
    if call.record_type.name != "ROLE" {
        return Ok(());
    }
    let rows = rows_where(tx, record_type("ROLE_PERMISSION"), "role_id", &id_of(row).to_string()).await?;
    let permissions = rows.iter().map(permission).collect::<Result<Vec<_>>>()?;
    call.access.require_all(&permissions)
}

/// Who sets another user's password can log in as that user, so it must hold all that the user holds.
pub(super) async fn check_password(tx: &mut Tx, call: &Call, row: &Row, columns: &Map<String, Value>) -> Result<()> {
    if call.record_type.name != "USER" || !columns.contains_key("password") || call.actor.id() == Some(id_of(row)) {
        return Ok(());
    }
    match load_user(tx, id_of(row)).await? {
        Some(user) => call.access.require_all(user.permissions.iter()),
        None => Ok(()),
    }
}

fn permission(row: &Row) -> Result<Permission> {
    let record_type = row.text("permission_record_type");
    if let Some(name) = record_type.filter(|name| !records::TYPES.iter().any(|t| t.name == *name)) {
        let near = did_you_mean(name, records::TYPES.iter().map(|t| t.name));
        return Err(Error::invalid(format!("'{name}' is no record type.{near}")).field("/permission_record_type"));
    }
    Permission::from_texts(row.text("operation"), record_type, row.text("project_id"))
}

fn refuse_built_in(row: &Row) -> Result<()> {
    if row.text("name") == Some(ORGANIZATION_ADMIN) {
        return Err(Error::new(Kind::Forbidden, format!("The role '{ORGANIZATION_ADMIN}' is built in and cannot be changed or deleted.")));
    }
    Ok(())
}

async fn check_unlocked(tx: &mut Tx, call: &Call, row: &Row) -> Result<()> {
    match super::row::parent(tx, call.record_type, row).await? {
        Some((_, role)) => refuse_built_in(&role),
        None => Ok(()),
    }
}

/// Roles are held by identities; executions hold a grant instead.
async fn check_holder(tx: &mut Tx, row: &Row) -> Result<()> {
    let Some(id) = row.uuid("identity_id") else { return Ok(()) };
    match find_any(tx, id).await? {
        Some((of, _)) if of.is_identity && of.name != "EXECUTION" => Ok(()),
        Some((of, _)) => Err(Error::invalid(format!("A {} cannot hold roles.", of.name)).field("/identity_id")),
        None => Err(Error::not_found(format!("There is no identity {id}.")).field("/identity_id")),
    }
}
