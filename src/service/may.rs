//! What an actor may do at all, for doors that show only what their caller can use.

use super::access::Access;
use super::actor::Actor;
use super::handle::Service;
use super::rights::Operation;
use crate::error::Result;
use crate::records::{self, Family, RecordType};

/// A look at an actor's rights. It decides what is shown, never what is done: every call is checked by itself.
pub struct May(Access);

impl Service {
    /// The rights of this actor at this moment.
    pub async fn may(&self, actor: &Actor) -> Result<May> {
        Ok(May::of(self.access(actor).await?))
    }
}

impl May {
    pub(super) fn of(access: Access) -> May {
        May(access)
    }

    /// Whether there can be a record of this type, anywhere, on which the actor may do this.
    pub fn ever(&self, operation: Operation, of: &RecordType) -> bool {
        if of.is_kept() && operation != Operation::Read {
            return false;
        }
        match of.family {
            Family::Resource | Family::Activity => self.0.may_ever(operation, of.name),
            Family::Subrecord { parent: "*", .. } => {
                let roles_only = of.name == "IDENTITY_ROLE";
                let parents = records::TYPES.iter().filter(|t| !t.is_subrecord() && (t.is_identity || !roles_only));
                parents.into_iter().any(|parent| self.part_ever(operation, parent.name))
            }
            Family::Subrecord { parent, .. } => self.part_ever(operation, parent),
        }
    }

    /// Parts are read with their parent and changed by who may update it.
    fn part_ever(&self, operation: Operation, parent: &str) -> bool {
        match operation {
            Operation::Read => self.0.may_ever(Operation::Read, parent),
            // A user's roles and keys are not the user's to change.
            _ if parent == "USER" => !self.0.reach(Operation::Update, parent).is_nowhere(),
            _ => self.0.may_ever(Operation::Update, parent),
        }
    }
}
