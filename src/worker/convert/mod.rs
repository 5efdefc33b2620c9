//! JSON text to Python objects and back, directly: no tree of values in between.

mod decode;
mod encode;

pub(super) use decode::decode;
pub(super) use encode::{ObjectText, encode, encode_lenient, push_text};

/// How deep values may be nested; the JSON readers on the way allow 128, and messages wrap values in a few levels.
const MAX_DEPTH: usize = 100;
