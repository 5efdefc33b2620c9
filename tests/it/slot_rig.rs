//! Drives a real zygote and its slots by frames, without an engine: the tests answer the calls themselves.

use std::path::PathBuf;
use std::time::Duration;

use flowstead::engine::slot::{SlotEvent, SlotReader, SlotWriter};
use flowstead::engine::zygote::{Readiness, SlotExit, Zygote, ZygoteEvent, ZygoteOptions, ZygoteReader};
use flowstead::protocol::{
    Await, Call, Checked, Done, Escape, Fault, FrameKind, Limits, Log, LogKey, Outcome, Progress, Recorded, Reply, Run, Stack,
};
use serde_json::value::{RawValue, to_raw_value};
use tempfile::TempDir;
use uuid::Uuid;

/// No test waits longer for a signal that does not come.
const DEADLINE: Duration = Duration::from_secs(60);

/// A zygote of its own in a temporary work root.
pub struct Rig {
    pub zygote: Zygote,
    pub ready: Readiness,
    reader: ZygoteReader,
    next_slot: u32,
    directory: TempDir,
}

/// One slot and what it said so far.
pub struct Slot {
    pub number: u32,
    pub writer: SlotWriter,
    pub reader: SlotReader,
}

/// All that an execution said until it was done or its slot was gone.
#[derive(Debug, Default)]
pub struct Report {
    pub logs: Vec<(LogKey, Log)>,
    pub lines: Vec<(&'static str, String)>,
    pub calls: Vec<(u32, Call)>,
    pub progress: Vec<Progress>,
    /// Whether the handler only awaits, as it said.
    pub awaits: Vec<bool>,
    pub abandoned: Vec<u32>,
    pub code: Option<String>,
    pub escapes: Vec<Escape>,
    /// Native acts that the kernel told of and that nothing excuses.
    pub knocks: Vec<(&'static str, String)>,
    pub stacks: Vec<Stack>,
    pub done: Option<Done>,
    pub closed: bool,
}

impl Rig {
    pub async fn new() -> Rig {
        Rig::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ZygoteOptions)) -> Rig {
        let directory = TempDir::new().expect("a temporary directory");
        let mut options = ZygoteOptions::new(directory.path().join("work"));
        options.binary = PathBuf::from(env!("CARGO_BIN_EXE_flowstead"));
        change(&mut options);
        let (zygote, reader, ready) = Zygote::spawn(options).await.expect("the zygote starts");
        Rig { zygote, ready, reader, next_slot: 0, directory }
    }

    pub fn slot(&mut self) -> Slot {
        self.next_slot += 1;
        let (writer, reader) = self.zygote.fork(self.next_slot).expect("a slot is forked");
        Slot { number: self.next_slot, writer, reader }
    }

    /// How this slot ended.
    pub async fn exit(&mut self, slot: u32) -> SlotExit {
        loop {
            match within(self.reader.next()).await {
                ZygoteEvent::Exited { slot: ended, exit } if ended == slot => return exit,
                ZygoteEvent::Forked { .. } | ZygoteEvent::Exited { .. } => {}
                other => panic!("the zygote said {other:?}"),
            }
        }
    }

    /// Waits until the zygote itself is gone.
    pub async fn gone(&mut self) -> String {
        loop {
            if let ZygoteEvent::Gone { reason } = within(self.reader.next()).await {
                return reason;
            }
        }
    }

    /// Lets the zygote's side move while something else is awaited.
    pub async fn beside<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::pin!(other);
        loop {
            tokio::select! {
                done = &mut other => return done,
                _ = self.reader.next() => {}
            }
        }
    }

    pub fn work_root(&self) -> PathBuf {
        self.directory.path().join("work")
    }

    /// Runs a script in a slot of its own; calls are answered by [`plain_answer`].
    pub async fn run(&mut self, script: &str) -> Report {
        let mut slot = self.slot();
        slot.writer.run(&run_of(script)).expect("RUN is sent");
        self.beside(slot.report(plain_answer)).await
    }
}

impl Slot {
    /// Collects until DONE or the end, answering calls. `None` leaves a call without an answer.
    pub async fn report(&mut self, mut answer: impl FnMut(u32, &Call) -> Option<Reply>) -> Report {
        let mut report = Report::default();
        while report.done.is_none() && !report.closed {
            self.step(&mut report, &mut answer).await;
        }
        report
    }

    /// Collects one event.
    pub async fn step(&mut self, report: &mut Report, answer: &mut impl FnMut(u32, &Call) -> Option<Reply>) {
        match within(self.reader.next()).await {
            SlotEvent::Line { channel, text } => report.lines.push((channel.name(), text)),
            SlotEvent::Closed { .. } => report.closed = true,
            SlotEvent::Knock(knock) => {
                if !knock.is_excused {
                    report.knocks.push((knock.call, knock.argument.clone()));
                }
                self.writer.pass(&knock);
            }
            SlotEvent::Frame { kind, seq, payload } => match kind {
                FrameKind::Log => {
                    let log: Log = serde_json::from_slice(&payload).expect("a log entry");
                    report.logs.push((LogKey { seq, n: log.n }, log));
                }
                FrameKind::Call => {
                    let call: Call = serde_json::from_slice(&payload).expect("a call");
                    if let Some(reply) = answer(seq, &call) {
                        self.writer.reply(seq, &reply).expect("a reply is sent");
                    }
                    report.calls.push((seq, call));
                }
                FrameKind::Escape => {
                    report.escapes.push(serde_json::from_slice(&payload).expect("an escape"));
                    self.writer.open_gate();
                }
                FrameKind::Await => report.awaits.push(serde_json::from_slice::<Await>(&payload).expect("an AWAIT").only),
                FrameKind::Stack => report.stacks.push(serde_json::from_slice(&payload).expect("a stack")),
                FrameKind::Abandon => report.abandoned.push(seq),
                FrameKind::Progress => report.progress.push(serde_json::from_slice(&payload).expect("progress")),
                FrameKind::Code => report.code = Some(String::from_utf8(payload.to_vec()).expect("text")),
                FrameKind::Done => report.done = Some(serde_json::from_slice(&payload).expect("an end")),
                other => panic!("the slot sent {other:?}"),
            },
        }
    }

    /// The answer to CHECK.
    pub async fn checked(&mut self) -> Checked {
        loop {
            match within(self.reader.next()).await {
                SlotEvent::Frame { kind: FrameKind::Checked, payload, .. } => return serde_json::from_slice(&payload).expect("a check"),
                SlotEvent::Line { .. } => {}
                other => panic!("the slot said {other:?}"),
            }
        }
    }
}

impl Report {
    pub fn outcome(&self) -> &Outcome {
        &self.done.as_ref().unwrap_or_else(|| panic!("no end: {self:?}")).outcome
    }

    /// The message of an execution that ended with an error.
    pub fn error(&self) -> &str {
        match self.outcome() {
            Outcome::Error { message, .. } => message,
            other => panic!("no error: {other:?}"),
        }
    }

    /// The returned value of one that succeeded, as JSON text.
    pub fn output(&self) -> String {
        match self.outcome() {
            Outcome::Success { output, .. } => output.as_ref().map_or_else(|| "null".to_owned(), |o| o.get().to_owned()),
            other => panic!("no success: {other:?}"),
        }
    }

    pub fn messages(&self) -> Vec<&str> {
        self.logs.iter().map(|(_, log)| log.message.as_str()).collect()
    }

    pub fn unclean(&self) -> Option<&str> {
        self.done.as_ref().and_then(|done| done.unclean.as_deref())
    }
}

/// RUN with generous limits and no journal.
pub fn run_of(script: &str) -> Run {
    Run {
        execution_id: Uuid::from_u128(7),
        name: "a run".into(),
        script_name: "the flow".into(),
        script: script.into(),
        code: None,
        epoch: 0,
        attempt: 1,
        inputs: to_raw_value(&serde_json::json!({"name": "Ada"})).expect("JSON"),
        hash_key: "07".repeat(32),
        first: None,
        journal: Vec::new(),
        logs_after: LogKey::default(),
        logs_delivered: Vec::new(),
        seed: 42,
        escaped: false,
        cancelled: false,
        limits: Limits {
            memory_bytes: 2 << 30,
            cpu_seconds: 60,
            file_bytes: 64 << 20,
            value_bytes: 16 << 20,
            work_bytes: 1 << 30,
            work_files: 10_000,
        },
        travel: None,
    }
}

/// A handler with these lines as its body.
pub fn handler(body: &str) -> String {
    let body = body.replace('\n', "\n    ");
    format!("import flow_api\n\ndef handler(system, this, inputs):\n    {body}\n")
}

#[allow(clippy::needless_pass_by_value, reason = "called with json! literals")]
pub fn ok(value: serde_json::Value) -> Reply {
    Reply::Ok(raw(&value))
}

pub fn raw(value: &serde_json::Value) -> Box<RawValue> {
    to_raw_value(value).expect("JSON")
}

pub fn fault(exception: &str, message: &str) -> Reply {
    Reply::Err(Fault { exception: exception.into(), message: message.into(), field: None, data: None })
}

/// Null for everything.
#[allow(clippy::unnecessary_wraps, reason = "the shape of every answerer")]
pub fn plain_answer(_seq: u32, _call: &Call) -> Option<Reply> {
    Some(ok(serde_json::Value::Null))
}

/// What the server would have recorded of a call.
pub fn recorded(seq: u32, call: &Call, reply: Option<Reply>) -> Recorded {
    let hash = flowstead::protocol::call_hash(&[7; 32], call.op, &call.target, call.args.get());
    Recorded {
        seq,
        op: call.op,
        target: call.target.clone(),
        hash,
        reply,
        shown: call.args.get().to_owned(),
        next: seq + 1,
        delivered: call.delivered.clone(),
        done: None,
    }
}

/// Fails instead of hanging.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("it happens before the deadline")
}
