//! Panics of behaviour end as internal errors, and internal errors as status 500 where the answer is not a stream.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use rmcp::model::{ErrorData, Extensions};

use crate::behaviour::Fault;
use crate::{along, convert};

/// Goes along with a request and remembers whether it met an internal fault: `rmcp` answers those with status 200.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mishap(Arc<AtomicBool>);

impl Mishap {
    /// That of a request, which has one where its status can still be chosen.
    pub(crate) fn of(extensions: &Extensions) -> Option<Mishap> {
        along::find(extensions).cloned()
    }

    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The result of a piece of behaviour; a panic counts as an internal fault.
pub(crate) async fn run<T>(extensions: &Extensions, work: impl Future<Output = Result<T, Fault>>) -> Result<T, ErrorData> {
    caught(Mishap::of(extensions), work).await
}

/// The same, for work that outlives the request's extensions.
pub(crate) async fn caught<T>(mishap: Option<Mishap>, work: impl Future<Output = Result<T, Fault>>) -> Result<T, ErrorData> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    let result = outcome.unwrap_or_else(|payload| Err(Fault::Internal(format!("a handler panicked: {}", text(payload.as_ref())))));
    result.map_err(|fault| {
        if let Fault::Internal(message) = &fault {
            tracing::error!(error = message, "internal error behind an MCP request");
            if let Some(Mishap(happened)) = &mishap {
                happened.store(true, Ordering::Relaxed);
            }
        }
        convert::fault(fault)
    })
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
