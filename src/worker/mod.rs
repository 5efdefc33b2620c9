//! The worker side: the zygote role, its forked slots, and the Python host in them. The only place that names pyo3.
//!
//! Never here: a tokio runtime, a database, a secret. A slot talks to the server over one socket and to nobody else.

mod awaiting;
mod call_lock;
mod check;
mod clean;
mod control;
mod convert;
mod divergence;
mod escape;
mod event_loop;
mod facade;
mod handled;
mod installer;
mod interpreter;
mod look;
mod module;
mod outcome;
mod process;
mod replay;
mod run;
mod sandbox;
mod script;
mod session;
mod signal;
mod slot;
mod stream;
mod travel;
mod wire;
mod zygote;

pub use installer::main as installer_main;
pub use script::main as script_main;
pub use zygote::main as zygote_main;
