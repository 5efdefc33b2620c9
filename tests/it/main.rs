//! One integration binary; one module per subject.
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "helpers of tests may fail the test and take what reads best"
)]

mod app;
mod bad_flow;
mod bad_request;
mod client;
mod flows;
mod kill;
mod rest_auth;
mod server;
mod slot_rig;
mod worker_api;
mod worker_hello;
mod worker_mishap;
mod worker_process;
mod worker_replay;
mod worker_signal;
mod worker_stream;
mod worker_value;
