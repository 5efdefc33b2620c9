//! A row between the layers: column names and JSON values.

use std::borrow::Cow;

use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, ValueRef};
use uuid::Uuid;

use super::open::fault;
use crate::error::Result;
use crate::records::{Field, Kind};

/// A column's name: of the registry or of the code, so that it is rarely a text of its own.
pub type Column = Cow<'static, str>;

/// A row. Time stamps and ids are text; JSON columns are JSON; raw bytes never travel in rows.
///
/// Thousands of these are made in a second, and each has some dozens of columns at the most: a list that is searched from its
/// beginning costs less than a map that hashes and copies every name.
#[derive(Clone, Debug, Default)]
pub struct Row(Vec<(Column, Value)>);

impl PartialEq for Row {
    /// The order of columns does not matter.
    fn eq(&self, other: &Row) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|(column, value)| other.get(column) == Some(value))
    }
}

impl From<Map<String, Value>> for Row {
    fn from(map: Map<String, Value>) -> Row {
        Row(map.into_iter().map(|(column, value)| (column.into(), value)).collect())
    }
}

impl<const N: usize> From<[(&'static str, Value); N]> for Row {
    /// No column may be named twice.
    fn from(columns: [(&'static str, Value); N]) -> Row {
        Row(columns.into_iter().map(|(column, value)| (column.into(), value)).collect())
    }
}

impl Row {
    pub fn new() -> Row {
        Row::default()
    }

    /// A row that will have about so many columns.
    pub fn with_capacity(columns: usize) -> Row {
        Row(Vec::with_capacity(columns))
    }

    pub(super) fn get(&self, column: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, value)| value)
    }

    /// The `id` column.
    pub fn id(&self) -> Option<Uuid> {
        self.uuid("id")
    }

    /// A text column; `None` when null, absent or not text.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.get(column).and_then(Value::as_str)
    }

    /// A column's value; null counts as absent.
    pub fn json(&self, column: &str) -> Option<&Value> {
        self.get(column).filter(|v| !v.is_null())
    }

    pub fn uuid(&self, column: &str) -> Option<Uuid> {
        self.text(column).and_then(|text| text.parse().ok())
    }

    pub fn integer(&self, column: &str) -> Option<i64> {
        self.get(column).and_then(Value::as_i64)
    }

    /// A boolean column; null and absent are false.
    pub fn flag(&self, column: &str) -> bool {
        self.get(column).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The `version` column, the ETag of a record.
    pub fn version(&self) -> i64 {
        self.integer("version").unwrap_or(0)
    }

    pub fn set(&mut self, column: impl Into<Column>, value: impl Into<Value>) {
        let (column, value) = (column.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == column) {
            Some((_, old)) => *old = value,
            None => self.0.push((column, value)),
        }
    }

    pub fn remove(&mut self, column: &str) -> Option<Value> {
        let at = self.0.iter().position(|(name, _)| name == column)?;
        Some(self.0.remove(at).1)
    }

    pub fn contains(&self, column: &str) -> bool {
        self.get(column).is_some()
    }

    /// The columns in the order in which they were first set.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// The row without the columns that `keep` refuses.
    #[must_use]
    pub fn keeping(mut self, keep: impl Fn(&str) -> bool) -> Row {
        self.0.retain(|(name, _)| keep(name));
        self.0.shrink_to_fit();
        self
    }

    pub fn into_map(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
    }

    pub fn into_value(self) -> Value {
        Value::Object(self.into_map())
    }
}

/// Reads a database row whose columns are `fields`, in that order.
pub(super) fn read(row: &SqliteRow, fields: &[&'static Field]) -> Result<Row> {
    let columns = fields.iter().enumerate();
    columns.map(|(index, field)| Ok((Column::Borrowed(field.name), value(row, index, field.kind)?))).collect::<Result<_>>().map(Row)
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
