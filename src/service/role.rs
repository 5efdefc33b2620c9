//! The granting rule: who adds roles or permissions must hold all that they give.

use serde_json::{Map, Value};

use super::identity::{held_role, load_role, load_user, record_type};
use super::record_write::Call;
use super::rights::Permission;
use super::row::{find_any, id_of, rows_where};
use super::shipped::ORGANIZATION_ADMIN;
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::records;
use crate::store::{Row, Tx};

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
            match held_role(after) {
                Some(held) => call.access.require_all(&held.narrow(load_role(tx, held.role).await?)),
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

/// A role that comes back out of the trash bin gives its permissions again, an identity its roles.
pub(super) async fn check_restore(tx: &mut Tx, call: &Call, row: &Row) -> Result<()> {
    call.identity_back(tx, row).await?;
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
        Some(user) => call.require_held(&user.permissions.iter().copied().collect::<Vec<_>>()),
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
