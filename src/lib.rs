//! Flowstead hosts Python flows: it keeps them, runs them, remembers every step, and serves them to people and agents.
//!
//! `ARCHITECTURE.md` has the drawing; each module's first sentence says what it is for.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod engine;
pub mod environment;
pub mod error;
pub mod folder;
pub mod http;
pub mod mcp;
pub mod protocol;
pub mod records;
pub mod service;
pub mod store;
mod telemetry;
pub mod worker;
