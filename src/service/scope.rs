//! Rights compiled into the condition of a query: a list is never filtered afterwards.

use super::access::Access;
use super::rights::{Operation, Reach};
use crate::records::{self, Family, RecordType};
use crate::store::{Region, Scope};

/// What of `record_type` the actor may read.
pub(super) fn scope_of(access: &Access, record_type: &'static RecordType) -> Scope {
    match record_type.family {
        Family::Subrecord { parent: "*", .. } => {
            let parents = records::TYPES.iter().copied().filter(|t| !t.is_subrecord());
            Scope::Parents(parents.map(|parent| (parent, own_scope(access, parent))).collect())
        }
        Family::Subrecord { parent, .. } => match records::find(parent) {
            Some(parent) => Scope::Parents(vec![(parent, own_scope(access, parent))]),
            None => Scope::Nothing,
        },
        Family::Resource | Family::Activity => own_scope(access, record_type),
    }
}

fn own_scope(access: &Access, record_type: &'static RecordType) -> Scope {
    let beyond = access.beyond(record_type.name);
    match access.reach(Operation::Read, record_type.name) {
        Reach::Everywhere => Scope::All,
        Reach::Projects(projects) => {
            Scope::Within(Region { projects: projects.into_iter().collect(), workspace: false, id: beyond.id, parent: beyond.parent })
        }
    }
}
