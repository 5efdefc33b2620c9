//! The service: who may do what. The only way in for every door, flow code included.
//!
//! It never speaks SQL and never runs Python: rows go to the store, executions to the engine as commands.

mod cache;
mod event;
mod password;
mod rights;
mod schema_check;
mod throttle;
mod token;

pub use event::{Events, Subscription, Topic};
pub use rights::{Operation, Permission, PermissionSet, Reach, Rights};
pub use schema_check::{Breach, Schema};
