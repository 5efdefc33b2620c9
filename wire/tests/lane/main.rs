//! The wire alone: messages in, answers out, over a behaviour made for the test.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ask;
mod call;
mod era;
mod fake;
mod leave;
mod listen;
mod refusal;
mod session;
mod task;
