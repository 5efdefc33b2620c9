//! The native module `_flow_api`: the core under the Python face `flow_api`, private to it.

mod awaitable;
pub(super) mod exception;
mod execution;
mod listing;
mod record;
mod registry;
mod step;
mod system;

use pyo3::prelude::*;

pub(super) use registry::handles;

/// The core of `flow_api`. Flows import `flow_api`, never this.
#[pymodule(name = "_flow_api")]
pub(super) mod _flow_api {
    #[pymodule_export]
    use super::awaitable::{_abandon, _attach, _begin, _is_read_elsewhere, _next, _read, _say, _socket, _stand_still, _went_off};
    #[pymodule_export]
    use super::execution::Execution;
    #[pymodule_export]
    use super::listing::RecordIterator;
    #[pymodule_export]
    use super::record::Record;
    #[pymodule_export]
    use super::registry::{_ask, _handle, _log_record, _near, _record_types, _register, _seed};
    #[pymodule_export]
    use super::system::System;
    #[pymodule_export]
    use crate::worker::look::_on_look;
    #[pymodule_export]
    use crate::worker::signal::{_on_cancel, _on_cpu_limit};
}
