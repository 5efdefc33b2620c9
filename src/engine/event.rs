//! The closed list of what can happen to the engine. The loop in `core` is the only reader.

use std::collections::HashMap;

use uuid::Uuid;

use super::child::Child;
use super::dispatch::Journal;
use super::live::Domain;
use super::message::Look;
use super::recover::Found;
use super::slot::SlotEvent;
use super::usage::Usage;
use super::zygote::{Zygote, ZygoteEvent};
use crate::connectors::Line;
use crate::error::Result;
use crate::protocol::{ChildState, Reply, SandboxLine};
use crate::service::{Carried, Command, MessageState, NewExecution, Turn};
use crate::store::RunLimit;

/// Names one slot of this server's life; never used again.
pub type SlotId = u32;

/// A call of a flow that is being answered: by whom, in which attempt, under which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRef {
    pub execution: Uuid,
    pub attempt: u32,
    pub seq: u32,
}

/// Everything the loop reacts to.
pub enum Event {
    /// A request from the service.
    Command(Command),
    /// A frame, a raw output line, or the end of a slot's socket.
    Slot(SlotId, SlotEvent),
    /// The zygote of a domain can fork, or cannot be started.
    Hatched(Domain, Result<Zygote>),
    /// Which parts of the sandbox hold.
    Sandbox(Vec<SandboxLine>),
    /// A zygote forked, refused, saw a slot exit, or is gone.
    Zygote(Domain, ZygoteEvent),
    /// What executions use, as far as they were looked at.
    Measured(Vec<Usage>),
    /// The earliest timer is due.
    TimerDue,
    /// The service carried out a call; `Answer` says what to record.
    Answered(CallRef, Answer),
    /// An execution whose row was written with something else, read in this life (see `Core::life`).
    Adopted(u32, Result<Option<Box<NewExecution>>>),
    /// A connection has something for its log.
    ConnectionTold(CallRef, Line),
    /// A connection was carried out.
    Connected(CallRef, Carried),
    /// A child's rights, schema and location are settled, or refused.
    ChildReady(CallRef, Child, Result<Box<NewExecution>>),
    /// States of executions that are not live, for a wait.
    StatesRead(CallRef, Result<HashMap<Uuid, ChildState>>),
    /// The journal for a replay.
    JournalRead(Uuid, u32, Result<Journal>),
    /// The savepoints of an execution, for a call that makes one or goes back to one.
    SavepointsRead(CallRef, Result<super::savepoint::Read>),
    /// The setting of a lock call is known and may be locked.
    LockReady(CallRef, Result<Uuid>),
    /// How a message stands that a call waits for; the last look is the one that decides.
    MessageRead(CallRef, Result<MessageState>, Look),
    /// How many may run at once, as it is set now.
    LimitsRead(Result<Vec<RunLimit>>),
    /// The wall clock was set.
    ClockJumped,
    /// What a schedule has to do.
    ScheduleAsked(Uuid, Result<Turn>),
    /// Executions found in the store at the start.
    Recovered(Found),
    /// A COMMIT failed: what flows were told early is not on disk.
    CommitFailed,
    /// Another process has taken the database over: end at once, and write nothing.
    Deposed,
    /// Stop taking work; give running slots their grace.
    Drain,
}

/// The outcome of a call that the service carried out.
pub struct Answer {
    pub reply: Reply,
    /// The journal row went into the same transaction as the effect; else the engine writes it.
    pub journaled: bool,
    /// What the engine writes there instead of the reply, where that must not be read by everybody who may read the journal.
    pub recorded: Option<Reply>,
}
