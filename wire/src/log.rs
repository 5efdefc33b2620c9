//! Log entries of a call on their way to a client that asked for them.

use serde_json::Value;
use tokio::sync::mpsc;

/// How much an entry matters; a client names the least it wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Debug,
    Info,
    Warning,
    Error,
    /// Nothing of ours is that grave: whoever asks for it hears nothing.
    Critical,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    pub level: LogLevel,
    /// Who wrote it.
    pub logger: Option<String>,
    pub data: Value,
}

/// Where a call tells what is logged. What the wire cannot take at once is dropped: the log itself has it.
#[derive(Clone, Debug)]
pub struct LogSink {
    sender: mpsc::Sender<LogLine>,
    least: LogLevel,
}

impl LogSink {
    /// A sink for entries of at least this level, and the end the wire reads.
    pub fn channel(least: LogLevel) -> (LogSink, mpsc::Receiver<LogLine>) {
        let (sender, receiver) = mpsc::channel(256);
        (LogSink { sender, least }, receiver)
    }

    pub fn tell(&self, line: LogLine) {
        if line.level >= self.least {
            // Full or closed: see above.
            let _ = self.sender.try_send(line);
        }
    }
}
