//! Many writes of one batch folded into few: one row per key where that is the same, one statement per shape.
//!
//! Statements stand in levels. Writes of one level touch different rows, so their order does not matter; a write that
//! must come after another one of its table stands in a later level.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::dialect::{self, Act, Parts};
use super::unit::Write;
use crate::error::{Error, Result};

/// A statement and the one array it is bound to.
pub(super) struct Statement {
    pub parts: Arc<Parts>,
    pub rows: String,
}

/// SQL texts by shape, so that a shape is spelled out once.
#[derive(Default)]
pub(super) struct Texts(HashMap<String, Arc<Parts>>);

/// Texts kept; shapes are few, so more of them means that something varies without end.
const TEXTS: usize = 2_000;

struct Folded<'a> {
    table: &'static str,
    key: &'static [&'static str],
    act: Act,
    columns: Vec<(&'a str, &'a Value)>,
    level: usize,
    /// Updates that were folded into this one; each raises `version`.
    raises: i64,
}

/// What has been folded of one table.
struct Table {
    /// The columns that tell its rows apart, as its first write names them.
    key: &'static [&'static str],
    /// Nothing may stand in an earlier level any more.
    base: usize,
    last: usize,
}

#[derive(Default)]
struct Folder<'a> {
    rows: Vec<Folded<'a>>,
    tables: HashMap<&'static str, Table>,
    places: HashMap<(&'static str, String), usize>,
}

/// Statements that have the same effect as `writes` in their order. Blobs are left out: they are bound one by one.
pub(super) fn fold(writes: &[&Write], texts: &mut Texts) -> Result<Vec<Statement>> {
    let mut folder = Folder::default();
    for write in writes {
        match write {
            Write::Insert { table, key, row } => folder.add(table, key, Act::Insert, row.as_map()),
            Write::Upsert { table, key, row } => folder.add(table, key, Act::Upsert, row.as_map()),
            Write::Update { table, key, row } => folder.add(table, key, Act::Update, row.as_map()),
            Write::Delete { table, key, row } => folder.add(table, key, Act::Delete, row.as_map()),
            // Entries of the log are in the list a second time, as the rows that they become.
            Write::Audit { .. } | Write::Blob { .. } | Write::BlobPiece { .. } | Write::BlobSeal { .. } => {}
        }
    }
    statements(folder.rows, texts)
}

impl<'a> Folder<'a> {
    fn add(&mut self, table: &'static str, key: &'static [&'static str], act: Act, row: &'a Map<String, Value>) {
        let state = self.tables.entry(table).or_insert(Table { key, base: 0, last: 0 });
        let level = if state.key == key {
            let place = (table, key_text(row, key));
            let before = self.places.get(&place).copied().filter(|index| self.rows[*index].level >= state.base);
            if let Some(index) = before
                && merge(&mut self.rows[index], act, row)
            {
                return;
            }
            self.places.insert(place, self.rows.len());
            before.map_or(state.base, |index| self.rows[index].level + 1)
        } else {
            // Found by other columns, it may touch any row: it comes after all before it and before all after it.
            state.base = state.last + 2;
            state.last + 1
        };
        state.last = state.last.max(level);
        let columns = match act {
            Act::Delete => key.iter().map(|column| (*column, row.get(*column).unwrap_or(&Value::Null))).collect(),
            Act::Insert | Act::Upsert | Act::Update => row.iter().map(|(column, value)| (column.as_str(), value)).collect(),
        };
        self.rows.push(Folded { table, key, act, columns, level, raises: 1 });
    }
}

fn key_text(row: &Map<String, Value>, key: &[&str]) -> String {
    let mut text = String::new();
    for column in key {
        let _ = write!(text, "{}\u{1f}", row.get(*column).unwrap_or(&Value::Null));
    }
    text
}

/// Takes a later write of the same row into an earlier one, where the effect is the same.
fn merge<'a>(into: &mut Folded<'a>, act: Act, row: &'a Map<String, Value>) -> bool {
    let same_effect = match (into.act, act) {
        (Act::Insert | Act::Update, Act::Update) => true,
        (Act::Upsert, Act::Update | Act::Upsert) => !dialect::is_versioned(into.table),
        _ => false,
    };
    if same_effect {
        for (column, value) in row {
            match into.columns.iter_mut().find(|(name, _)| name == column) {
                Some(place) => place.1 = value,
                None => into.columns.push((column, value)),
            }
        }
        into.raises += 1;
    }
    same_effect
}

fn statements(folded: Vec<Folded<'_>>, texts: &mut Texts) -> Result<Vec<Statement>> {
    let mut found: Vec<(usize, String, Statement)> = Vec::new();
    let mut places: HashMap<(usize, String), usize> = HashMap::new();
    for mut row in folded {
        row.columns.sort_unstable_by_key(|(column, _)| *column);
        let shape = shape(&row);
        let index = if let Some(index) = places.get(&(row.level, shape.clone())) {
            *index
        } else {
            let parts = texts.get(&shape, &row)?;
            found.push((row.level, shape.clone(), Statement { parts, rows: String::from("[") }));
            places.insert((row.level, shape), found.len() - 1);
            found.len() - 1
        };
        push(&mut found[index].2.rows, &row);
    }
    // One order for one set of shapes, so that the same batch text comes back and is prepared already.
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    Ok(found.into_iter().map(|(_, _, statement)| Statement { rows: statement.rows + "]", ..statement }).collect())
}

fn shape(row: &Folded<'_>) -> String {
    let mut shape = String::with_capacity(32 + row.columns.len() * 16);
    let _ = write!(shape, "{} {:?} {}", row.table, row.act, row.key.join(","));
    for (column, _) in &row.columns {
        shape.push(' ');
        shape.push_str(column);
    }
    shape
}

/// Appends the row as an array of its columns' values; one more at the end says how often an update raises `version`.
fn push(rows: &mut String, row: &Folded<'_>) {
    rows.push_str(if rows.len() > 1 { ",[" } else { "[" });
    for (_, value) in &row.columns {
        let _ = write!(rows, "{value},");
    }
    let _ = write!(rows, "{}]", row.raises);
}

impl Texts {
    fn get(&mut self, shape: &str, row: &Folded<'_>) -> Result<Arc<Parts>> {
        if let Some(parts) = self.0.get(shape) {
            return Ok(parts.clone());
        }
        let columns: Vec<&str> = row.columns.iter().map(|(column, _)| *column).collect();
        if let Some(odd) = columns.iter().find(|column| !dialect::is_name(column)) {
            return Err(Error::internal(format!("'{odd}' is no column name of {}", row.table)));
        }
        let parts = Arc::new(dialect::write(row.table, row.act, &columns, row.key));
        if self.0.len() >= TEXTS {
            self.0.clear();
        }
        self.0.insert(shape.to_owned(), parts.clone());
        Ok(parts)
    }
}
