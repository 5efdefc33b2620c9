//! Rows as the service looks at them: found without rights inside a transaction, and seen as the subject of a right.

use serde_json::Value;
use uuid::Uuid;

use super::access::Subject;
use super::identity::record_type;
use crate::error::{Error, Result};
use crate::records::{self, Family, Field, RecordType};
use crate::store::{Filter, ListQuery, Row, Scope, Tx};

/// Room for about as many columns as a new row has.
const COLUMNS: usize = 48;

/// A row of this type with the columns that are something when nothing is given for them.
pub(super) fn defaults(record_type: &RecordType) -> Row {
    let mut row = Row::with_capacity(COLUMNS);
    for field in record_type.fields().filter(|field| field.has_column() && field.default.is_some()) {
        row.set(field.name, default_of(field));
    }
    row
}

/// What a column is when nothing was given for it.
pub(super) fn default_of(field: &Field) -> Value {
    field.default.map_or(Value::Null, |json| serde_json::from_str(json).expect("defaults are JSON"))
}

/// The live record of this id, whoever asks.
pub(super) async fn find(tx: &mut Tx, record_type: &'static RecordType, id: Uuid) -> Result<Option<Row>> {
    Ok(tx.row_get(record_type, id, &Scope::All).await?.filter(|row| row.text("deleted_at").is_none()))
}

/// All rows whose `field` is `value`, whoever asks.
pub(super) async fn rows_where(tx: &mut Tx, record_type: &'static RecordType, field: &'static str, value: &str) -> Result<Vec<Row>> {
    let query = ListQuery { filter: Some(Filter::eq(field, value)), ..ListQuery::default() };
    Ok(tx.row_list(record_type, &query, &Scope::All).await?.items)
}

/// The id of a record. Every row of a record type that is not kept by the engine has one.
pub(super) fn id_of(row: &Row) -> Uuid {
    row.id().unwrap_or_default()
}

/// A record as rights see it. Not for subrecords: ask for their parent.
pub(super) fn subject<'a>(record_type: &'a RecordType, row: &Row) -> Subject<'a> {
    Subject {
        record_type: record_type.name,
        id: row.id(),
        place: if record_type.name == "PROJECT" { row.id() } else { row.uuid("project_id") },
        parent: if record_type.name == "MESSAGE" { row.uuid("execution_id") } else { row.uuid("parent_execution_id") },
    }
}

/// The parent of a subrecord: its type and its row, in the trash bin or not.
pub(super) async fn parent(tx: &mut Tx, record_type: &'static RecordType, row: &Row) -> Result<Option<(&'static RecordType, Row)>> {
    let Family::Subrecord { parent, column } = record_type.family else {
        return Err(Error::internal("the parent of a record that is no subrecord was asked for"));
    };
    let Some(id) = row.uuid(column) else { return Ok(None) };
    match parent {
        "*" => match row.text("parent_type").and_then(records::find) {
            Some(known) => Ok(tx.row_get(known, id, &Scope::All).await?.map(|row| (known, row))),
            None => find_any(tx, id).await,
        },
        name => {
            let known = self::record_type(name);
            Ok(tx.row_get(known, id, &Scope::All).await?.map(|row| (known, row)))
        }
    }
}

/// The live record of this id among all types that can have subrecords.
pub(super) async fn find_any(tx: &mut Tx, id: Uuid) -> Result<Option<(&'static RecordType, Row)>> {
    for known in records::TYPES.iter().copied().filter(|t| !t.is_subrecord()) {
        if let Some(row) = find(tx, known, id).await? {
            return Ok(Some((known, row)));
        }
    }
    Ok(None)
}
