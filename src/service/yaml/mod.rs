//! YAML as documents are written in: read with the place of everything, written so that the same value is the same bytes.

mod read;
mod write;

pub use read::{Content, Node, documents};
pub use write::document;

#[cfg(test)]
mod tests;
