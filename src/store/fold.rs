//! Many writes of one batch folded into few: one row per key where that is the same, one statement per shape.
//!
//! Statements stand in levels. Writes of one level touch different rows, so their order does not matter; a write that
//! must come after another one of its table stands in a later level.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::io::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::dialect::{self, Act, Parts};
use super::row::Row;
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

/// Which row of a table: the values of its key's columns.
struct Place<'a> {
    table: &'static str,
    key: &'static [&'static str],
    row: &'a Row,
}

impl Place<'_> {
    fn values(&self) -> impl Iterator<Item = Option<&Value>> {
        self.key.iter().map(|column| self.row.get(column))
    }
}

impl PartialEq for Place<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table && self.key == other.key && self.values().eq(other.values())
    }
}

impl Eq for Place<'_> {}

impl Hash for Place<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.table.hash(state);
        self.values().for_each(|value| value.hash(state));
    }
}

#[derive(Default)]
struct Folder<'a> {
    rows: Vec<Folded<'a>>,
    tables: HashMap<&'static str, Table>,
    places: HashMap<Place<'a>, usize>,
}

/// Statements that have the same effect as `writes` in their order. Blobs are left out: they are bound one by one.
pub(super) fn fold(writes: &[&Write], texts: &mut Texts) -> Result<Vec<Statement>> {
    let mut folder = Folder::default();
    for write in writes {
        match write {
            Write::Insert { table, key, row } => folder.add(table, key, Act::Insert, row),
            Write::Upsert { table, key, row } => folder.add(table, key, Act::Upsert, row),
            Write::Update { table, key, row } => folder.add(table, key, Act::Update, row),
            Write::Delete { table, key, row } => folder.add(table, key, Act::Delete, row),
            // Entries of the log are in the list a second time, as the rows that they become.
            Write::Audit { .. } | Write::Blob { .. } | Write::BlobPiece { .. } | Write::BlobSeal { .. } => {}
        }
    }
    statements(&folder.rows, texts)
}

impl<'a> Folder<'a> {
    fn add(&mut self, table: &'static str, key: &'static [&'static str], act: Act, row: &'a Row) {
        let state = self.tables.entry(table).or_insert(Table { key, base: 0, last: 0 });
        let level = if state.key == key {
            let place = Place { table, key, row };
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
            Act::Delete => key.iter().map(|column| (*column, row.get(column).unwrap_or(&Value::Null))).collect(),
            Act::Insert | Act::Upsert | Act::Update => row.columns().collect(),
        };
        self.rows.push(Folded { table, key, act, columns, level, raises: 1 });
    }
}

/// Takes a later write of the same row into an earlier one, where the effect is the same.
fn merge<'a>(into: &mut Folded<'a>, act: Act, row: &'a Row) -> bool {
    let same_effect = match (into.act, act) {
        (Act::Insert | Act::Update, Act::Update) => true,
        (Act::Upsert, Act::Update | Act::Upsert) => !dialect::is_versioned(into.table),
        _ => false,
    };
    if same_effect {
        for (column, value) in row.columns() {
            match into.columns.iter_mut().find(|(name, _)| *name == column) {
                Some(place) => place.1 = value,
                None => into.columns.push((column, value)),
            }
        }
        into.raises += 1;
    }
    same_effect
}

/// Rows of one level that one statement writes, and the text that it is bound to so far.
struct Gathered<'r> {
    like: &'r Folded<'r>,
    rows: Vec<u8>,
}

impl Gathered<'_> {
    /// Whether the row is written by the same statement. What makes rows names their columns in one order each time.
    fn takes(&self, row: &Folded<'_>) -> bool {
        let (like, columns) = (self.like, |row: &Folded<'_>| row.columns.len());
        like.level == row.level
            && like.act == row.act
            && like.table == row.table
            && like.key == row.key
            && columns(like) == columns(row)
            && like.columns.iter().zip(&row.columns).all(|((a, _), (b, _))| a == b)
    }

    /// Appends the row as an array of its columns' values; one more at the end says how often an update raises `version`.
    fn push(&mut self, row: &Folded<'_>) {
        self.rows.extend_from_slice(if self.rows.is_empty() { b"[[" } else { b",[" });
        for (_, value) in &row.columns {
            serde_json::to_writer(&mut self.rows, value).expect("a value is JSON, and memory takes it");
            self.rows.push(b',');
        }
        write!(self.rows, "{}]", row.raises).expect("memory takes it");
    }
}

fn statements(folded: &[Folded<'_>], texts: &mut Texts) -> Result<Vec<Statement>> {
    let mut found: Vec<Gathered<'_>> = Vec::new();
    for row in folded {
        // A few at the most, and the last one most often.
        let index = found.iter().rposition(|gathered| gathered.takes(row)).unwrap_or_else(|| {
            found.push(Gathered { like: row, rows: Vec::new() });
            found.len() - 1
        });
        found[index].push(row);
    }
    let mut found: Vec<(usize, String, Gathered<'_>)> =
        found.into_iter().map(|gathered| (gathered.like.level, shape(gathered.like), gathered)).collect();
    // One order for one set of shapes, so that the same batch text comes back and is prepared already.
    found.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let bound = |(_, shape, Gathered { like, mut rows }): (usize, String, Gathered<'_>)| {
        rows.push(b']');
        let rows = String::from_utf8(rows).expect("JSON is UTF-8");
        Ok(Statement { parts: texts.get(shape, like)?, rows })
    };
    found.into_iter().map(bound).collect()
}

fn shape(row: &Folded<'_>) -> String {
    let columns: Vec<&str> = row.columns.iter().map(|(column, _)| *column).collect();
    format!("{} {:?} {} {}", row.table, row.act, row.key.join(","), columns.join(" "))
}

impl Texts {
    fn get(&mut self, shape: String, row: &Folded<'_>) -> Result<Arc<Parts>> {
        if let Some(parts) = self.0.get(&shape) {
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
        self.0.insert(shape, parts.clone());
        Ok(parts)
    }
}
