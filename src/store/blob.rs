//! Content by its hash: scripts, files, large values. Written once, never changed, in pieces that hold up nobody.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, Row as _};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::open::{Store, fault};
use super::row::Row;
use super::unit::{Unit, Write};
use crate::error::{Error, Result};

/// Bytes of one piece.
const PIECE: usize = 1 << 20;
/// Content from here on is hashed on a thread of its own.
const LONG: usize = 4 << 20;
/// Marks on content that nothing named; whoever writes content takes its mark away.
const UNUSED: &str = "blob_unused";

/// The name of content: its BLAKE3 hash as 64 hex digits.
pub fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

impl Store {
    /// The content with this hash.
    pub async fn blob(&self, hash: &str) -> Result<Option<Bytes>> {
        let Some(size) = self.blob_size(hash).await? else { return Ok(None) };
        let mut content = BytesMut::with_capacity(usize::try_from(size).unwrap_or(0));
        self.counter().fetch_add(1, Ordering::Relaxed);
        let mut pieces = sqlx::query("select content from blob_piece where hash = $1 order by number").bind(hash).fetch(self.readers());
        while let Some(piece) = pieces.try_next().await.map_err(fault)? {
            content.extend_from_slice(piece.try_get::<&[u8], _>(0).map_err(fault)?);
        }
        if content.len() as u64 == size {
            Ok(Some(content.freeze()))
        } else {
            Err(Error::internal(format!("the content {hash} has {} bytes instead of {size}", content.len())))
        }
    }

    /// The size in bytes of the content with this hash.
    pub async fn blob_size(&self, hash: &str) -> Result<Option<u64>> {
        self.counter().fetch_add(1, Ordering::Relaxed);
        let found = sqlx::query("select size from blob where hash = $1").bind(hash).fetch_optional(self.readers()).await.map_err(fault)?;
        found.map(|row| row.try_get::<i64, _>(0).map(|size| u64::try_from(size).unwrap_or(0)).map_err(fault)).transpose()
    }

    /// Stores content and returns its hash.
    pub async fn blob_put(&self, content: Bytes) -> Result<String> {
        let hash = if content.len() < LONG {
            hash(&content)
        } else {
            let content = content.clone();
            tokio::task::spawn_blocking(move || hash(&content)).await.map_err(|e| Error::internal("hashing failed").source_error(e))?
        };
        self.blob_store(&hash, &content).await?;
        Ok(hash)
    }

    /// Stores content under a hash of the caller's choice.
    pub async fn blob_store(&self, hash: &str, content: &Bytes) -> Result<()> {
        self.blob_store_from(hash, content.len() as u64, &content[..]).await
    }

    /// Stores the next `size` bytes of `source` under a hash of the caller's choice; no more than a piece is held. Pieces go to
    /// disk one after another, between the units of others; the content exists from the last one on, and what was cut off is
    /// taken up by the next call.
    pub async fn blob_store_from(&self, hash: &str, size: u64, mut source: impl AsyncRead + Unpin) -> Result<()> {
        if self.blob_keep(hash).await? {
            return Ok(());
        }
        let (mut left, mut number) = (size, 0);
        while left > 0 {
            let length = left.min(PIECE as u64);
            let mut content = BytesMut::zeroed(usize::try_from(length).unwrap_or(PIECE));
            let read = source.read_exact(&mut content).await;
            read.map_err(|e| Error::internal("content that was put down cannot be read").source_error(e))?;
            let piece = Write::BlobPiece { hash: hash.to_owned(), number, content: content.freeze() };
            self.submit(Unit { writes: vec![piece], lazy: false }).wait().await?;
            left -= length;
            number += 1;
        }
        let seal = Write::BlobSeal { hash: hash.to_owned(), size };
        self.submit(Unit { writes: vec![seal], lazy: false }).wait().await
    }

    /// Reads a part of content that is there, from the first byte to the one before the last.
    pub fn blob_read(&self, hash: &str, range: Range<u64>) -> BlobRead {
        BlobRead { store: self.clone(), hash: hash.to_owned(), next: range.start, end: range.end }
    }
}

/// Content on its way out, a piece at a time. Between two of them it holds no connection, so that a slow reader keeps nobody waiting.
pub struct BlobRead {
    store: Store,
    hash: String,
    next: u64,
    end: u64,
}

impl BlobRead {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.next >= self.end {
            return Ok(None);
        }
        let gone = || Error::internal(format!("the content {} is gone, or shorter than it should be", self.hash));
        let number = i64::try_from(self.next / PIECE as u64).map_err(|_| gone())?;
        self.store.counter().fetch_add(1, Ordering::Relaxed);
        let find = sqlx::query("select content from blob_piece where hash = $1 and number = $2").bind(&self.hash).bind(number);
        let found = find.fetch_optional(self.store.readers()).await.map_err(fault)?.ok_or_else(gone)?;
        let piece = found.try_get::<&[u8], _>(0).map_err(fault)?;
        let from = usize::try_from(self.next % PIECE as u64).map_err(|_| gone())?;
        let wanted = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let part = piece.get(from..piece.len().min(from.saturating_add(wanted))).filter(|part| !part.is_empty()).ok_or_else(gone)?;
        self.next += part.len() as u64;
        Ok(Some(Bytes::copy_from_slice(part)))
    }
}

impl Store {
    /// Whether the content is there. If it is, it counts as used from now on: see retention.
    async fn blob_keep(&self, hash: &str) -> Result<bool> {
        let hash = hash.to_owned();
        let (is_there, commit) = self
            .transact(move |tx| {
                Box::pin(async move {
                    let is_there = tx.aside("blob", &["hash"], ("hash", &hash)).await?.is_some();
                    if is_there && tx.aside(UNUSED, &["hash"], ("hash", &hash)).await?.is_some() {
                        let row = Row::from([("hash", hash.into())]);
                        tx.apply(&[Write::Delete { table: UNUSED, key: &["hash"], row }]).await?;
                    }
                    Ok(is_there)
                })
            })
            .await?;
        commit.wait().await?;
        Ok(is_there)
    }
}

/// Appends the statements that store what `write` says, if it is about a blob.
pub(super) fn put(write: &Write, sql: &mut String, arguments: &mut SqliteArguments) -> Result<(), sqlx::error::BoxDynError> {
    match write {
        Write::Blob { hash, content } => {
            for (number, start) in (0..).zip((0..content.len()).step_by(PIECE)) {
                piece((hash, number), &content[start..content.len().min(start + PIECE)], sql, arguments)?;
            }
            seal(hash, content.len() as u64, sql, arguments)
        }
        Write::BlobPiece { hash, number, content } => piece((hash, *number), content, sql, arguments),
        Write::BlobSeal { hash, size } => seal(hash, *size, sql, arguments),
        Write::Insert { .. } | Write::Upsert { .. } | Write::Update { .. } | Write::Delete { .. } | Write::Audit { .. } => Ok(()),
    }
}

fn piece(
    (hash, number): (&str, u32),
    content: &[u8],
    sql: &mut String,
    arguments: &mut SqliteArguments,
) -> Result<(), sqlx::error::BoxDynError> {
    let n = arguments.len();
    arguments.add(hash.to_owned())?;
    arguments.add(i64::from(number))?;
    arguments.add(content.to_vec())?;
    let _ = write!(
        sql,
        "insert into blob_piece (hash, number, content) values (${0}, ${1}, ${2}) on conflict (hash, number) do nothing; \
         delete from {UNUSED} where hash = ${0};",
        n + 1,
        n + 2,
        n + 3
    );
    Ok(())
}

fn seal(hash: &str, size: u64, sql: &mut String, arguments: &mut SqliteArguments) -> Result<(), sqlx::error::BoxDynError> {
    let n = arguments.len();
    arguments.add(hash.to_owned())?;
    arguments.add(i64::try_from(size)?)?;
    let _ = write!(
        sql,
        "insert into blob (hash, size) values (${0}, ${1}) on conflict (hash) do nothing; delete from {UNUSED} where hash = ${0};",
        n + 1,
        n + 2
    );
    Ok(())
}
