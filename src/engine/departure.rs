//! Nothing leaves the server before what it follows from is on disk. One connection that leaves has a commit of its own; when many do
//! at once, they share one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use crate::store::Store;

/// From this many on that are under way, the next ones go together.
const MANY: usize = 8;
/// How long the first one waits for others.
const COMPANY: Duration = Duration::from_millis(1);

/// What connections are under way, and the next departure.
#[derive(Default)]
pub struct Departures {
    under_way: Arc<()>,
    next: Option<Departure>,
}

struct Departure {
    /// A lock, no atomic: what was submitted before somebody found this open is seen by the barrier that comes after it was closed.
    is_closed: Arc<Mutex<bool>>,
    left: Shared<BoxFuture<'static, bool>>,
}

/// One that leaves, until it is dropped.
pub struct Ticket {
    left: BoxFuture<'static, bool>,
    _under_way: Arc<()>,
}

impl Ticket {
    /// Waits until everything that was submitted before the ticket was given is on disk. Returns false if something of it is lost.
    pub async fn leave(&mut self) -> bool {
        (&mut self.left).await
    }
}

impl Departures {
    /// A ticket for what was just submitted.
    pub fn ticket(&mut self, store: &Store) -> Ticket {
        let is_one_of_many = Arc::strong_count(&self.under_way) > MANY;
        let under_way = self.under_way.clone();
        if !is_one_of_many {
            let store = store.clone();
            return Ticket { left: async move { store.barrier().await.is_ok() }.boxed(), _under_way: under_way };
        }
        let departure = match self.next.take() {
            Some(departure) if departure.is_open() => departure,
            _ => Departure::begin(store.clone()),
        };
        let left = departure.left.clone().boxed();
        self.next = Some(departure);
        Ticket { left, _under_way: under_way }
    }
}

impl Departure {
    fn is_open(&self) -> bool {
        !*self.is_closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(store: Store) -> Departure {
        let is_closed = Arc::new(Mutex::new(false));
        let closed = is_closed.clone();
        let left = async move {
            tokio::time::sleep(COMPANY).await;
            // Who comes from here on may have submitted something that the barrier does not cover.
            *closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
            store.barrier().await.is_ok()
        };
        Departure { is_closed, left: left.boxed().shared() }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use serde_json::json;

    use super::*;
    use crate::store::{Durability, Options, Row, Unit, Write};

    #[tokio::test]
    async fn many_share_a_commit_and_none_leaves_before_what_it_follows_from_is_on_disk() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let options = Options { folder: folder.path().to_owned(), durability: Durability::Normal };
        let store = Store::open(options).await.expect("the store opens");
        let (mut departures, mut tickets) = (Departures::default(), Vec::new());
        let before = store.statements();
        for n in 0..200 {
            let row = Row::from([("key", json!(format!("departure {n}"))), ("value", json!("x"))]);
            // Such a unit is on disk after some milliseconds, if nobody asks for it.
            let commit = store.submit(Unit { writes: vec![Write::Upsert { table: "meta", key: &["key"], row }], lazy: true });
            tickets.push((departures.ticket(&store), commit));
        }
        let leaving = tickets.into_iter().map(|(mut ticket, commit)| async move {
            assert!(ticket.leave().await, "nothing is lost");
            tokio::task::unconstrained(commit.wait()).now_or_never().expect("it is on disk").expect("it was taken");
        });
        futures_util::future::join_all(leaving).await;
        let statements = store.statements() - before;
        assert!(statements < 100, "{statements} statements for 200 that left together");
        assert_eq!(Arc::strong_count(&departures.under_way), 1, "all have left");
        let alone = departures.ticket(&store).leave().await;
        assert!(alone && departures.next.as_ref().is_some_and(|last| !last.is_open()), "the last departure takes nobody any more");
    }
}
