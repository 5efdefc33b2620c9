//! Users, their roles and grants as the rights need them: looked up once, forgotten when any of it is written.

use std::sync::Arc;

use uuid::Uuid;

use super::access::Access;
use super::actor::{Actor, Identity};
use super::cache::Cache;
use super::grant::{Grant, HeldRole};
use super::handle::Service;
use super::rights::{Permission, PermissionSet, Rights};
use super::row::{find, rows_where};
use crate::error::{Error, Kind, Result};
use crate::records::{self, RecordType};
use crate::store::{Row, Scope, Tx};

/// A user as rights and logins see it.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: Uuid,
    pub(super) name: Arc<str>,
    pub(super) is_enabled: bool,
    /// Everything its roles allow.
    pub(super) permissions: Arc<PermissionSet>,
    /// The roles that what it creates gets too.
    pub(super) propagating: Vec<HeldRole>,
}

/// A schedule or webhook as rights see it.
#[derive(Debug)]
pub(super) struct Trigger {
    permissions: Arc<PermissionSet>,
    /// The roles that its executions get.
    pub(super) propagating: Vec<HeldRole>,
}

/// What was looked up.
pub(super) struct Identities {
    users: Cache<Uuid, Option<Arc<User>>>,
    triggers: Cache<Uuid, Arc<Trigger>>,
    /// Permissions of a grant's role set, by grant.
    role_sets: Cache<Uuid, Arc<PermissionSet>>,
    /// Grants by id. They never change.
    grants: Cache<Uuid, Arc<Grant>>,
}

impl Identities {
    pub(super) fn new() -> Self {
        Identities { users: Cache::new(10_000), triggers: Cache::new(10_000), role_sets: Cache::new(10_000), grants: Cache::new(10_000) }
    }

    /// Forgets users, triggers and roles.
    pub(super) fn clear(&self) {
        self.users.clear();
        self.triggers.clear();
        self.role_sets.clear();
    }

    pub(super) fn grant(&self, id: Uuid) -> Option<Arc<Grant>> {
        self.grants.get(&id)
    }

    pub(super) fn keep_grant(&self, grant: &Arc<Grant>) {
        self.grants.put(self.grants.ticket(), grant.id, grant.clone());
    }
}

impl Service {
    /// The user of this id; `None` when there is none or it is in the trash bin.
    ///
    /// Looked up on the writer's connection: a role taken away a moment ago is seen, on disk or not.
    pub(super) async fn user(&self, id: Uuid) -> Result<Option<Arc<User>>> {
        if let Some(known) = self.identities().users.get(&id) {
            return Ok(known);
        }
        let ticket = self.identities().users.ticket();
        let (user, _) = self.store().transact(move |tx| Box::pin(load_user(tx, id))).await?;
        let user = user.map(Arc::new);
        self.identities().users.put(ticket, id, user.clone());
        Ok(user)
    }

    /// What a schedule or a webhook holds at this moment; one that is gone holds nothing.
    pub(super) async fn trigger(&self, id: Uuid) -> Result<Arc<Trigger>> {
        if let Some(known) = self.identities().triggers.get(&id) {
            return Ok(known);
        }
        let ticket = self.identities().triggers.ticket();
        let (Held { permissions, propagating }, _) = self.store().transact(move |tx| Box::pin(load_held(tx, id))).await?;
        let trigger = Arc::new(Trigger { permissions: Arc::new(permissions.into_iter().collect()), propagating });
        self.identities().triggers.put(ticket, id, trigger.clone());
        Ok(trigger)
    }

    async fn role_set(&self, grant: &Grant) -> Result<Arc<PermissionSet>> {
        if let Some(known) = self.identities().role_sets.get(&grant.id) {
            return Ok(known);
        }
        let ticket = self.identities().role_sets.ticket();
        let roles = grant.roles.clone().unwrap_or_default();
        let (set, _) = self.store().transact(move |tx| Box::pin(load_roles(tx, roles))).await?;
        let set = Arc::new(set);
        self.identities().role_sets.put(ticket, grant.id, set.clone());
        Ok(set)
    }

    /// What `actor` may do at this moment.
    pub(super) async fn access(&self, actor: &Actor) -> Result<Access> {
        let rights = match &actor.identity {
            Identity::System => Rights::system(),
            Identity::User { id, .. } => {
                let user = self.user(*id).await?.filter(|u| u.is_enabled);
                let user = user.ok_or_else(|| Error::new(Kind::Unauthenticated, "This user does not exist any more or is disabled."))?;
                let rights = Rights::of(user.permissions.clone());
                match actor.key.as_ref().and_then(|key| key.scopes.clone()) {
                    Some(scopes) => rights.narrowed(scopes),
                    None => rights,
                }
            }
            Identity::Execution(execution) => self.grant_rights(&execution.grant).await?,
            Identity::Trigger(trigger) => Rights::of(self.trigger(trigger.id).await?.permissions.clone()),
        };
        Ok(Access::new(actor, rights))
    }

    async fn grant_rights(&self, grant: &Grant) -> Result<Rights> {
        let mut rights = match grant.roles {
            None => Rights::system(),
            Some(_) => Rights::of(self.role_set(grant).await?),
        };
        if let Some(cap) = &grant.cap {
            rights = rights.narrowed(cap.clone());
        }
        if let Some(user) = grant.user {
            let live = self.user(user).await?.filter(|u| u.is_enabled).map(|u| u.permissions.clone());
            rights = rights.narrowed(live.unwrap_or_default());
        }
        Ok(rights)
    }
}

pub(super) async fn load_user(tx: &mut Tx, id: Uuid) -> Result<Option<User>> {
    let Some(row) = tx.row_get(record_type("USER"), id, &Scope::All).await?.filter(|row| row.text("deleted_at").is_none()) else {
        return Ok(None);
    };
    let Held { permissions, propagating } = load_held(tx, id).await?;
    Ok(Some(User {
        id,
        name: row.text("name").unwrap_or_default().into(),
        is_enabled: row.flag("is_enabled"),
        permissions: Arc::new(permissions.into_iter().collect()),
        propagating,
    }))
}

/// What an identity has been given.
pub(super) struct Held {
    pub(super) permissions: Vec<Permission>,
    /// The roles that what it creates gets too.
    pub(super) propagating: Vec<HeldRole>,
}

/// The roles of an identity of any type, and all that they allow.
pub(super) async fn load_held(tx: &mut Tx, identity: Uuid) -> Result<Held> {
    let mut held = Held { permissions: Vec::new(), propagating: Vec::new() };
    for row in rows_where(tx, record_type("IDENTITY_ROLE"), "identity_id", &identity.to_string()).await? {
        let Some(role) = held_role(&row) else { continue };
        held.permissions.extend(role.narrow(load_role(tx, role.role).await?));
        if row.flag("propagate") {
            held.propagating.push(role);
        }
    }
    Ok(held)
}

/// What an IDENTITY_ROLE row gives.
pub(super) fn held_role(row: &Row) -> Option<HeldRole> {
    Some(HeldRole { role: row.uuid("role_id")?, project: row.uuid("project_id") })
}

async fn load_roles(tx: &mut Tx, roles: Vec<HeldRole>) -> Result<PermissionSet> {
    let mut all = Vec::new();
    for held in roles {
        all.extend(held.narrow(load_role(tx, held.role).await?));
    }
    Ok(all.into_iter().collect())
}

/// The permissions of a role; none of one that is gone or in the trash bin.
pub(super) async fn load_role(tx: &mut Tx, id: Uuid) -> Result<Vec<Permission>> {
    if find(tx, record_type("ROLE"), id).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = rows_where(tx, record_type("ROLE_PERMISSION"), "role_id", &id.to_string()).await?;
    // A word that this version does not know allows nothing.
    let known = rows
        .iter()
        .filter_map(|row| Permission::from_texts(row.text("operation"), row.text("permission_record_type"), row.text("project_id")).ok());
    Ok(known.collect())
}

/// A type that is always declared.
pub(super) fn record_type(name: &str) -> &'static RecordType {
    records::find(name).expect("the built-in types are declared")
}
