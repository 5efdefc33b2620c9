//! One integration binary; one module per subject.

mod flows;
mod server;
mod slot_rig;
mod worker_hello;
