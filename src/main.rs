//! The binary: chooses its role before any runtime exists.

fn main() {}
