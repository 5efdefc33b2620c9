//! Content on its way in: counted and hashed as it comes, in memory while it is short, in a file without a name beyond.
//!
//! Content is kept under its hash, which is known at its end: until then it lies beside the store, where a broken transfer leaves
//! nothing behind.

use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use crate::error::{Error, Kind, Result};
use crate::store::Row;

/// Bytes held in memory.
const HELD: usize = 1 << 20;

/// Content that is not whole yet.
pub(super) struct Spool {
    folder: PathBuf,
    limit: u64,
    hash: Sha256,
    size: u64,
    held: BytesMut,
    file: Option<File>,
}

/// Content that came in whole.
pub struct Content {
    /// 64 hex digits.
    pub(super) sha256: String,
    pub(super) size: u64,
    pub(super) body: Body,
}

pub(super) enum Body {
    Held(Bytes),
    /// At its beginning.
    File(File),
    /// The store has it.
    Stored,
}

impl Content {
    /// What this FILE has; `None` where nothing was written yet.
    pub(super) fn stored(file: &Row) -> Option<Content> {
        let size = file.integer("content_size_bytes").and_then(|size| u64::try_from(size).ok())?;
        Some(Content { sha256: file.text("sha256")?.to_owned(), size, body: Body::Stored })
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Content {
        Content { sha256: hex::encode(Sha256::digest(&bytes)), size: bytes.len() as u64, body: Body::Held(bytes) }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Content {
        Bytes::from(bytes).into()
    }
}

/// The refusal of content with more than `limit` bytes.
pub(super) fn too_large(limit: u64) -> Error {
    let text = format!("This is larger than the {limit} bytes that are accepted here.");
    Error::new(Kind::TooLarge, text).details(json!({ "limit_bytes": limit }))
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::new(Kind::Unavailable, format!("The content could not be written to the server's disk: {error}."))
}

impl Spool {
    /// Of at most `limit` bytes; long content lies on the disk of `folder`.
    pub(super) fn new(folder: PathBuf, limit: u64) -> Spool {
        Spool { folder, limit, hash: Sha256::new(), size: 0, held: BytesMut::new(), file: None }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Takes the next bytes.
    pub(super) async fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(too_large(self.limit));
        }
        self.hash.update(bytes);
        self.held.extend_from_slice(bytes);
        if self.held.len() > HELD { self.put_down().await } else { Ok(()) }
    }

    async fn put_down(&mut self) -> Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let unnamed = tempfile::tempfile_in(&self.folder).map_err(|e| unwritable(&e))?;
                self.file.insert(File::from_std(unnamed))
            }
        };
        file.write_all(&self.held).await.map_err(|e| unwritable(&e))?;
        self.held.clear();
        Ok(())
    }

    /// All of it.
    pub(super) async fn finish(mut self) -> Result<Content> {
        if self.file.is_some() {
            self.put_down().await?;
        }
        let body = match self.file {
            None => Body::Held(self.held.freeze()),
            Some(mut file) => {
                file.flush().await.map_err(|e| unwritable(&e))?;
                file.rewind().await.map_err(|e| unwritable(&e))?;
                Body::File(file)
            }
        };
        Ok(Content { sha256: hex::encode(self.hash.finalize()), size: self.size, body })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn long_content_goes_to_a_file_without_a_name_and_comes_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        for (size, is_held) in [(0, true), (HELD, true), (HELD + 1, false), (3 * HELD + 7, false)] {
            let bytes: Vec<u8> = (0..=250).cycle().take(size).collect();
            let mut spool = Spool::new(folder.path().to_owned(), 4 * HELD as u64);
            for chunk in bytes.chunks(100_000) {
                spool.take(chunk).await.unwrap();
                assert!(spool.held.len() <= HELD);
            }
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing has to be cleared away");
            let content = spool.finish().await.unwrap();
            assert_eq!((content.size, &content.sha256), (size as u64, &Content::from(bytes.clone()).sha256));
            let read = match content.body {
                Body::Held(held) => {
                    assert!(is_held);
                    held.to_vec()
                }
                Body::File(mut file) => {
                    assert!(!is_held);
                    let mut read = Vec::new();
                    file.read_to_end(&mut read).await.unwrap();
                    read
                }
                Body::Stored => panic!("nobody has stored it yet"),
            };
            assert!(read == bytes);
        }
    }

    #[tokio::test]
    async fn what_is_larger_than_its_limit_is_refused_at_the_byte_too_many() {
        let mut spool = Spool::new(std::env::temp_dir(), 10);
        spool.take(b"0123456789").await.unwrap();
        assert_eq!(spool.take(b"x").await.unwrap_err().kind(), Kind::TooLarge);
        let mut nowhere = Spool::new("/no/such/folder".into(), u64::MAX);
        assert_eq!(nowhere.take(&vec![0; HELD + 1]).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
