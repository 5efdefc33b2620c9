//! What exists: every record type, declared once as data. No IO, no async, no SQL text.
//!
//! SQL columns, routes, JSON Schemas, MCP descriptions, typings and export documents are loops over [`TYPES`].
//! A new type is one file in `types/` and one line in that list.

pub mod artifact;
pub mod connector;
pub mod document;
pub mod field;
pub mod form;
pub mod schema;
pub mod status;
pub mod types;
pub mod typing;

pub use field::{Export, Field, Form, Kind, Storage, Write};
pub use status::Status;
pub use types::TYPES;

/// Which columns and which behaviour a type shares with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Persistent, named, exportable; has a trash bin and a location.
    Resource,
    /// Something that happens: a name that need not be unique, a location, expires by retention.
    Activity,
    /// A row that belongs to a parent record and takes its rights.
    Subrecord {
        /// Upper-case name of the parent's type, or `"*"` for any record.
        parent: &'static str,
        /// The column that holds the parent's id.
        column: &'static str,
    },
}

/// A record type as data.
#[derive(Debug)]
pub struct RecordType {
    /// Upper-case name, as in rights and filters: `FLOW`.
    pub name: &'static str,
    /// Lower-case singular, as in paths, tables and flow code: `flow`.
    pub singular: &'static str,
    /// Lower-case plural, as in `system.flows()`.
    pub plural: &'static str,
    pub family: Family,
    /// What it is, in one or two sentences.
    pub doc: &'static str,
    /// Whether its records can hold roles.
    pub is_identity: bool,
    /// Whether it may lie in a project.
    pub in_project: bool,
    /// Whether it may lie in a bundle.
    pub in_bundle: bool,
    /// Whether rows are kept by the engine and logs rather than written through the generic routes.
    pub is_derived: bool,
    /// The columns of its own; family columns come from [`RecordType::fields`].
    pub own: &'static [Field],
}

impl RecordType {
    /// Every field, family columns first, in the order of tables, schemas and answers.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        let own = self.own;
        types::family_fields(self).chain(own.iter())
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields().find(|f| f.name == name)
    }

    /// The fields an answer may show.
    pub fn readable(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.fields().filter(|f| f.is_readable())
    }

    /// What answers show in the place of sealed columns: `has_<name>`, true or false.
    pub fn flags(&self) -> impl Iterator<Item = String> + use<> {
        self.fields().filter(|f| f.storage == Storage::Sealed).map(|f| format!("has_{}", f.name))
    }

    /// Whether a field may have a value by where records of this type may lie; true for those that say no place.
    pub fn has_place(&self, field: &Field) -> bool {
        match field.name {
            // Not where the row is, but what it is about.
            _ if self.is_subrecord() => true,
            "project_id" | "project_name" => self.in_project,
            "bundle_id" | "bundle_name" => self.in_bundle,
            "location_inheritance" => self.in_project || self.in_bundle,
            _ => true,
        }
    }

    /// Whether it is looked up by name.
    pub const fn is_named(&self) -> bool {
        matches!(self.family, Family::Resource)
    }

    /// Whether it has lists and reads of its own. Rows of an execution are read with it.
    pub fn is_listed(&self) -> bool {
        !self.is_derived || self.name == "AUDIT"
    }

    /// Whether it has a trash bin (`deleted_at`).
    pub const fn has_trash(&self) -> bool {
        matches!(self.family, Family::Resource)
    }

    /// Whether callers make its records by creating them: the others are started, minted, or kept by the server.
    pub fn is_created(&self) -> bool {
        !self.is_kept() && !matches!(self.name, "EXECUTION" | "API_KEY" | "WORKSPACE" | "ORGANIZATION")
    }

    /// Whether the server alone makes, changes and deletes its records.
    pub fn is_kept(&self) -> bool {
        self.is_derived || matches!(self.name, "PROCESS" | "SAVEPOINT" | "RECORD_VERSION")
    }

    /// Whether there is one record of it, which stays.
    pub fn is_single(&self) -> bool {
        matches!(self.name, "WORKSPACE" | "ORGANIZATION")
    }

    /// The two columns of a subrecord that no two rows have the same values of.
    pub fn pair(&self) -> Option<(&'static str, &'static str)> {
        Some(match self.name {
            "RECORD_METADATA" => ("record_id", "key"),
            "IDENTITY_ROLE" => ("identity_id", "role_id"),
            "RECORD_TAG" => ("record_id", "tag_id"),
            "RESOURCE_WRAPPER" => ("resource_id", "wrapper_id"),
            "OBJECT_TEMPLATE_ATTRIBUTE" => ("object_template_id", "name"),
            "PLUGIN_ACTION" => ("plugin_id", "name"),
            _ => return None,
        })
    }

    pub const fn is_subrecord(&self) -> bool {
        matches!(self.family, Family::Subrecord { .. })
    }

    /// Of a subrecord: the column that holds its parent.
    pub const fn parent_column(&self) -> Option<&'static str> {
        match self.family {
            Family::Subrecord { column, .. } => Some(column),
            Family::Resource | Family::Activity => None,
        }
    }

    /// The CamelCase class name in `flow_api`: `McpUserTool`.
    pub fn class_name(&self) -> String {
        self.singular
            .split('_')
            .map(|part| {
                let mut chars = part.chars();
                chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
            })
            .collect()
    }
}

/// The type of this name, upper-case or lower-case singular.
pub fn find(name: &str) -> Option<&'static RecordType> {
    TYPES.iter().copied().find(|t| t.name == name || t.singular == name)
}
