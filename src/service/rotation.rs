//! Other keys in the key file: all values are sealed anew, a few at a time, the audit log goes on under the new base, and the
//! older keys are dropped.
//!
//! It may be cut off anywhere. The new keys are in their file before anything is done with them, and the older ones leave the file
//! after the last thing that needs them; until then all are there, and the next start goes on.

use std::path::PathBuf;

use serde_json::Value;
use uuid::Uuid;

use super::actor::{Actor, Identity};
use super::audit::Deed;
use super::handle::Service;
use super::key_file::Keys;
use super::row::id_of;
use super::seal::{self, Place};
use crate::error::{Error, Kind, Result};
use crate::records::{RecordType, TYPES};
use crate::store::{Filter, ListQuery, Op, Row, Scope, Tx, Write};

/// Rows of one transaction, so that none holds up the others for long.
const CHUNK: u32 = 100;

/// What a rotation did.
#[derive(Debug)]
pub struct Rotated {
    /// Of the key in use now.
    pub number: u32,
    /// Values sealed anew.
    pub values: u64,
    /// The key file as it was before.
    pub kept: PathBuf,
}

/// A part of a table with a sealed column, on the way through it.
#[derive(Clone, Copy)]
struct Walk {
    of: &'static RecordType,
    column: &'static str,
    trash: bool,
    /// The last row seen.
    after: Option<Uuid>,
}

/// What came of one chunk.
#[derive(Default)]
struct Chunk {
    sealed: u64,
    broken: u64,
    last: Option<Uuid>,
}

impl Service {
    /// Makes new keys and takes them into use for everything. For the server itself alone. While another rotation is under
    /// way, it is a conflict.
    pub async fn keys_rotate(&self, actor: &Actor) -> Result<Rotated> {
        if !matches!(actor.identity, Identity::System) {
            return Err(Error::new(Kind::Forbidden, "The key file is changed from the command line, with `flowstead key-file rotate`."));
        }
        let busy = |_| Error::conflict("A rotation of the keys or a backup is under way; repeat this when it is finished.");
        let _turn = self.seals().rotation.try_lock().map_err(busy)?;
        let (keys, kept) = self.keys_begin().await?;
        let values = self.keys_settle().await?;
        let details = serde_json::json!({ "number": keys.current().0, "base": keys.base().0, "values": values });
        self.audit_alone(actor, Deed { operation: "key_file_rotate", details: Some(&details), ..Deed::default() }, "ok");
        self.store().barrier().await?;
        Ok(Rotated { number: keys.current().0, values, kept })
    }

    /// Writes new keys down beside those in use; gives all of them, and where the file as it was is kept. Whoever calls this
    /// holds the turn.
    pub(super) async fn keys_begin(&self) -> Result<(Keys, PathBuf)> {
        let seals = self.seals();
        let keys = seals.keys().with_another()?;
        let kept = seals.file().keep(keys.current().0)?;
        seals.file().write(&keys)?;
        seals.replace(keys.clone());
        seal::checks_write(self.store(), &keys).await?;
        Ok((keys, kept))
    }

    /// Goes on with a rotation that was cut off.
    pub(crate) async fn keys_resume(self) {
        let _turn = self.seals().rotation.lock().await;
        if !self.seals().keys().is_rotating() {
            return;
        }
        match self.keys_settle().await {
            Ok(values) => tracing::info!(values, "a rotation of keys that was cut off is finished"),
            Err(error) => tracing::error!(%error, "a rotation of keys that was cut off could not be finished"),
        }
    }

    /// Does with the newest keys what was done with others, then drops the others. Whoever calls this holds the turn.
    async fn keys_settle(&self) -> Result<u64> {
        self.seals().past_keep(self.store()).await?;
        self.audit_rekey().await?;
        let (sealed, broken) = self.reseal_all().await?;
        self.store().barrier().await?;
        if broken > 0 {
            let text = format!("{broken} sealed values do not open with any key; the older keys stay. The server's log names them.");
            return Err(Error::new(Kind::Conflict, text));
        }
        let keys = self.seals().keys().only_current();
        seal::checks_write(self.store(), &keys).await?;
        self.seals().file().write(&keys)?;
        self.seals().replace(keys);
        Ok(sealed)
    }

    /// Seals with the current key what another one sealed; gives how many values, and how many do not open.
    pub(super) async fn reseal_all(&self) -> Result<(u64, u64)> {
        let (mut sealed, mut broken) = (0, 0);
        for of in TYPES.iter().copied().filter(|of| !of.is_derived) {
            for field in seal::enciphered(of) {
                for trash in [false, true].into_iter().filter(|trash| !trash || of.has_trash()) {
                    let mut walk = Walk { of, column: field.name, trash, after: None };
                    loop {
                        let service = self.clone();
                        let chunk = self.store().transact(move |tx| Box::pin(async move { service.reseal(tx, walk).await })).await?.0;
                        sealed += chunk.sealed;
                        broken += chunk.broken;
                        walk.after = chunk.last;
                        if walk.after.is_none() {
                            break;
                        }
                    }
                }
            }
        }
        Ok((sealed, broken))
    }

    async fn reseal(&self, tx: &mut Tx, walk: Walk) -> Result<Chunk> {
        let rows = tx.row_list(walk.of, &query(&walk, &seal::prefix(&self.seals().keys())), &Scope::All).await?.items;
        let is_last = rows.len() < CHUNK as usize;
        let mut chunk = Chunk::default();
        let mut writes = Vec::with_capacity(rows.len());
        for row in &rows {
            match self.resealed(walk, row) {
                Ok(write) => {
                    writes.push(write);
                    chunk.sealed += 1;
                }
                Err(error) => {
                    tracing::error!(%error, "a value could not be sealed anew");
                    chunk.broken += 1;
                }
            }
        }
        tx.apply(&writes).await?;
        chunk.last = rows.last().filter(|_| !is_last).map(id_of);
        Ok(chunk)
    }

    fn resealed(&self, walk: Walk, row: &Row) -> Result<Write> {
        let id = id_of(row).to_string();
        let place = Place { record_type: walk.of.name, id: &id, column: walk.column };
        let value = self.seals().open_value(place, row.text(walk.column).unwrap_or_default())?;
        let sealed = self.seals().seal(place, &value)?;
        // With its version, which a write of nothing new must not raise.
        let mut columns = Row::from([("id", id.into()), ("version", row.version().into())]);
        columns.set(walk.column, sealed);
        Ok(Write::Update { table: walk.of.singular, key: &["id"], row: columns })
    }
}

/// The next rows whose value another key has sealed. A JSON column holds it in quotes.
fn query(walk: &Walk, prefix: &str) -> ListQuery {
    let of_column = |op, value: Value| Filter::Compare { column: walk.column, op, value };
    let mut parts = vec![of_column(Op::Set, Value::Null), of_column(Op::Notlike, format!("%{prefix}%").into())];
    if let Some(id) = walk.after {
        parts.push(Filter::Compare { column: "id", op: Op::Gt, value: id.to_string().into() });
    }
    let fields = Some(vec![walk.column.to_owned(), "version".to_owned()]);
    ListQuery { filter: Some(Filter::And(parts)), fields, limit: CHUNK, trash: walk.trash, ..ListQuery::default() }
}
