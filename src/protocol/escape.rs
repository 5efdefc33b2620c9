//! What a slot says when flow code is about to reach outside flow_api.

use serde::{Deserialize, Serialize};

/// ESCAPE: the first act of an epoch that a replay could repeat without anybody knowing. The thread that is about to do it
/// stands still until the server opens the slot's gate, which it does once this is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escape {
    /// Python's audit event, such as `socket.connect`; or the system call, such as `connect`.
    pub event: String,
    /// What it is about, in short: an address, a path, a program.
    pub argument: String,
    /// The innermost frame in the flow's script; where there is none (a thread that runs a library's function), the innermost of all.
    pub file: String,
    /// 0 where only the kernel saw it: native code has no line.
    pub line: u32,
    pub function: String,
}

/// Longest text kept, in characters.
const SHOWN: usize = 500;

impl Escape {
    /// With its texts cut to a length that can be shown: a slot can write what it likes.
    #[must_use]
    pub fn capped(mut self) -> Escape {
        for text in [&mut self.event, &mut self.argument, &mut self.file, &mut self.function] {
            if let Some((at, _)) = text.char_indices().nth(SHOWN) {
                text.truncate(at);
            }
        }
        self
    }
}

impl std::fmt::Display for Escape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 {
            write!(f, "a place in native code that {} called", self.file)?;
        } else {
            write!(f, "line {} of {}", self.line, self.file)?;
        }
        if self.line != 0 && self.function != "<module>" {
            write!(f, " (in {})", self.function)?;
        }
        write!(f, ": {}", self.event)?;
        if !self.argument.is_empty() {
            write!(f, " {}", self.argument)?;
        }
        Ok(())
    }
}
