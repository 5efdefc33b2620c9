//! What one actor may do at this moment: its rights and the rule about its own record, asked about one record or a type.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::actor::{Actor, Identity};
use super::rights::{Operation, Permission, PermissionSet, Reach, Rights};
use crate::error::{Error, Kind, Result};

/// Columns of its own USER record that a user may change. Not the name, which others give rights to, nor `is_enabled`.
const OWN_USER: &[&str] = &["email", "icon", "description", "password"];

/// The rule about own records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Nothing,
    User(Uuid),
    Execution { id: Uuid, flow: Option<Uuid>, project: Option<Uuid> },
}

/// A record, as far as rights look at it. Of a subrecord: its parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) record_type: &'a str,
    pub(super) id: Option<Uuid>,
    /// The project it is in; a project is its own place.
    pub(super) place: Option<Uuid>,
    /// `parent_execution_id` of an execution; `execution_id` of a message.
    pub(super) parent: Option<Uuid>,
}

impl<'a> Subject<'a> {
    /// A record of this type that does not exist yet, in this place.
    pub(super) fn new_in(record_type: &'a str, place: Option<Uuid>) -> Self {
        Subject { record_type, id: None, place, parent: None }
    }
}

/// What an actor may do, resolved for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Access {
    rights: Rights,
    own: Own,
    /// The scopes of the key in use: they narrow the rule about own records too, or a narrow key could set a password.
    scopes: Option<Arc<PermissionSet>>,
}

/// Records visible beyond the projects that rights reach: the actor itself and what belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Beyond {
    pub(super) id: Option<Uuid>,
    /// Children of this execution, or its messages.
    pub(super) parent: Option<Uuid>,
}

impl Access {
    pub(super) fn new(actor: &Actor, rights: Rights) -> Access {
        let own = match &actor.identity {
            Identity::User { id, .. } => Own::User(*id),
            Identity::Execution(execution) => Own::Execution { id: execution.id, flow: execution.flow_id, project: execution.project_id },
            Identity::Trigger(_) | Identity::System => Own::Nothing,
        };
        let scopes = actor.key.as_ref().and_then(|key| key.scopes.clone());
        Access { rights, own, scopes }
    }

    /// Where `operation` on records of `record_type` is allowed by roles.
    pub(super) fn reach(&self, operation: Operation, record_type: &str) -> Reach {
        self.rights.reach(operation, record_type)
    }

    /// What may be read of `record_type` whatever the roles say.
    pub(super) fn beyond(&self, record_type: &str) -> Beyond {
        if !self.in_scope(Operation::Read, record_type) {
            return Beyond::default();
        }
        match (self.own, record_type) {
            (Own::User(id), "USER") => Beyond { id: Some(id), parent: None },
            (Own::Execution { id, .. }, "EXECUTION") => Beyond { id: Some(id), parent: Some(id) },
            (Own::Execution { flow, .. }, "FLOW") => Beyond { id: flow, parent: None },
            (Own::Execution { id, .. }, "MESSAGE") => Beyond { id: None, parent: Some(id) },
            _ => Beyond::default(),
        }
    }

    fn in_scope(&self, operation: Operation, record_type: &str) -> bool {
        self.scopes.as_ref().is_none_or(|set| Rights::of(set.clone()).reach(operation, record_type) == Reach::Everywhere)
    }

    fn is_own(&self, operation: Operation, subject: &Subject<'_>) -> bool {
        if !self.in_scope(operation, subject.record_type) {
            return false;
        }
        let is = |id: Uuid| subject.id == Some(id);
        match (self.own, subject.record_type) {
            (Own::User(id), "USER") => matches!(operation, Operation::Read | Operation::Update) && is(id),
            (Own::Execution { id, .. }, "EXECUTION") => {
                matches!(operation, Operation::Read | Operation::Update) && (is(id) || subject.parent == Some(id))
            }
            (Own::Execution { flow: Some(flow), .. }, "FLOW") => operation == Operation::Read && is(flow),
            // Flow code may ask, where it is, and hear what is answered; to answer is another right.
            (Own::Execution { id, project, .. }, "MESSAGE") if subject.parent == Some(id) => match operation {
                Operation::Create => subject.place == project,
                Operation::Read => true,
                Operation::Update | Operation::Delete => false,
            },
            _ => false,
        }
    }

    /// Whether there can be any record of this type on which it is allowed.
    pub(super) fn may_ever(&self, operation: Operation, record_type: &str) -> bool {
        let own = match (self.own, record_type) {
            (Own::User(_), "USER") | (Own::Execution { .. }, "EXECUTION") => matches!(operation, Operation::Read | Operation::Update),
            (Own::Execution { flow: Some(_), .. }, "FLOW") => operation == Operation::Read,
            (Own::Execution { .. }, "MESSAGE") => matches!(operation, Operation::Create | Operation::Read),
            _ => false,
        };
        !self.reach(operation, record_type).is_nowhere() || (own && self.in_scope(operation, record_type))
    }

    /// Whether roles allow it, the rule about own records apart.
    pub(super) fn may_by_role(&self, operation: Operation, subject: &Subject<'_>) -> bool {
        self.reach(operation, subject.record_type).includes(subject.place)
    }

    /// Whether it is allowed.
    pub(super) fn may(&self, operation: Operation, subject: &Subject<'_>) -> bool {
        self.may_by_role(operation, subject) || self.is_own(operation, subject)
    }

    /// Refuses what is not allowed on a record that the actor may read.
    pub(super) fn require(&self, operation: Operation, subject: &Subject<'_>) -> Result<()> {
        if self.may(operation, subject) { Ok(()) } else { Err(forbidden(operation, subject.record_type, subject.place)) }
    }

    /// Refuses a change of subrecords of a record that the actor may read. The rule about own records does not help:
    /// a user's roles and keys are not the user's to change.
    pub(super) fn require_parent(&self, subject: &Subject<'_>) -> Result<()> {
        let is_part_of_user = subject.record_type == "USER";
        let allowed = if is_part_of_user { self.may_by_role(Operation::Update, subject) } else { self.may(Operation::Update, subject) };
        if allowed { Ok(()) } else { Err(forbidden(Operation::Update, subject.record_type, subject.place)) }
    }

    /// Refuses columns that the rule about own records does not open.
    pub(super) fn require_columns<'c>(&self, subject: &Subject<'_>, columns: impl IntoIterator<Item = &'c str>) -> Result<()> {
        if subject.record_type != "USER" || self.may_by_role(Operation::Update, subject) {
            return Ok(());
        }
        match columns.into_iter().find(|c| !OWN_USER.contains(c)) {
            None => Ok(()),
            Some(column) => Err(Error::new(
                Kind::Forbidden,
                format!("A user may change {} of its own record; '{column}' needs UPDATE on USER.", OWN_USER.join(", ")),
            )
            .field(format!("/{column}"))),
        }
    }

    /// Refuses to hand on what the actor does not hold itself.
    pub(super) fn require_all<'p>(&self, granted: impl IntoIterator<Item = &'p Permission>) -> Result<()> {
        match granted.into_iter().find(|p| !self.rights.covers(p)) {
            None => Ok(()),
            Some(missing) => {
                let text = format!("Only who holds a right may give it to others, and you do not hold {missing}.");
                Err(Error::new(Kind::Forbidden, text).details(missing_right(missing)))
            }
        }
    }

    /// The same for who may not know what is granted.
    pub(super) fn require_all_unnamed<'p>(&self, granted: impl IntoIterator<Item = &'p Permission>) -> Result<()> {
        let text = "Only who holds a right may give it to others, and you do not hold all that is granted here.";
        self.require_all(granted).map_err(|error| Error::new(error.kind(), text))
    }
}

/// The refusal: which operation on which type in which place is missing.
pub(super) fn forbidden(operation: Operation, record_type: &str, place: Option<Uuid>) -> Error {
    let shown = place.map_or_else(|| "in the workspace".to_owned(), |project| format!("in project {project}"));
    Error::new(Kind::Forbidden, format!("This needs {operation} on {record_type} {shown}, which you do not have."))
        .details(json!({ "operation": operation.name(), "record_type": record_type, "project_id": place.map(|p| p.to_string()) }))
}

/// A right for programs; what is null is any.
fn missing_right(right: &Permission) -> Value {
    json!({
        "operation": right.operation.map(Operation::name),
        "record_type": right.record_type,
        "project_id": right.project.map(|id| id.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::actor::{Door, ExecutionIdentity};
    use crate::service::grant::Grant;

    fn nothing() -> Rights {
        Rights::of(Arc::new(PermissionSet::default()))
    }

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn a_user_without_roles_may_read_and_update_itself_but_not_its_roles_and_keys() {
        let access = Access::new(&Actor::user(id(1), "anna", Door::Rest), nothing());
        let itself = Subject { record_type: "USER", id: Some(id(1)), place: None, parent: None };
        access.require(Operation::Read, &itself).unwrap();
        access.require(Operation::Update, &itself).unwrap();
        access.require_columns(&itself, ["email", "password"]).unwrap();
        assert_eq!(access.require_columns(&itself, ["is_enabled"]).unwrap_err().kind(), Kind::Forbidden);
        assert!(access.require(Operation::Delete, &itself).is_err());
        assert!(access.require_parent(&itself).is_err());
        let other = Subject { id: Some(id(2)), ..itself };
        assert!(!access.may(Operation::Read, &other));
    }

    #[test]
    fn an_execution_without_roles_reads_itself_its_flow_and_its_children() {
        let identity = ExecutionIdentity {
            id: id(1),
            flow_id: Some(id(2)),
            project_id: Some(id(3)),
            bundle_id: None,
            grant: Arc::new(Grant::new(Some(vec![]), None, Some(id(4)))),
        };
        let access = Access::new(&Actor::execution(identity), nothing());
        let execution = |n, parent| Subject { record_type: "EXECUTION", id: Some(id(n)), place: Some(id(3)), parent };
        assert!(access.may(Operation::Update, &execution(1, None)));
        assert!(access.may(Operation::Read, &execution(9, Some(id(1)))));
        assert!(!access.may(Operation::Read, &execution(9, None)));
        let flow = |n| Subject { record_type: "FLOW", id: Some(id(n)), place: Some(id(3)), parent: None };
        let message = |asks, place| Subject { record_type: "MESSAGE", id: Some(id(5)), place: Some(id(place)), parent: Some(id(asks)) };
        assert!(access.may(Operation::Create, &message(1, 3)) && access.may(Operation::Read, &message(1, 3)));
        assert!(!access.may(Operation::Create, &message(1, 8)) && !access.may(Operation::Create, &message(9, 3)));
        assert!(!access.may(Operation::Update, &message(1, 3)) && !access.may(Operation::Read, &message(9, 3)));
        assert!(access.may(Operation::Read, &flow(2)));
        assert!(!access.may(Operation::Update, &flow(2)));
        assert!(!access.may(Operation::Read, &flow(3)));
    }
}
