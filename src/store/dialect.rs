//! The seam between SQL that every database reads and what is SQLite's own: arrays of rows as one bound JSON text.
//! PostgreSQL's side of it will bind arrays through UNNEST.

use crate::records::{self, Kind};

/// A name as SQL reads it, also where it is a reserved word. Only names of the registry and of `migrations/` come here.
pub fn quoted(name: &str) -> String {
    debug_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "names are ours: {name}");
    format!("\"{name}\"")
}

/// `column` of the row in array element `j`, as the column stores it.
pub fn element(table: &str, column: &str) -> String {
    if is_json(table, column) { format!("nullif(j.value -> '$.{column}', 'null')") } else { format!("j.value ->> '$.{column}'") }
}

/// The array bound as parameter 1, as a table of elements called `j`.
pub const ELEMENTS: &str = "json_each(?1) as j";

/// Whether the column holds JSON as text.
pub fn is_json(table: &str, column: &str) -> bool {
    records::find(table)
        .filter(|t| !t.is_derived)
        .and_then(|t| t.field(column))
        .is_some_and(|f| matches!(f.kind, Kind::Json | Kind::JsonSchema | Kind::TextList))
}

/// Whether a write of the table raises `version`.
pub fn is_versioned(table: &str) -> bool {
    records::find(table).is_some_and(|t| !t.is_derived && t.field("version").is_some())
}
