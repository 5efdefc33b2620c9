//! A row between the layers: column names to JSON values.

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, ValueRef};
use uuid::Uuid;

use super::open::fault;
use crate::error::Result;
use crate::records::{Field, Kind};

/// A row. Time stamps and ids are text; JSON columns are JSON; raw bytes never travel in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row(Map<String, Value>);

impl From<Map<String, Value>> for Row {
    fn from(map: Map<String, Value>) -> Row {
        Row(map)
    }
}

impl Row {
    pub fn new() -> Row {
        Row::default()
    }

    /// The `id` column.
    pub fn id(&self) -> Option<Uuid> {
        self.uuid("id")
    }

    /// A text column; `None` when null, absent or not text.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.0.get(column).and_then(Value::as_str)
    }

    /// A column's value; null counts as absent.
    pub fn json(&self, column: &str) -> Option<&Value> {
        self.0.get(column).filter(|v| !v.is_null())
    }

    pub fn uuid(&self, column: &str) -> Option<Uuid> {
        self.text(column).and_then(|text| text.parse().ok())
    }

    pub fn integer(&self, column: &str) -> Option<i64> {
        self.0.get(column).and_then(Value::as_i64)
    }

    /// A boolean column; null and absent are false.
    pub fn flag(&self, column: &str) -> bool {
        self.0.get(column).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The `version` column, the ETag of a record.
    pub fn version(&self) -> i64 {
        self.integer("version").unwrap_or(0)
    }

    pub fn set(&mut self, column: &str, value: impl Into<Value>) {
        self.0.insert(column.to_owned(), value.into());
    }

    pub fn remove(&mut self, column: &str) -> Option<Value> {
        self.0.shift_remove(column)
    }

    pub fn contains(&self, column: &str) -> bool {
        self.0.contains_key(column)
    }

    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

/// Reads a database row whose columns are `fields`, in that order.
pub(super) fn read(row: &SqliteRow, fields: &[&'static Field]) -> Result<Row> {
    let mut map = Map::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        map.insert(field.name.to_owned(), value(row, index, field.kind)?);
    }
    Ok(Row(map))
}

fn value(row: &SqliteRow, index: usize, kind: Kind) -> Result<Value> {
    if row.try_get_raw(index).map_err(fault)?.is_null() {
        return Ok(Value::Null);
    }
    Ok(match kind {
        Kind::Integer => Value::from(row.try_get::<i64, _>(index).map_err(fault)?),
        Kind::Boolean => Value::from(row.try_get::<i64, _>(index).map_err(fault)? != 0),
        Kind::Number => Value::from(row.try_get::<f64, _>(index).map_err(fault)?),
        Kind::Json | Kind::JsonSchema | Kind::TextList => {
            let text: String = row.try_get(index).map_err(fault)?;
            serde_json::from_str(&text)
                .map_err(|e| crate::error::Error::internal(format!("column {index} of a row is not JSON")).source_error(e))?
        }
        _ => Value::String(row.try_get(index).map_err(fault)?),
    })
}
