//! Grants: what an execution acts with. Interned, since thousands of executions share one.
//!
//! An execution stores no role rows. Its grant names the roles that its creator passed on, the cap of the API key it
//! was started with, and the user it goes back to; at every call that is intersected with the user's live rights.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Subject;
use super::actor::{Actor, Identity};
use super::handle::Service;
use super::idempotency::unknown_role;
use super::rights::{Operation, Permission, PermissionSet};
use crate::error::{Error, Result};
use crate::store::{Row, Write};

/// Names the grants among the UUIDs derived from text.
const NAMESPACE: Uuid = Uuid::from_u128(0x7d1f_51a6_0f6e_4b5e_9d0a_3c1b_5a2e_8f47);

/// What an execution acts with, besides its user's live rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Derived from the rest, so that equal grants are one row.
    pub id: Uuid,
    /// The roles passed on, sorted; `None` for executions of the server itself, which no role limits.
    pub roles: Option<Vec<HeldRole>>,
    /// What the key it was started with was narrowed to. It goes on to children.
    pub cap: Option<Arc<PermissionSet>>,
    /// The user at the root of it.
    pub user: Option<Uuid>,
}

/// A role as an identity has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldRole {
    pub role: Uuid,
    /// In which project it counts; `None` where its permissions say.
    pub project: Option<Uuid>,
}

impl HeldRole {
    /// The stored form: the id alone, or `<id of the role>@<id of the project>`.
    fn to_text(self) -> String {
        self.project.map_or_else(|| self.role.to_string(), |project| format!("{}@{project}", self.role))
    }

    fn from_text(text: &str) -> Option<HeldRole> {
        let (role, project) = text.split_once('@').map_or((text, None), |(role, project)| (role, Some(project)));
        let project = project.map(Uuid::parse_str).transpose().ok()?;
        Some(HeldRole { role: Uuid::parse_str(role).ok()?, project })
    }

    /// What of the role's permissions counts.
    pub(super) fn narrow(self, permissions: Vec<Permission>) -> Vec<Permission> {
        let Some(project) = self.project else { return permissions };
        let place = Permission { project: Some(project), ..Permission::ANY };
        permissions.iter().filter_map(|permission| permission.and(&place)).collect()
    }
}

impl Grant {
    /// A grant of these parts.
    pub fn new(roles: Option<Vec<HeldRole>>, cap: Option<Arc<PermissionSet>>, user: Option<Uuid>) -> Grant {
        let roles = roles.map(|mut roles| {
            roles.sort_unstable();
            roles.dedup();
            roles
        });
        let mut grant = Grant { id: Uuid::nil(), roles, cap, user };
        let text = json!([grant.content(), user.map(|u| u.to_string())]).to_string();
        grant.id = Uuid::new_v5(&NAMESPACE, text.as_bytes());
        grant
    }

    /// What an execution started by `actor` acts with. `propagating` are the roles that a user or a trigger passes on.
    pub fn from_creator(actor: &Actor, propagating: &[HeldRole]) -> Grant {
        match &actor.identity {
            Identity::User { id, .. } => {
                let cap = actor.key.as_ref().and_then(|key| key.scopes.clone());
                Grant::new(Some(propagating.to_vec()), cap, Some(*id))
            }
            Identity::Execution(execution) => (*execution.grant).clone(),
            // No user stands behind it: what it may pass on is all that counts.
            Identity::Trigger(_) => Grant::new(Some(propagating.to_vec()), None, None),
            Identity::System => Grant::new(None, None, None),
        }
    }

    /// The same with only those of its roles that `keep` allows.
    #[must_use]
    pub fn with_roles(&self, keep: impl Fn(Uuid) -> bool) -> Grant {
        let roles = self.roles.as_ref().map(|roles| roles.iter().copied().filter(|held| keep(held.role)).collect());
        Grant::new(roles, self.cap.clone(), self.user)
    }

    /// The same for reading alone.
    #[must_use]
    pub fn reading(&self) -> Grant {
        let reads = Permission { operation: Some(Operation::Read), ..Permission::ANY };
        let cap = match &self.cap {
            None => PermissionSet::from_iter([reads]),
            Some(cap) => cap.iter().filter_map(|held| held.and(&reads)).collect(),
        };
        Grant::new(self.roles.clone(), Some(Arc::new(cap)), self.user)
    }

    /// The stored form of what is in it besides the user: `{"roles": null or ids, "cap": null or scopes}`.
    pub fn content(&self) -> Value {
        let roles = self.roles.as_ref().map(|roles| roles.iter().map(|held| held.to_text()).collect::<Vec<_>>());
        let cap = self.cap.as_ref().map(|cap| cap.iter().map(Permission::to_json).collect::<Vec<_>>());
        json!({ "roles": roles, "cap": cap })
    }

    /// Reads the stored form back.
    pub fn from_stored(content: &Value, user: Option<Uuid>) -> Result<Grant> {
        let broken = || Error::internal("a stored grant is unreadable");
        let held = |value: &Value| value.as_str().and_then(HeldRole::from_text).ok_or_else(broken);
        let roles = match content.get("roles") {
            Some(Value::Null) => None,
            Some(Value::Array(list)) => Some(list.iter().map(held).collect::<Result<Vec<_>>>()?),
            _ => return Err(broken()),
        };
        Ok(Grant::new(roles, scopes(content.get("cap").ok_or_else(broken)?, "/cap")?, user))
    }
}

impl Service {
    pub(super) async fn grant_of(&self, actor: &Actor, roles: Option<&[String]>) -> Result<Grant> {
        let propagating = match &actor.identity {
            Identity::User { id, .. } => self.user(*id).await?.map(|user| user.propagating.clone()).unwrap_or_default(),
            Identity::Trigger(trigger) => self.trigger(trigger.id).await?.propagating.clone(),
            Identity::Execution(_) | Identity::System => Vec::new(),
        };
        let grant = Grant::from_creator(actor, &propagating);
        let Some(names) = roles else { return Ok(grant) };
        let wanted = self.role_ids(names).await?;
        let sees_all = self.access(actor).await?.may(Operation::Read, &Subject::new_in("ROLE", None));
        let passed_on = |id: Uuid| grant.roles.as_ref().is_some_and(|roles| roles.iter().any(|held| held.role == id));
        // A role that is neither passed on nor to be seen is not there.
        if let Some((name, _)) = names.iter().zip(&wanted).find(|(_, id)| !sees_all && !passed_on(**id)) {
            return Err(unknown_role(name));
        }
        Ok(grant.with_roles(|role| wanted.contains(&role)))
    }

    pub(super) fn grant_write(&self, grant: &Grant) -> Write {
        let content = grant.content().to_string();
        let row = Row::from([
            ("id", json!(grant.id.to_string())),
            ("hash", json!(grant.id.simple().to_string())),
            ("user_id", json!(grant.user.map(|u| u.to_string()))),
            ("content", json!(content)),
            ("created_at", json!(self.now_text())),
        ]);
        Write::Upsert { table: "grant_row", key: &["id"], row }
    }

    pub(super) async fn grant_load(&self, id: Uuid) -> Result<Arc<Grant>> {
        if let Some(known) = self.identities().grant(id) {
            return Ok(known);
        }
        let row = self.store().aside("grant_row", &["user_id", "content"], ("id", &id.to_string())).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the grant {id} is gone")))?;
        let content = serde_json::from_str(row.text("content").unwrap_or_default())
            .map_err(|e| Error::internal("a stored grant is unreadable").source_error(e))?;
        let grant = Arc::new(Grant::from_stored(&content, row.uuid("user_id"))?);
        self.identities().keep_grant(&grant);
        Ok(grant)
    }
}

/// Reads a list of scopes; null narrows nothing, an empty list allows nothing.
pub fn scopes(value: &Value, pointer: &str) -> Result<Option<Arc<PermissionSet>>> {
    match value {
        Value::Null => Ok(None),
        Value::Array(list) => {
            let set = list.iter().enumerate().map(|(n, scope)| Permission::parse(scope, &format!("{pointer}/{n}")));
            Ok(Some(Arc::new(set.collect::<Result<PermissionSet>>()?)))
        }
        _ => Err(Error::invalid("Scopes are a list of objects with 'operation', 'record_type' and 'project'.").field(pointer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_grants_have_one_id_whatever_the_order_of_their_roles() {
        let user = Some(Uuid::from_u128(1));
        let [a, b] = [1, 2].map(|n| HeldRole { role: Uuid::from_u128(n), project: None });
        let one = Grant::new(Some(vec![a, b]), None, user);
        let two = Grant::new(Some(vec![b, a, b]), None, user);
        assert_eq!(one, two);
        assert_ne!(one.id, Grant::new(Some(vec![a]), None, user).id);
        let narrow = HeldRole { project: Some(Uuid::from_u128(9)), ..a };
        assert_ne!(Grant::new(Some(vec![a]), None, user).id, Grant::new(Some(vec![narrow]), None, user).id);
        assert_ne!(Grant::new(None, None, None).id, Grant::new(Some(vec![]), None, None).id);
    }

    #[test]
    fn a_grant_survives_its_stored_form() {
        let cap = scopes(&json!([{ "operation": "READ", "record_type": "FLOW" }]), "").unwrap();
        let everywhere = HeldRole { role: Uuid::from_u128(3), project: None };
        let in_one = HeldRole { project: Some(Uuid::from_u128(5)), ..everywhere };
        let grant = Grant::new(Some(vec![everywhere, in_one]), cap, Some(Uuid::from_u128(4)));
        assert_eq!(Grant::from_stored(&grant.content(), grant.user).unwrap(), grant);
    }

    #[test]
    fn a_scope_with_an_unknown_word_is_refused_with_its_place() {
        let error = scopes(&json!([{}, { "record_type": "FLOWS" }]), "/scopes").unwrap_err();
        assert_eq!(error.field_pointer(), Some("/scopes/1/record_type"));
        assert!(error.message().contains("FLOW"));
        assert_eq!(scopes(&json!([{ "operatoin": "READ" }]), "/scopes").unwrap_err().field_pointer(), Some("/scopes/0/operatoin"));
    }
}
