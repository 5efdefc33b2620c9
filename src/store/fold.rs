//! Many writes of one batch folded into few: one row per key, one statement per shape.

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::dialect::{ELEMENTS, element, is_versioned, quoted};
use super::writer::Write;

/// What becomes of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Act {
    Insert,
    Upsert,
    Update,
    Delete,
}

/// A statement with its one bound array.
pub(super) struct Statement {
    pub sql: String,
    pub rows: String,
}

struct Folded {
    table: &'static str,
    key: &'static [&'static str],
    act: Act,
    row: Map<String, Value>,
}

/// The statements that have the same effect as `writes` in order. Blobs are left out: they are bound one by one.
pub(super) fn fold(writes: &[&Write]) -> Vec<Statement> {
    let mut folded: Vec<Folded> = Vec::new();
    let mut places: HashMap<(&'static str, String), usize> = HashMap::new();
    for write in writes {
        let (table, key, act, row) = match write {
            Write::Insert { table, key, row } => (*table, *key, Act::Insert, row),
            Write::Upsert { table, key, row } => (*table, *key, Act::Upsert, row),
            Write::Update { table, key, row } => (*table, *key, Act::Update, row),
            Write::Delete { table, key, row } => (*table, *key, Act::Delete, row),
            Write::Blob { .. } => continue,
        };
        let row = row.as_map();
        let place = (table, key_text(row, key));
        match places.get(&place) {
            Some(index) => merge(&mut folded[*index], act, row),
            None => {
                places.insert(place, folded.len());
                folded.push(Folded { table, key, act, row: row.clone() });
            }
        }
    }
    statements(folded)
}

fn key_text(row: &Map<String, Value>, key: &[&str]) -> String {
    let mut text = String::new();
    for column in key {
        let _ = write!(text, "{}\u{1f}", row.get(*column).unwrap_or(&Value::Null));
    }
    text
}

fn merge(into: &mut Folded, act: Act, row: &Map<String, Value>) {
    match (into.act, act) {
        (Act::Delete, Act::Update) => {}
        (_, Act::Delete) | (Act::Delete, _) => {
            into.act = if act == Act::Delete { Act::Delete } else { Act::Upsert };
            into.row.clone_from(row);
        }
        (_, Act::Insert | Act::Upsert | Act::Update) => {
            if into.act == Act::Update && act != Act::Update {
                into.act = Act::Upsert;
            }
            for (column, value) in row {
                into.row.insert(column.clone(), value.clone());
            }
        }
    }
}

fn statements(folded: Vec<Folded>) -> Vec<Statement> {
    type Shape = (&'static str, Act, Vec<String>);
    let mut order: Vec<(Shape, &'static [&'static str], Vec<Map<String, Value>>)> = Vec::new();
    let mut places: HashMap<Shape, usize> = HashMap::new();
    for row in folded {
        let mut columns: Vec<String> = match row.act {
            Act::Delete => row.key.iter().map(|c| (*c).to_owned()).collect(),
            _ => row.row.keys().cloned().collect(),
        };
        columns.sort_unstable();
        let shape = (row.table, row.act, columns);
        match places.get(&shape) {
            Some(index) => order[*index].2.push(row.row),
            None => {
                places.insert(shape.clone(), order.len());
                order.push((shape, row.key, vec![row.row]));
            }
        }
    }
    order
        .into_iter()
        .map(|((table, act, columns), key, rows)| Statement {
            sql: sql(table, act, &columns, key),
            rows: serde_json::to_string(&rows).expect("rows are JSON"),
        })
        .collect()
}

fn sql(table: &str, act: Act, columns: &[String], key: &[&str]) -> String {
    let name = quoted(table);
    let matches = || key.iter().map(|k| format!("{name}.{} = j.value ->> '$.{k}'", quoted(k))).collect::<Vec<_>>().join(" and ");
    let is_key = |column: &str| key.contains(&column);
    match act {
        Act::Insert | Act::Upsert => {
            let names = columns.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(", ");
            let values = columns.iter().map(|c| element(table, c)).collect::<Vec<_>>().join(", ");
            let mut sql = format!("insert into {name} ({names}) select {values} from {ELEMENTS} where true");
            if act == Act::Upsert {
                let keys = key.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(", ");
                let sets: Vec<String> = columns.iter().filter(|c| !is_key(c)).map(|c| format!("{0} = excluded.{0}", quoted(c))).collect();
                if sets.is_empty() {
                    let _ = write!(sql, " on conflict ({keys}) do nothing");
                } else {
                    let _ = write!(sql, " on conflict ({keys}) do update set {}", sets.join(", "));
                }
            }
            sql
        }
        Act::Update => {
            let mut sets: Vec<String> =
                columns.iter().filter(|c| !is_key(c)).map(|c| format!("{} = {}", quoted(c), element(table, c))).collect();
            if is_versioned(table) && !columns.iter().any(|c| c == "version") {
                sets.push(format!("version = {name}.version + 1"));
            }
            format!("update {name} set {} from {ELEMENTS} where {}", sets.join(", "), matches())
        }
        Act::Delete => {
            format!("delete from {name} where exists (select 1 from {ELEMENTS} where {})", matches())
        }
    }
}
