//! What is left of records that are gone: parts that may be many, deleted piece by piece.

use serde_json::json;
use uuid::Uuid;

use super::super::handle::Service;
use crate::error::{Error, Result};
use crate::records::{Family, TYPES};
use crate::store::{Row, Stretch, Write};

const TABLE: &str = "remains";
const KEY: &[&str] = &["record_id", "what"];
/// Rows of one transaction.
const PIECE: usize = 500;
/// Notes looked at together.
const NOTES: u32 = 100;

/// Which parts of a record are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Of {
    /// All that belonged to an execution.
    Execution,
    /// Its recorded calls and savepoints.
    Journal,
    Log,
    /// What any record may have, such as metadata and tags.
    Record,
    /// What a record was like.
    Versions,
}

/// Rows of one table that belong to a record.
struct Part {
    table: &'static str,
    /// The column that names the record.
    of: &'static str,
    key: &'static [&'static str],
    /// Numbers that put those of one record in an order: a stretch of them is found faster than each by its key.
    order: &'static [&'static str],
    /// Of one transaction: rows may be large.
    most: u32,
}

const STEPS: Part = Part { table: "execution_step", of: "execution_id", key: &[], order: &["epoch", "seq"], most: 500 };
const LOGS: Part = Part { table: "execution_log", of: "execution_id", key: &[], order: &["first_number"], most: 50 };
const SAVEPOINTS: Part = Part { table: "savepoint", of: "execution_id", key: &["id"], order: &[], most: 100 };
const MESSAGES: Part = Part { table: "message", of: "execution_id", key: &["id"], order: &[], most: 100 };
const VERSIONS: Part = Part { table: "record_version", of: "record_id", key: &["id"], order: &[], most: 200 };

impl Of {
    const ALL: [(Of, &'static str); 5] =
        [(Of::Execution, "execution"), (Of::Journal, "journal"), (Of::Log, "log"), (Of::Record, "record"), (Of::Versions, "versions")];

    fn name(self) -> &'static str {
        Of::ALL[self as usize].1
    }

    fn from_name(name: &str) -> Result<Of> {
        let found = Of::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(of, _)| *of).ok_or_else(|| Error::internal(format!("'{name}' of a record cannot be purged")))
    }

    /// The write that notes that these parts of a record are to go.
    pub(in super::super) fn note(self, record: Uuid) -> Write {
        let row = Row::from([("record_id", json!(record.to_string())), ("what", json!(self.name()))]);
        Write::Upsert { table: TABLE, key: KEY, row }
    }

    fn parts(self) -> Vec<Part> {
        match self {
            Of::Journal => vec![STEPS, SAVEPOINTS],
            Of::Log => vec![LOGS],
            Of::Versions => vec![VERSIONS],
            Of::Record => of_any(),
            Of::Execution => [STEPS, SAVEPOINTS, LOGS, MESSAGES].into_iter().chain(of_any()).collect(),
        }
    }
}

/// The subrecords that records of any type may have.
fn of_any() -> Vec<Part> {
    let part = |of: &&'static crate::records::RecordType| match of.family {
        Family::Subrecord { parent: "*", column } => Some(Part { table: of.singular, of: column, key: &["id"], order: &[], most: 200 }),
        _ => None,
    };
    TYPES.iter().filter_map(part).collect()
}

impl Service {
    /// Deletes what is left of records that are gone, also of an earlier purge that was cut off.
    pub(super) async fn purge_remains(&self) -> Result<()> {
        loop {
            let notes = self.store().keys_of((TABLE, KEY), None, NOTES).await?;
            if notes.is_empty() {
                return Ok(());
            }
            let mut piece = Piece::default();
            for note in notes {
                let of = Of::from_name(note.text("what").unwrap_or_default())?;
                if self.rest_of(of, note.text("record_id").unwrap_or_default(), &mut piece).await? {
                    piece.writes.push(Write::Delete { table: TABLE, key: KEY, row: note });
                }
                if piece.rows >= PIECE {
                    break;
                }
            }
            let work = self.store().transact(move |tx| {
                Box::pin(async move {
                    for stretch in &piece.stretches {
                        tx.delete_stretch(stretch).await?;
                    }
                    if piece.writes.is_empty() { Ok(()) } else { tx.apply(&piece.writes).await }
                })
            });
            let ((), commit) = work.await?;
            commit.wait().await?;
        }
    }

    /// Adds what deletes the next parts of a record; says whether these are the last.
    async fn rest_of(&self, of: Of, record: &str, piece: &mut Piece) -> Result<bool> {
        for part in of.parts() {
            if !part.order.is_empty() {
                let found = self.store().stretch((part.table, part.of), record, part.order, part.most).await?;
                let count = found.as_ref().map_or(0, |(_, count)| *count);
                piece.rows += count;
                piece.stretches.extend(found.map(|(stretch, _)| stretch));
                if count == part.most as usize {
                    return Ok(false);
                }
                continue;
            }
            let rows = self.store().keys_of((part.table, part.key), Some((part.of, record)), part.most).await?;
            let is_last = rows.len() < part.most as usize;
            piece.rows += rows.len();
            for row in rows {
                piece.writes.extend(beside(&part, &row));
                piece.writes.push(Write::Delete { table: part.table, key: part.key, row });
            }
            if !is_last {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What one transaction deletes.
#[derive(Default)]
struct Piece {
    stretches: Vec<Stretch>,
    writes: Vec<Write>,
    /// About how many rows it is.
    rows: usize,
}

/// What goes with a part.
fn beside(part: &Part, row: &Row) -> Option<Write> {
    let id = row.uuid("id")?;
    match part.table {
        "savepoint" => {
            let row = Row::from([("savepoint_id", json!(id.to_string()))]);
            Some(Write::Delete { table: "savepoint_content", key: &["savepoint_id"], row })
        }
        "message" => Some(Of::Record.note(id)),
        _ => None,
    }
}
