//! Calls that take long leave the engine while they wait, and come back with their answer.
//!
//! The engine holds some 60 KiB for each request that is in it: channels, tasks, a future with room for every method. So the work
//! of a call that is not done within [`STAY`] goes on in the lane alone; once it is done, its message passes the engine a second
//! time, which only puts the answer into the shape of its revision. At most [`INSIDE`] calls are on their way in or out at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request};
use rmcp::model::{CallToolResponse, ErrorData, Extensions};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use crate::along;

/// Most calls are done by then, and those that come all at once are not in the engine all at once.
pub(crate) const STAY: Duration = Duration::from_millis(20);

/// Calls in the engine at once, but for those that are told how they go on: these stay.
pub(crate) const INSIDE: usize = 64;

pub(crate) type Outcome = Result<CallToolResponse, ErrorData>;
pub(crate) type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Goes along with a call that may leave, and is how the handler and the lane find each other.
#[derive(Clone)]
pub(crate) struct Leave(Arc<Mutex<Inside>>);

struct Inside {
    place: Place,
    /// One of [`INSIDE`].
    turn: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
enum Place {
    #[default]
    Here,
    Away(Box<Away>),
    Back(Box<Outcome>),
}

impl Leave {
    /// Of a call whose turn it is.
    pub(crate) fn new(turn: OwnedSemaphorePermit) -> Leave {
        Leave(Arc::new(Mutex::new(Inside { place: Place::Here, turn: Some(turn) })))
    }

    /// None where the call must stay.
    pub(crate) fn of(extensions: &Extensions) -> Option<&Leave> {
        along::find(extensions)
    }

    /// The handler's: the answer, of a call that comes back.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.take() {
            Place::Back(outcome) => Some(*outcome),
            Place::Here | Place::Away(_) => None,
        }
    }

    /// The handler's: it stays until it is done, so that it is nobody's turn less.
    pub(crate) fn stay(&self) {
        self.lock().turn = None;
    }

    /// The handler's: hands its work over. Whatever it answers the engine then is not sent.
    pub(crate) fn go(&self, away: Away) {
        self.lock().place = Place::Away(Box::new(away));
    }

    /// The lane's, once the engine has answered: the call that has left.
    pub(crate) fn away(&self) -> Option<Box<Away>> {
        self.stay();
        match self.take() {
            Place::Away(away) => Some(away),
            Place::Here | Place::Back(_) => None,
        }
    }

    /// The lane's: brings the answer along.
    fn bring(&self, outcome: Outcome) {
        self.lock().place = Place::Back(Box::new(outcome));
    }

    fn take(&self) -> Place {
        std::mem::take(&mut self.lock().place)
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that goes on outside the engine. Dropped, it is told that nobody waits for it, and comes to its end by itself.
pub(crate) struct Away {
    /// None once it is done.
    work: Option<Work>,
    gone: CancellationToken,
    parts: Parts,
}

impl Away {
    /// `parts` are those of the request, with which it comes back.
    pub(crate) fn new(work: Work, gone: CancellationToken, mut parts: Parts) -> Away {
        // It would hold itself.
        parts.extensions.remove::<Leave>();
        let_go(&mut parts);
        Away { work: Some(work), gone, parts }
    }

    /// The request once more, when the work is done and it has its `turn` again; it brings the answer along.
    pub(crate) async fn back(mut self: Box<Self>, body: Bytes, turn: impl Future<Output = OwnedSemaphorePermit>) -> Request<Bytes> {
        if let Some(work) = &mut self.work {
            let outcome = work.await;
            self.work = None;
            let leave = Leave::new(turn.await);
            leave.bring(outcome);
            self.parts.extensions.insert(leave);
        }
        Request::from_parts(self.parts.clone(), body)
    }
}

/// Copies what is a piece of the buffer that the request was read into, or that would be held for as long.
fn let_go(parts: &mut Parts) {
    for value in parts.headers.values_mut() {
        let is_sensitive = value.is_sensitive();
        *value = HeaderValue::from_bytes(value.as_bytes()).expect("it was a value before");
        value.set_sensitive(is_sensitive);
    }
    parts.uri = parts.uri.to_string().parse().expect("it was an address before");
}

impl Drop for Away {
    fn drop(&mut self) {
        let Some(work) = self.work.take() else { return };
        self.gone.cancel();
        // Without a runtime the server itself is ending.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(work);
        }
    }
}
