//! The files of a connection's execution: they come and go piece by piece, and none is in memory as a whole unless asked for.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::error::Result;

/// The files that a connection may read and write, with the rights of its execution.
pub trait Files: Sync {
    /// The content of a file, to be read piece by piece.
    fn open<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Source>>;

    /// Begins to write a file; one that exists is replaced when it is finished. Who may not write it is refused before the first byte.
    /// For what others send: secrets of the connection are overwritten in it.
    fn begin<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Box<dyn Sink>>>;

    /// The content of a file, whole: for what must be in memory anyway.
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Bytes>> {
        Box::pin(async move { self.open(name).await?.whole().await })
    }

    /// Writes a file whose content was made here, as it is.
    fn write<'a>(&'a self, name: &'a str, content: Bytes) -> BoxFuture<'a, Result<()>>;

    /// Writes a file that has the content `old`; one that has other content by now is [`crate::error::Kind::PreconditionFailed`].
    fn replace<'a>(&'a self, name: &'a str, content: Bytes, old: Bytes) -> BoxFuture<'a, Result<()>>;
}

/// Content on its way out.
pub struct Source {
    /// Bytes of all pieces together.
    pub size: u64,
    pub pieces: BoxStream<'static, Result<Bytes>>,
}

impl Source {
    async fn whole(mut self) -> Result<Bytes> {
        let mut content = BytesMut::with_capacity(usize::try_from(self.size).unwrap_or(0));
        while let Some(piece) = self.pieces.next().await {
            content.extend_from_slice(&piece?);
        }
        Ok(content.freeze())
    }
}

/// Content on its way in. Dropped before its end, it leaves nothing behind.
pub trait Sink: Send {
    /// Takes the next bytes. More than a file may have are refused.
    fn take<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<()>>;

    /// The file has this content from now on. Gives its size in bytes.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<u64>>;
}
