//! The seam between SQL that every database reads and what is SQLite's own: arrays of rows as one bound JSON text.
//! PostgreSQL's side of it will bind arrays through UNNEST.

use crate::records::{self, Kind};

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Insert,
    Upsert,
    Update,
    Delete,
}

/// A statement around the place of its one parameter, an array of arrays.
#[derive(Debug)]
pub struct Parts {
    pub head: String,
    pub tail: String,
}

/// Whether a name may stand in SQL text. Values never do.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A name as SQL reads it, also where it is a reserved word. Only names of the registry and of `migrations/` come here.
pub fn quoted(name: &str) -> String {
    debug_assert!(is_name(name), "names are ours: {name}");
    format!("\"{name}\"")
}

/// The elements of the JSON array bound as parameter `n`, for `in`.
pub fn any_of(n: usize) -> String {
    format!("(select value from json_each(${n}))")
}

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

/// The statement that does `act` to rows of `columns`. The bound array has an array for each row: the columns' values in
/// this order, then how many updates it stands for.
pub fn write(table: &str, act: Act, columns: &[&str], key: &[&str]) -> Parts {
    let name = quoted(table);
    // As binary JSON, or each row would be written as text and parsed again for each of its columns.
    let head = |text: String| format!("{text} from jsonb_each(");
    match act {
        Act::Insert | Act::Upsert => {
            let mut names: Vec<String> = columns.iter().map(|c| quoted(c)).collect();
            let mut values: Vec<String> = (0..).zip(columns).map(|(n, c)| element(table, c, n)).collect();
            // An insert may have later updates of its row folded in.
            let raised = format!("(j.value ->> {})", columns.len());
            match columns.iter().position(|c| *c == "version") {
                Some(n) if is_versioned(table) => values[n] = format!("{} + {raised} - 1", values[n]),
                None if is_versioned(table) => {
                    names.push(quoted("version"));
                    values.push(raised);
                }
                _ => {}
            }
            let (names, values) = (names.join(", "), values.join(", "));
            let tail =
                if act == Act::Upsert { format!(") as j where true {}", on_conflict(table, columns, key)) } else { ") as j".to_owned() };
            Parts { head: head(format!("insert into {name} ({names}) select {values}")), tail }
        }
        Act::Update => {
            let mut sets: Vec<String> = (0..)
                .zip(columns)
                .filter(|(_, c)| !key.contains(c))
                .map(|(n, c)| format!("{} = {}", quoted(c), element(table, c, n)))
                .collect();
            if is_versioned(table) && !columns.contains(&"version") {
                sets.push(format!("version = {name}.version + (j.value ->> {})", columns.len()));
            }
            if sets.is_empty() {
                sets.push(format!("{0} = {name}.{0}", quoted(key[0])));
            }
            let matches: Vec<String> = key.iter().map(|k| format!("{name}.{} = j.value ->> {}", quoted(k), place(columns, k))).collect();
            Parts { head: head(format!("update {name} set {}", sets.join(", "))), tail: format!(") as j where {}", matches.join(" and ")) }
        }
        Act::Delete => {
            let names = key.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(", ");
            let values = key.iter().map(|k| format!("j.value ->> {}", place(columns, k))).collect::<Vec<_>>().join(", ");
            Parts { head: head(format!("delete from {name} where ({names}) in (select {values}")), tail: ") as j)".to_owned() }
        }
    }
}

/// Column number `n` of a row in the bound array, as the table's column stores it.
fn element(table: &str, column: &str, n: usize) -> String {
    if is_json(table, column) { format!("nullif(j.value -> {n}, 'null')") } else { format!("j.value ->> {n}") }
}

/// Where a key column stands in the row; beyond its end, so null and without a match, if it is missing.
fn place(columns: &[&str], key: &str) -> usize {
    columns.iter().position(|c| *c == key).unwrap_or(columns.len() + 1)
}

fn on_conflict(table: &str, columns: &[&str], key: &[&str]) -> String {
    let keys = key.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(", ");
    let mut sets: Vec<String> = columns.iter().filter(|c| !key.contains(c)).map(|c| format!("{0} = excluded.{0}", quoted(c))).collect();
    if is_versioned(table) && !columns.contains(&"version") {
        sets.push(format!("version = {}.version + 1", quoted(table)));
    }
    if sets.is_empty() {
        format!("on conflict ({keys}) do nothing")
    } else {
        format!("on conflict ({keys}) do update set {}", sets.join(", "))
    }
}
