//! Who may do what: additive permissions, evaluated for one record type and one place. Pure; no look-ups.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::error::{Error, Result, did_you_mean};
use crate::records;

/// What is done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

impl Operation {
    pub const ALL: [Operation; 4] = [Operation::Create, Operation::Read, Operation::Update, Operation::Delete];

    /// The name in permissions, scopes and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Create => "CREATE",
            Operation::Read => "READ",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
        }
    }

    pub fn from_name(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|o| o.name() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One permission; what is unset means any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Permission {
    pub operation: Option<Operation>,
    /// Upper-case name of a record type.
    pub record_type: Option<&'static str>,
    pub project: Option<Uuid>,
}

impl Permission {
    /// Everything, everywhere.
    pub const ANY: Permission = Permission { operation: None, record_type: None, project: None };

    /// Reads `{"operation"?, "record_type"?, "project"?}`, as in the scopes of a key. `pointer` is where it stands.
    /// A project is an id here; names are looked up before.
    pub fn parse(value: &Value, pointer: &str) -> Result<Permission> {
        let Some(object) = value.as_object() else {
            return Err(Error::invalid("A scope is an object with 'operation', 'record_type' and 'project', each optional.").field(pointer));
        };
        let known = ["operation", "record_type", "project"];
        if let Some(key) = object.keys().find(|k| !known.contains(&k.as_str())) {
            let near = did_you_mean(key, known);
            return Err(Error::invalid(format!("A scope has no '{key}'.{near}")).field(format!("{pointer}/{key}")));
        }
        let text = |key: &str| match object.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Error::invalid(format!("'{key}' of a scope must be a text or null.")).field(format!("{pointer}/{key}"))),
        };
        Permission::from_texts(text("operation")?, text("record_type")?, text("project")?).map_err(|e| {
            let place = e.field_pointer().unwrap_or_default().to_owned();
            e.field(format!("{pointer}{place}"))
        })
    }

    /// From the texts of a ROLE_PERMISSION row.
    pub fn from_texts(operation: Option<&str>, record_type: Option<&str>, project: Option<&str>) -> Result<Permission> {
        let operation = operation
            .map(|name| {
                Operation::from_name(name).ok_or_else(|| {
                    Error::invalid(format!("'{name}' is no operation; there are CREATE, READ, UPDATE and DELETE.")).field("/operation")
                })
            })
            .transpose()?;
        let record_type = record_type
            .map(|name| {
                records::TYPES.iter().find(|t| t.name == name).map(|t| t.name).ok_or_else(|| {
                    let near = did_you_mean(name, records::TYPES.iter().map(|t| t.name));
                    Error::invalid(format!("'{name}' is no record type.{near}")).field("/record_type")
                })
            })
            .transpose()?;
        let project = project
            .map(|id| Uuid::parse_str(id).map_err(|_| Error::invalid(format!("'{id}' is not the id of a project.")).field("/project")))
            .transpose()?;
        Ok(Permission { operation, record_type, project })
    }

    /// The JSON form, as stored in the scopes of a key and in grants.
    pub fn to_json(&self) -> Value {
        let mut object = serde_json::Map::new();
        if let Some(operation) = self.operation {
            object.insert("operation".into(), operation.name().into());
        }
        if let Some(record_type) = self.record_type {
            object.insert("record_type".into(), record_type.into());
        }
        if let Some(project) = self.project {
            object.insert("project".into(), project.to_string().into());
        }
        Value::Object(object)
    }

    /// What both allow, if anything.
    pub fn and(&self, other: &Permission) -> Option<Permission> {
        fn differ<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
            a.is_some() && b.is_some() && a != b
        }
        if differ(self.operation.as_ref(), other.operation.as_ref())
            || differ(self.record_type.as_ref(), other.record_type.as_ref())
            || differ(self.project.as_ref(), other.project.as_ref())
        {
            return None;
        }
        Some(Permission {
            operation: self.operation.or(other.operation),
            record_type: self.record_type.or(other.record_type),
            project: self.project.or(other.project),
        })
    }

    fn matches(&self, operation: Operation, record_type: &str) -> bool {
        self.operation.is_none_or(|o| o == operation) && self.record_type.is_none_or(|t| t == record_type)
    }

    /// Whether whoever holds `self` holds all of `other`.
    fn includes(&self, other: &Permission) -> bool {
        self.operation.is_none_or(|o| other.operation == Some(o))
            && self.record_type.is_none_or(|t| other.record_type == Some(t))
            && self.project.is_none_or(|p| other.project == Some(p))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation.map_or("any operation", Operation::name);
        write!(f, "{operation} on {}", self.record_type.unwrap_or("any type"))?;
        match self.project {
            Some(project) => write!(f, " in project {project}"),
            None => Ok(()),
        }
    }
}

/// Permissions from one source (a user's roles, a role set of a grant, the scopes of a key): they add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionSet(Vec<Permission>);

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let unique: BTreeSet<Permission> = permissions.into_iter().collect();
        PermissionSet(unique.into_iter().collect())
    }
}

impl PermissionSet {
    pub fn iter(&self) -> impl Iterator<Item = &Permission> {
        self.0.iter()
    }

    fn reach(&self, operation: Operation, record_type: &str) -> Reach {
        let mut projects = BTreeSet::new();
        for permission in self.0.iter().filter(|p| p.matches(operation, record_type)) {
            match permission.project {
                None => return Reach::Everywhere,
                Some(project) => {
                    projects.insert(project);
                }
            }
        }
        Reach::Projects(projects)
    }

    fn covers(&self, wanted: &Permission) -> bool {
        match wanted.operation {
            Some(_) => self.0.iter().any(|p| p.includes(wanted)),
            // Four single permissions are as good as one for all; types, in contrast, will be added later.
            None => Operation::ALL.into_iter().all(|o| self.covers(&Permission { operation: Some(o), ..*wanted })),
        }
    }
}

/// Where an operation on a type is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    /// In these projects only; an empty set is nowhere.
    Projects(BTreeSet<Uuid>),
}

impl Reach {
    pub fn is_nowhere(&self) -> bool {
        matches!(self, Reach::Projects(projects) if projects.is_empty())
    }

    /// Whether it includes `place`: a project, or (for `None`) the workspace itself.
    pub fn includes(&self, place: Option<Uuid>) -> bool {
        match (self, place) {
            (Reach::Everywhere, _) => true,
            (Reach::Projects(projects), Some(project)) => projects.contains(&project),
            (Reach::Projects(_), None) => false,
        }
    }

    fn intersect(self, other: Reach) -> Reach {
        match (self, other) {
            (Reach::Everywhere, reach) | (reach, Reach::Everywhere) => reach,
            (Reach::Projects(a), Reach::Projects(b)) => Reach::Projects(a.intersection(&b).copied().collect()),
        }
    }
}

/// What an actor may do: the intersection of its permission sets. No set at all means everything, so only
/// [`Rights::system`] makes that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    sets: Vec<Arc<PermissionSet>>,
}

impl Rights {
    /// Everything: the server itself.
    pub fn system() -> Rights {
        Rights { sets: Vec::new() }
    }

    /// What `first` allows.
    pub fn of(first: Arc<PermissionSet>) -> Rights {
        Rights { sets: vec![first] }
    }

    /// The same, narrowed to what `set` allows too.
    #[must_use]
    pub fn narrowed(mut self, set: Arc<PermissionSet>) -> Rights {
        self.sets.push(set);
        self
    }

    /// Where `operation` on records of `record_type` is allowed. Subrecords: ask for the parent's type.
    pub fn reach(&self, operation: Operation, record_type: &str) -> Reach {
        self.sets.iter().fold(Reach::Everywhere, |reach, set| reach.intersect(set.reach(operation, record_type)))
    }

    /// Whether the holder may hand `wanted` on: it holds all of it, in every set.
    pub fn covers(&self, wanted: &Permission) -> bool {
        self.sets.iter().all(|set| set.covers(wanted))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const P1: Uuid = Uuid::from_u128(1);
    const P2: Uuid = Uuid::from_u128(2);

    fn permission() -> impl Strategy<Value = Permission> {
        (
            proptest::option::of(proptest::sample::select(Operation::ALL.to_vec())),
            proptest::option::of(proptest::sample::select(vec!["FLOW", "SETTING", "EXECUTION"])),
            proptest::option::of(proptest::sample::select(vec![P1, P2])),
        )
            .prop_map(|(operation, record_type, project)| Permission { operation, record_type, project })
    }

    fn set() -> impl Strategy<Value = PermissionSet> {
        proptest::collection::vec(permission(), 0..5).prop_map(PermissionSet::from_iter)
    }

    fn questions() -> impl Iterator<Item = (Operation, &'static str, Option<Uuid>)> {
        Operation::ALL.into_iter().flat_map(|operation| {
            ["FLOW", "SETTING", "EXECUTION", "ROLE"]
                .into_iter()
                .flat_map(move |record_type| [None, Some(P1), Some(P2)].into_iter().map(move |place| (operation, record_type, place)))
        })
    }

    proptest! {
        #[test]
        fn narrowing_never_widens(a in set(), b in set()) {
            let wide = Rights::of(Arc::new(a.clone()));
            let narrow = wide.clone().narrowed(Arc::new(b.clone()));
            let other = Rights::of(Arc::new(b));
            for (operation, record_type, place) in questions() {
                let both = wide.reach(operation, record_type).includes(place) && other.reach(operation, record_type).includes(place);
                prop_assert_eq!(narrow.reach(operation, record_type).includes(place), both);
            }
        }

        #[test]
        fn adding_a_permission_never_takes_one_away(a in set(), extra in permission()) {
            let before = Rights::of(Arc::new(a.clone()));
            let after = Rights::of(Arc::new(a.iter().copied().chain([extra]).collect()));
            for (operation, record_type, place) in questions() {
                prop_assert!(!before.reach(operation, record_type).includes(place) || after.reach(operation, record_type).includes(place));
            }
            prop_assert!(after.covers(&extra));
        }

        #[test]
        fn who_covers_a_permission_may_do_all_that_it_allows(a in set(), wanted in permission()) {
            let holder = Rights::of(Arc::new(a));
            let granted = Rights::of(Arc::new(PermissionSet::from_iter([wanted])));
            if holder.covers(&wanted) {
                for (operation, record_type, place) in questions() {
                    prop_assert!(!granted.reach(operation, record_type).includes(place) || holder.reach(operation, record_type).includes(place));
                }
            }
        }
    }

    #[test]
    fn no_permission_is_no_right() {
        let nobody = Rights::of(Arc::new(PermissionSet::default()));
        for (operation, record_type, place) in questions() {
            assert!(!nobody.reach(operation, record_type).includes(place));
        }
        assert!(nobody.reach(Operation::Read, "FLOW").is_nowhere());
    }

    #[test]
    fn all_types_named_one_by_one_do_not_cover_any_type() {
        let all: PermissionSet =
            ["FLOW", "SETTING", "EXECUTION"].into_iter().map(|t| Permission { record_type: Some(t), ..Permission::ANY }).collect();
        assert!(!Rights::of(Arc::new(all)).covers(&Permission::ANY));
    }
}
