//! The store: the only place that names SQL. One writer with group commit, a pool of readers.
//!
//! Everything above hands over rows and units of writes; nothing above sees a connection.

mod blob;
mod chain;
mod checkpoint;
mod dialect;
mod domain;
mod effect;
mod environment;
mod filter;
mod fold;
mod inbox;
mod journal;
mod lease;
mod limit;
mod meta;
mod metric;
mod open;
mod open_call;
mod queue;
mod read;
mod retention;
mod row;
mod savepoint;
mod session;
mod snapshot;
mod tx;
mod unit;
mod writer;

pub use blob::{BlobRead, hash as blob_hash};
pub use chain::{Edge, Head, Segment};
pub use effect::EffectCount;
pub use filter::{Filter, ListQuery, Op, Order};
pub use journal::{LogChunk, LogEntry, LogPosition, LogQuery, StepName, StepRange, StepRow};
pub use lease::Lease;
pub use limit::{LimitOf, MAX_RUNNING, RunLimit};
pub use metric::{Tally, TallyBy, TallyQuery};
pub use open::{Durability, Options, Store};
pub use open_call::OpenCall;
pub use queue::Fence;
pub use read::{Page, Region, Scope};
pub use retention::{Ended, Loose, Stretch};
pub use row::{Column, Row};
pub use savepoint::Savepoint;
pub use snapshot::{Follow, Held};
pub use tx::{Tx, TxFuture};
pub use unit::{Commit, Unit, Write};

#[cfg(test)]
mod tests;
