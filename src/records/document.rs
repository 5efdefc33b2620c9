//! The shape of export documents, derived from the registry: which columns stand in them, under which keys, with which parts.
//!
//! A document is YAML with one top key, the type in lower case, and below it in this order:
//!
//! - the columns marked `Export::Both`, in the order of the registry, null ones too. A column that refers to a record stands
//!   under its name without `_id` ([`key`]) as `{name: ...}`; where it may refer to any type, as `{type: flow, name: ...}`. What
//!   has no name for the reader (another's, deleted, or of a type without unique names) is `{id: ...}`;
//! - the subrecords that callers make ([`parts`]), each under its type in lower case, as a list of the same without the column
//!   that holds the parent.
//!
//! ```yaml
//! flow:
//!   name: hello
//!   description: null
//!   project:
//!     name: Default project
//!   script: |
//!     def handler(system, this, inputs):
//!         return "hello"
//!   record_metadata:
//!     - key: owner
//!       data: anna
//! ```
//!
//! Columns marked `Export::Export` (when it was made and by whom, what each server sets itself) and `has_<sealed column>` come
//! only when asked for ([`informational`]), since with them no document would survive an import byte by byte. Import accepts and
//! ignores them.

use super::types::TYPES;
use super::{Export, Family, Field, Kind, RecordType, Storage};

/// The version of this shape: `schema_version` of every document.
pub const SCHEMA_VERSION: u32 = 1;

/// Columns of others' bookkeeping, of systems that write the same documents: accepted and ignored. Prefixes, or whole names.
pub const FOREIGN: &[&str] = &["repository_path", "pending_", "recurse_pending_"];

/// Whether records of this type have export documents.
pub fn is_exported(of: &RecordType) -> bool {
    of.family == Family::Resource && !of.is_derived
}

/// The key of a column: references lose their `_id`, since they name instead.
pub fn key(field: &Field) -> &'static str {
    match field.kind {
        Kind::Reference(_) => field.name.strip_suffix("_id").unwrap_or(field.name),
        _ => field.name,
    }
}

/// The columns of every document, in order. Of a subrecord, without the one that holds its parent.
pub fn columns(of: &'static RecordType) -> impl Iterator<Item = &'static Field> {
    of.fields().filter(move |field| field.export == Export::Both && stands(of, field))
}

/// The columns that stand in a document only when asked for, in order.
pub fn informational(of: &'static RecordType) -> impl Iterator<Item = &'static Field> {
    of.fields().filter(move |field| field.export == Export::Export && field.is_readable() && stands(of, field))
}

fn stands(of: &RecordType, field: &Field) -> bool {
    of.has_place(field) && of.parent_column() != Some(field.name) && !matches!(field.storage, Storage::Hidden | Storage::Sealed)
}

/// The subrecord types whose rows stand in a document, each under its [`RecordType::singular`], in order.
pub fn parts(of: &'static RecordType) -> impl Iterator<Item = &'static RecordType> {
    TYPES.iter().copied().filter(move |part| {
        let Family::Subrecord { parent, column } = part.family else { return false };
        // Only identities can hold roles.
        let is_held = column != "identity_id" || of.is_identity;
        part.is_created() && is_held && (parent == of.name || parent == "*")
    })
}

/// Whether a column stands beside its document in an archive, as a file of its own, and with which ending.
pub fn beside(field: &Field) -> Option<&'static str> {
    match (field.name, field.kind) {
        ("script", Kind::Text) => Some("py"),
        (_, Kind::Bytes) => Some("content"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_columns_or_parts_of_a_document_have_one_key() {
        for of in TYPES.iter().copied() {
            let mut seen = HashSet::new();
            let keys = of.fields().filter(|field| field.storage != Storage::Hidden).map(key);
            for name in keys.chain(parts(of).map(|part| part.singular)) {
                // A lookup by name, such as `project_name`, has a key of its own.
                assert!(seen.insert(name), "{}.{name} is there twice", of.name);
            }
        }
    }

    #[test]
    fn what_is_sealed_hidden_or_an_id_stands_in_no_document() {
        for of in TYPES.iter().copied().filter(|of| is_exported(of)) {
            for field in columns(of).chain(informational(of)) {
                assert!(!matches!(field.storage, Storage::Sealed | Storage::Hidden) && field.name != "id", "{}.{}", of.name, field.name);
            }
        }
    }

    #[test]
    fn parts_are_what_callers_make() {
        let of = |name| super::super::find(name).expect("a type");
        let names = |name| parts(of(name)).map(|part| part.name).collect::<Vec<_>>();
        assert_eq!(names("ROLE"), ["ROLE_PERMISSION", "RESOURCE_WRAPPER", "RECORD_TAG", "RECORD_METADATA"]);
        assert!(names("USER").contains(&"IDENTITY_ROLE") && !names("USER").contains(&"API_KEY"));
        assert!(!names("FLOW").contains(&"IDENTITY_ROLE") && !names("FLOW").contains(&"RECORD_VERSION"));
    }
}
