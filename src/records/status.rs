//! The states of an execution, as data: names and which of them are ends. The transitions live in `engine::state`.

use serde::{Deserialize, Serialize};

/// Where an execution stands. Interruption is not a state: a lost slot or server leads back to `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Created,
    Pending,
    Running,
    Sleeping,
    WaitingDependency,
    WaitingMessage,
    WaitingLock,
    WaitingConnection,
    Paused,
    EndedSuccess,
    EndedError,
    EndedCancelled,
}

impl Status {
    /// Every state, in the order of the drawing in the design.
    pub const ALL: [Status; 12] = [
        Status::Created,
        Status::Pending,
        Status::Running,
        Status::Sleeping,
        Status::WaitingDependency,
        Status::WaitingMessage,
        Status::WaitingLock,
        Status::WaitingConnection,
        Status::Paused,
        Status::EndedSuccess,
        Status::EndedError,
        Status::EndedCancelled,
    ];

    /// The names of [`Status::ALL`], in the same order.
    pub const NAMES: [&'static str; 12] = {
        let mut names = [""; 12];
        let mut at = 0;
        while at < names.len() {
            names[at] = Status::ALL[at].name();
            at += 1;
        }
        names
    };

    /// The name in rows, answers and filters.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Created => "CREATED",
            Status::Pending => "PENDING",
            Status::Running => "RUNNING",
            Status::Sleeping => "SLEEPING",
            Status::WaitingDependency => "WAITING_DEPENDENCY",
            Status::WaitingMessage => "WAITING_MESSAGE",
            Status::WaitingLock => "WAITING_LOCK",
            Status::WaitingConnection => "WAITING_CONNECTION",
            Status::Paused => "PAUSED",
            Status::EndedSuccess => "ENDED_SUCCESS",
            Status::EndedError => "ENDED_ERROR",
            Status::EndedCancelled => "ENDED_CANCELLED",
        }
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.name() == name)
    }

    pub const fn is_ended(self) -> bool {
        matches!(self, Status::EndedSuccess | Status::EndedError | Status::EndedCancelled)
    }

    /// Whether it waits for something other than a slot.
    pub const fn is_waiting(self) -> bool {
        matches!(
            self,
            Status::Sleeping | Status::WaitingDependency | Status::WaitingMessage | Status::WaitingLock | Status::WaitingConnection
        )
    }
}
