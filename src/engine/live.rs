//! What the engine knows of one execution that has not ended. Owned by the loop; nothing else holds a reference.

use std::collections::{HashMap, HashSet};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::bound::Home;
use super::connection::Link;
use super::escape::Escaped;
use super::event::SlotId;
use super::numbered::Numbered;
use super::park::Parking;
use super::timer::TimerKey;
use crate::clock::Instant;
use crate::protocol::{Call, ChildState, LogKey, ReturnWhen};
use crate::records::Status;
use crate::service::{Actor, Effects, NewExecution};
use crate::store::{LogEntry, Row};

/// Where a script lives, and with which packages it runs: scripts of two domains never share an interpreter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Domain {
    /// A project or bundle, or `workspace`.
    pub place: Arc<str>,
    /// The key of its environment; `None`: the standard library alone.
    pub environment: Option<Arc<str>>,
}

impl Domain {
    fn of(row: &Row) -> Domain {
        let place = uuid_of(row, "project_id").or_else(|| uuid_of(row, "bundle_id"));
        let place = place.map_or_else(|| "workspace".into(), |id| id.to_string().into());
        Domain { place, environment: row.text("environment_key").map(Into::into) }
    }
}

impl Display for Domain {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match &self.environment {
            Some(environment) => write!(f, "{} with environment {environment}", self.place),
            None => f.write_str(&self.place),
        }
    }
}

/// What happens when an execution's slot is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// `Resume`, unless it reached outside flow_api; then `Fail`.
    Auto,
    Resume,
    Restart,
    Fail,
}

/// One execution in memory.
pub struct Live {
    pub id: Uuid,
    pub name: String,
    pub status: Status,
    pub project: Option<Uuid>,
    /// None for a script.
    pub flow: Option<Uuid>,
    pub domain: Domain,
    pub parent: Option<Uuid>,
    pub root: Uuid,
    /// The schedule whose scheduler's script this is a run of.
    pub schedule: Option<Uuid>,
    /// The execution that began the journal, where this one was made by a retry and carries it on.
    pub first: Option<Uuid>,
    /// The base that the key of its argument hashes is derived from.
    pub key_base: u32,
    /// The execution it was retried from, and the number of the last call it took over.
    pub retried: Option<(Uuid, u32)>,
    pub orphan: bool,
    pub depth: u32,
    pub priority: i64,
    /// Order among equals: the order in which the engine learned of it.
    pub order: u64,
    pub actor: Actor,
    pub script: Arc<str>,
    pub script_hash: String,
    pub script_name: String,
    pub inputs: Arc<str>,
    pub output_schema: Option<Value>,
    pub on_loss: OnLoss,
    pub is_fresh: bool,
    pub seed: u64,
    pub epoch: u32,
    pub attempt: u32,
    /// Nothing of this epoch ran yet, so there is no journal to read.
    pub is_new_epoch: bool,
    pub slot: Option<SlotId>,
    /// Of a connection, which never has a slot.
    pub link: Option<Link>,
    /// Calls that are not answered yet, by their number.
    pub pending: Numbered<Pending>,
    /// Which of them wait, and whether the handler does anything else.
    pub parking: Parking,
    /// Calls came from Python threads beside the main one, so that a replay cannot repeat their order.
    pub has_threads: bool,
    /// Calls of an earlier attempt that stand in the journal without an answer, with the due time of a wait.
    pub started: HashMap<u32, Option<jiff::Timestamp>>,
    pub last_seq: u32,
    /// The last call in the journal that this attempt replays.
    pub journal_end: u32,
    pub journal_calls: u64,
    /// Of this epoch, answers included.
    pub journal_bytes: u64,
    /// Children made by this execution, ended ones too: what a wait looks at first.
    pub children: HashMap<Uuid, ChildState>,
    pub open_children: HashSet<Uuid>,
    pub output: Option<Value>,
    /// What the caller of its webhook is answered.
    pub reply: Option<Value>,
    /// What it did in all its epochs, as far as the server has seen it since it took it up.
    pub effects: Effects,
    /// It ran in an earlier life of the server, and what its journal tells of its effects is not among them yet.
    pub is_unread: bool,
    /// What this epoch did outside flow_api, on disk or on its way there.
    pub escape: Option<Escaped>,
    pub cancel: Option<Cancel>,
    /// How it ends once its live children have ended.
    pub ending: Option<Ending>,
    /// The number of the last call before it failed.
    pub failed_after: Option<u32>,
    /// How its process ended, if that ended it.
    pub exit_status: Option<String>,
    /// Why the engine itself stops it: the message of its end.
    pub stop: Option<String>,
    pub paused: bool,
    /// It stands in line, in its slot, since a limit keeps it from going on.
    pub queues: bool,
    /// A limit keeps it from running, and its row says so.
    pub held_back: bool,
    /// Answers held back while it is paused or stands in line.
    pub held: Vec<(u32, crate::protocol::Reply)>,
    pub deadline: Option<TimerKey>,
    pub log: LogState,
    /// What took its process, as a whole clause; its log is told when it is run again.
    pub loss: Option<String>,
    /// (seq, times): how often its own code killed its slot there.
    pub deaths: (u32, u32),
    /// (seq, times): how often its slot was killed from outside there.
    pub kills: (u32, u32),
    pub started_at: Option<jiff::Timestamp>,
    /// To be started as soon as its time has come; else it waits for `run()`.
    pub run: bool,
    pub max_runtime_minutes: Option<f64>,
    /// How many savepoints are kept; all if `None`.
    pub savepoint_retention: Option<usize>,
    /// Milliseconds of CPU of attempts that ended without a DONE.
    pub cpu_ms: u64,
    pub peak_memory_bytes: u64,
}

/// A call without an answer.
pub enum Pending {
    /// The service works on it; kept until its answer is journaled.
    Service {
        call: Box<Call>,
    },
    /// A step's function runs in the flow.
    Step,
    Sleep {
        timer: TimerKey,
    },
    Wait {
        ids: Vec<Uuid>,
        return_when: ReturnWhen,
        timer: Option<TimerKey>,
    },
    Lock {
        setting: Uuid,
        timer: Option<TimerKey>,
    },
    Message {
        message: Uuid,
        timer: Option<TimerKey>,
    },
}

impl Pending {
    /// Whether it is answered when a time has come or something else has happened, not by work of its own.
    pub fn waits(&self) -> bool {
        matches!(self, Pending::Sleep { .. } | Pending::Wait { .. } | Pending::Lock { .. } | Pending::Message { .. })
    }
}

/// A requested cancel.
pub struct Cancel {
    pub message: String,
    /// Kills the slot when the grace is over.
    pub grace: Option<TimerKey>,
    /// The signal was sent to the slot of this attempt.
    pub signalled: bool,
}

/// An end that waits for live children.
pub struct Ending {
    pub status: Status,
    pub message: Option<String>,
    pub hint: Option<String>,
    pub data: Option<Value>,
}

/// What a handler left behind as its result.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// `output_value`.
    pub output: Option<Value>,
    /// What the caller of its webhook is answered.
    pub reply: Option<Value>,
}

/// Log entries not yet handed to the writer, and counts towards the limits.
#[derive(Default)]
pub struct LogState {
    pub buffer: Vec<LogEntry>,
    pub buffered_bytes: usize,
    pub first_key: LogKey,
    pub last_key: LogKey,
    /// What an async handler was told between the call of the last key and its last entry.
    pub delivered: Vec<i64>,
    /// The attempt that this is of: the first entry of each says all of it.
    pub delivered_in: u32,
    /// Entries stored or buffered so far, over all epochs.
    pub count: u64,
    pub bytes: u64,
    /// Entries since this second of the boot clock began.
    pub second: (u64, u64),
    /// The log is full, and that is its last entry.
    pub is_cut: bool,
    /// Raw descriptor lines stored so far in this epoch, and seen in this attempt.
    pub raw_stored: u64,
    pub raw_seen: u64,
}

fn uuid_of(row: &Row, field: &str) -> Option<Uuid> {
    row.text(field).and_then(|text| text.parse().ok())
}

fn number(row: &Row, field: &str) -> Option<i64> {
    row.json(field).and_then(Value::as_i64)
}

/// What is kept of its effects.
fn effects_of(row: &Row) -> Effects {
    let kept = Effects::from_number(number(row, "effects").unwrap_or(0));
    if row.json("escaped").is_some() { kept | Effects::ESCAPED } else { kept }
}

impl Live {
    /// An execution as the engine learns of it, new or found in the store.
    pub fn new(new: NewExecution, order: u64) -> Live {
        let row = &new.row;
        let project = uuid_of(row, "project_id");
        let has_started = row.text("started_at").is_some();
        let epoch = number(row, "epoch").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
        Live {
            id: new.id,
            name: row.text("name").unwrap_or_default().to_owned(),
            status: row.text("status").and_then(Status::from_name).unwrap_or(Status::Created),
            project,
            flow: uuid_of(row, "flow_id"),
            domain: Domain::of(row),
            parent: uuid_of(row, "parent_execution_id"),
            root: uuid_of(row, "root_execution_id").unwrap_or(new.id),
            schedule: uuid_of(row, "schedule_id").filter(|_| row.text("type") == Some("SCHEDULE")),
            first: uuid_of(row, "journal_of"),
            key_base: number(row, "key_base").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            retried: uuid_of(row, "retried_from").zip(number(row, "retried_seq").and_then(|n| u32::try_from(n).ok())),
            orphan: row.json("orphan").and_then(Value::as_bool).unwrap_or(false),
            depth: number(row, "depth").and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            priority: number(row, "priority").unwrap_or(0),
            order,
            script_hash: row.text("script_hash").unwrap_or_default().to_owned(),
            script_name: row.text("flow_name").unwrap_or("script").to_owned(),
            output_schema: row.json("output_schema").filter(|v| !v.is_null()).cloned(),
            on_loss: match row.text("on_loss") {
                Some("resume") => OnLoss::Resume,
                Some("restart") => OnLoss::Restart,
                Some("fail") => OnLoss::Fail,
                _ => OnLoss::Auto,
            },
            is_fresh: row.text("isolation") == Some("fresh"),
            seed: number(row, "seed").map_or(0, i64::cast_unsigned),
            epoch,
            escape: Escaped::read(row.json("escaped"), epoch),
            attempt: if has_started { number(row, "attempt").and_then(|n| u32::try_from(n).ok()).unwrap_or(1) } else { 0 },
            output: row.json("output_value").filter(|v| !v.is_null()).cloned(),
            reply: None,
            paused: row.text("status") == Some(Status::Paused.name()),
            started_at: row.text("started_at").and_then(crate::clock::parse),
            max_runtime_minutes: row.json("max_runtime_minutes").and_then(Value::as_f64),
            savepoint_retention: number(row, "savepoint_retention").and_then(|n| usize::try_from(n).ok()),
            cancel: row.json("cancel_requested").and_then(Value::as_bool).unwrap_or(false).then(|| Cancel {
                message: "cancelled".to_owned(),
                grace: None,
                signalled: false,
            }),
            actor: new.actor,
            script: new.script,
            inputs: new.inputs,
            is_new_epoch: !has_started,
            is_unread: has_started && row.text("type") != Some("CONNECTION"),
            effects: effects_of(row),
            slot: None,
            link: Link::of(row),
            pending: Numbered::default(),
            parking: Parking::default(),
            has_threads: false,
            started: HashMap::new(),
            last_seq: 0,
            journal_end: 0,
            journal_calls: 0,
            journal_bytes: 0,
            children: HashMap::new(),
            open_children: HashSet::new(),
            ending: None,
            failed_after: None,
            exit_status: None,
            stop: None,
            queues: false,
            held_back: false,
            held: Vec::new(),
            deadline: None,
            log: LogState::default(),
            loss: None,
            deaths: (0, 0),
            kills: (0, 0),
            run: new.run,
            cpu_ms: 0,
            peak_memory_bytes: 0,
        }
    }

    /// What it counts for where limits are kept.
    pub fn home(&self) -> Home {
        Home { project: self.project, flow: self.flow }
    }

    /// Itself as a parent or waiter sees it.
    pub fn state(&self) -> ChildState {
        ChildState { id: self.id, name: self.name.clone(), status: self.status.name().to_owned(), reason: None }
    }

    /// The last call that it is known to have made in this epoch, in a replay too.
    pub fn place(&self) -> u32 {
        self.last_seq.max(self.journal_end)
    }

    /// Whether the slot computes for it now: not parked, not waiting.
    pub fn is_computing(&self) -> bool {
        self.slot.is_some() && self.status == Status::Running
    }
}

/// How far a moment on the wall clock lies ahead on the boot clock.
pub fn instant_of(clock: &crate::clock::Clock, at: jiff::Timestamp) -> Instant {
    let ahead = at.duration_since(clock.now());
    clock.instant().plus(std::time::Duration::try_from(ahead).unwrap_or_default())
}
