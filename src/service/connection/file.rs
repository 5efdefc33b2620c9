//! The files of a connection, as its execution sees them.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::super::actor::Actor;
use super::super::effect::Effects;
use super::super::file::Incoming;
use super::super::handle::Service;
use super::super::selector::Selector;
use super::super::spool::Content;
use super::mask::{Mask, Veil};
use crate::connectors::{Files, Log, Sink, Source};
use crate::error::Result;
use crate::store::BlobRead;

/// What a connection did to files, as they are asked for.
#[derive(Default)]
pub(super) struct Touched {
    has_read: AtomicBool,
    has_written: AtomicBool,
}

impl Touched {
    /// A file that was written may have been there before.
    pub fn effects(&self) -> Effects {
        let of = |flag: &AtomicBool, kind| if flag.load(Ordering::Relaxed) { kind } else { Effects::default() };
        of(&self.has_read, Effects::READ) | of(&self.has_written, Effects::CHANGED)
    }
}

/// The files of an execution's place.
pub(super) struct AsExecution<'a> {
    pub service: &'a Service,
    pub actor: &'a Actor,
    pub touched: &'a Touched,
    /// Takes the secrets of the connection out of what the other side sends.
    pub mask: Mask,
    pub log: Log,
}

impl Files for AsExecution<'_> {
    fn open<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Source>> {
        self.touched.has_read.store(true, Ordering::Relaxed);
        async move {
            let file = self.service.file_open(self.actor, &Selector::Name(name.to_owned())).await?;
            let pieces = stream::try_unfold(file.read(0..file.size), next).boxed();
            Ok(Source { size: file.size, pieces })
        }
        .boxed()
    }

    fn begin<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Box<dyn Sink>>> {
        self.touched.has_written.store(true, Ordering::Relaxed);
        async move {
            let incoming = self.service.file_begin(self.actor, Selector::Name(name.to_owned()), None).await?;
            let (service, veil) = (self.service.clone(), self.mask.begin());
            Ok(Box::new(Receiving { service, incoming, size: 0, veil, name: name.to_owned(), log: self.log.clone() }) as Box<dyn Sink>)
        }
        .boxed()
    }

    fn write<'a>(&'a self, name: &'a str, content: Bytes) -> BoxFuture<'a, Result<()>> {
        self.touched.has_written.store(true, Ordering::Relaxed);
        async move {
            let mut incoming = self.service.file_begin(self.actor, Selector::Name(name.to_owned()), None).await?;
            incoming.take(&content).await?;
            self.service.file_finish(incoming).await?.commit.wait().await
        }
        .boxed()
    }

    fn replace<'a>(&'a self, name: &'a str, content: Bytes, old: Bytes) -> BoxFuture<'a, Result<()>> {
        self.touched.has_written.store(true, Ordering::Relaxed);
        async move {
            let tag = Content::from(old).sha256;
            let mut incoming = self.service.file_begin(self.actor, Selector::Name(name.to_owned()), Some(&tag)).await?;
            incoming.take(&content).await?;
            self.service.file_finish(incoming).await?.commit.wait().await
        }
        .boxed()
    }
}

async fn next(mut read: BlobRead) -> Result<Option<(Bytes, BlobRead)>> {
    Ok(read.next().await?.map(|piece| (piece, read)))
}

struct Receiving {
    service: Service,
    incoming: Incoming,
    size: u64,
    veil: Veil,
    name: String,
    log: Log,
}

impl Sink for Receiving {
    fn take<'a>(&'a mut self, bytes: &'a [u8]) -> BoxFuture<'a, Result<()>> {
        self.size += bytes.len() as u64;
        async move { self.incoming.take(&self.veil.take(bytes)).await }.boxed()
    }

    fn finish(mut self: Box<Self>) -> BoxFuture<'static, Result<u64>> {
        async move {
            self.incoming.take(&self.veil.finish()).await?;
            if self.veil.is_used() {
                self.log.warning(format!(
                    "A secret of this connection stood in what became the FILE '{}'; it is overwritten there.",
                    self.name
                ));
            }
            self.service.file_finish(self.incoming).await?.commit.wait().await?;
            Ok(self.size)
        }
        .boxed()
    }
}
