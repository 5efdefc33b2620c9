//! One integration binary; one module per subject.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod app;
mod bad_flow;
mod bad_request;
mod cli_bridge;
mod cli_editor;
mod client;
mod control_socket;
mod coverage;
mod fixture;
mod flows;
mod kill;
mod mcp_client;
mod mcp_wire;
mod openapi;
mod rest_auth;
mod rest_error;
mod rest_execution;
mod rest_file;
mod rest_list;
mod rest_log;
mod rest_record;
mod rights;
mod server;
mod slot_rig;
mod stream;
mod tidy;
mod typings_route;
mod worker_api;
mod worker_hello;
mod worker_mishap;
mod worker_process;
mod worker_replay;
mod worker_signal;
mod worker_stream;
mod worker_value;
