//! One slot as the engine sees it: ordered frames out without blocking, frames and raw output lines in.
//!
//! Nothing here trusts the other side: a flow can write what it likes on its socket, and a broken frame ends the
//! slot, never the server. Nothing here decides anything either.

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::{Buf, Bytes, BytesMut};
use nix::errno::Errno;
use tokio::io::{AsyncReadExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

use crate::error::{Error, Result};
use crate::protocol::{self, Check, FrameKind, HEADER, Header, Reply, Run};

use super::knock::{self, Listener};
use super::output::{Channel, RawOutput};

pub use super::knock::Knock;

/// Bytes waiting for a slot that does not read; beyond, the slot is given up.
const MAX_BACKLOG: usize = 2 * protocol::MAX_PAYLOAD;
/// Bytes of room made for a read, and how few may be left before room is made again.
const READ_CHUNK: usize = 64 << 10;
const READ_LEAST: usize = 4 << 10;

/// What comes out of a slot.
#[derive(Debug)]
pub enum SlotEvent {
    /// A frame; the payload is not parsed yet.
    Frame { kind: FrameKind, seq: u32, payload: Bytes },
    /// A line written to file descriptor 1 or 2, without its line end; at most 64 KiB, longer ones come in pieces.
    /// All of an execution's lines come before its DONE.
    Line { channel: Channel, text: String },
    /// Native code of the slot, or of what it started, is about to do something that the kernel tells of; it stands still.
    Knock(Knock),
    /// The socket is closed or broken; nothing follows. The exit status comes from the zygote.
    Closed { reason: Option<String> },
}

/// The sending half; cheap to clone. Sending never blocks: what the socket does not take is kept and flushed by
/// [`SlotReader::next`].
#[derive(Clone)]
pub struct SlotWriter {
    shared: Arc<Shared>,
}

/// The receiving half; must be polled for either direction to move.
pub struct SlotReader {
    shared: Arc<Shared>,
    stream: OwnedReadHalf,
    incoming: BytesMut,
    raw: RawOutput,
    watch: Watch,
    ready: VecDeque<SlotEvent>,
    /// Why it ended; empty for an orderly close.
    closed: Option<String>,
}

struct Shared {
    slot: u32,
    stream: OwnedWriteHalf,
    gate: UnixStream,
    listener: OnceLock<Listener>,
    backlog: Mutex<Backlog>,
    more: Notify,
}

/// How far the kernel's watch on a slot is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Watch {
    /// The slot has not said yet.
    Unknown,
    On,
    Off,
}

#[derive(Default)]
struct Backlog {
    chunks: VecDeque<Bytes>,
    bytes: usize,
    broken: Option<String>,
}

/// The server's ends of a slot's channels, from which [`open`] makes the two halves.
pub(super) struct SlotEnds {
    pub slot: u32,
    pub socket: std::os::unix::net::UnixStream,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    pub gate: std::os::unix::net::UnixStream,
}

/// Makes the two halves. Must be called inside a tokio runtime.
pub(super) fn open(ends: SlotEnds) -> Result<(SlotWriter, SlotReader)> {
    let broken = |e: std::io::Error| Error::internal("a slot's channel cannot be registered").source_error(e);
    ends.socket.set_nonblocking(true).map_err(broken)?;
    let (reads, writes) = UnixStream::from_std(ends.socket).map_err(broken)?.into_split();
    // A flow that asks again and again must not hold the server up.
    ends.gate.set_nonblocking(true).map_err(broken)?;
    let gate = UnixStream::from_std(ends.gate).map_err(broken)?;
    let raw = RawOutput::new(ends.stdout, ends.stderr).map_err(broken)?;
    let (backlog, more) = (Mutex::default(), Notify::new());
    let shared = Arc::new(Shared { slot: ends.slot, stream: writes, gate, listener: OnceLock::new(), backlog, more });
    let reader = SlotReader {
        shared: shared.clone(),
        stream: reads,
        incoming: BytesMut::new(),
        raw,
        watch: Watch::Unknown,
        ready: VecDeque::new(),
        closed: None,
    };
    Ok((SlotWriter { shared }, reader))
}

impl SlotWriter {
    pub fn slot(&self) -> u32 {
        self.shared.slot
    }

    /// Sends RUN. The slot must be idle.
    pub fn run(&self, run: &Run) -> Result<()> {
        self.send_json(FrameKind::Run, 0, run)
    }

    /// Answers the CALL numbered `seq`.
    pub fn reply(&self, seq: u32, reply: &Reply) -> Result<()> {
        self.send_json(FrameKind::Reply, seq, reply)
    }

    /// Sends CHECK. The slot must be idle.
    pub fn check(&self, check: &Check) -> Result<()> {
        self.send_json(FrameKind::Check, 0, check)
    }

    /// Lets the slot's thread pass that sent ESCAPE. A slot that is gone does not mind.
    pub fn open_gate(&self) {
        // One byte for each ESCAPE, and a slot sends one: the socket has room.
        let _ = self.shared.gate.try_write(b"!");
    }

    /// Lets a call go on that the kernel told of.
    pub fn pass(&self, knock: &Knock) {
        if let Some(listener) = self.shared.listener.get() {
            listener.pass(knock);
        }
    }

    /// Lets it fail.
    pub fn refuse(&self, knock: &Knock, errno: Errno) {
        if let Some(listener) = self.shared.listener.get() {
            listener.refuse(knock, errno);
        }
    }

    /// Asks an idle slot to leave.
    pub fn exit(&self) {
        self.send(FrameKind::Exit, 0, b"");
    }

    /// Sends a frame; a broken socket shows as [`SlotEvent::Closed`].
    pub fn send(&self, kind: FrameKind, seq: u32, payload: &[u8]) {
        let frame = Bytes::from(protocol::frame(kind, self.shared.slot, seq, payload));
        self.shared.push(frame);
    }

    fn send_json(&self, kind: FrameKind, seq: u32, value: &impl serde::Serialize) -> Result<()> {
        let payload = serde_json::to_vec(value).map_err(|e| Error::internal("a frame cannot be encoded").source_error(e))?;
        if payload.len() > protocol::MAX_PAYLOAD {
            let message = format!("A frame of {} bytes is over the limit of {}.", payload.len(), protocol::MAX_PAYLOAD);
            return Err(Error::new(crate::error::Kind::TooLarge, message));
        }
        self.send(kind, seq, &payload);
        Ok(())
    }
}

enum Heard {
    Watch(Watch),
    Knock(Knock),
}

impl Shared {
    /// What comes from the kernel next: first of all the descriptor on which it tells. Cancel-safe.
    async fn knock(&self, watch: Watch) -> Heard {
        match (watch, self.listener.get()) {
            (Watch::Unknown, _) => {
                let received = self.gate.async_io(Interest::READABLE, || knock::receive(self.gate.as_raw_fd())).await;
                let Ok(Some(listener)) = received else { return Heard::Watch(Watch::Off) };
                // The slot says it once; of what it says later nothing is taken.
                let _ = self.listener.set(listener);
                Heard::Watch(Watch::On)
            }
            (Watch::On, Some(listener)) => match listener.next().await {
                Some(knock) => Heard::Knock(knock),
                None => Heard::Watch(Watch::Off),
            },
            _ => std::future::pending().await,
        }
    }

    fn push(&self, mut frame: Bytes) {
        let mut backlog = self.backlog.lock().expect("no panic happens under this lock");
        if backlog.broken.is_some() {
            return;
        }
        if backlog.chunks.is_empty() {
            match self.stream.try_write(&frame) {
                Ok(n) if n == frame.len() => return,
                Ok(n) => frame.advance(n),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => backlog.broken = Some(e.to_string()),
            }
        }
        backlog.bytes += frame.len();
        backlog.chunks.push_back(frame);
        if backlog.bytes > MAX_BACKLOG {
            backlog.broken = Some("the slot does not read what it is sent".to_owned());
        }
        drop(backlog);
        self.more.notify_one();
    }

    /// Writes what the socket takes; an error ends the slot.
    fn flush(&self) -> Result<(), String> {
        let mut backlog = self.backlog.lock().expect("no panic happens under this lock");
        while let Some(chunk) = backlog.chunks.front_mut() {
            match self.stream.try_write(chunk) {
                Ok(n) => {
                    chunk.advance(n);
                    let empty = chunk.is_empty();
                    backlog.bytes -= n;
                    if empty {
                        backlog.chunks.pop_front();
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e.to_string()),
            }
        }
        Ok(())
    }

    /// Whether something waits to be written, or why nothing can be.
    fn state(&self) -> Result<bool, String> {
        let backlog = self.backlog.lock().expect("no panic happens under this lock");
        match &backlog.broken {
            Some(reason) => Err(reason.clone()),
            None => Ok(!backlog.chunks.is_empty()),
        }
    }
}

impl SlotReader {
    pub fn slot(&self) -> u32 {
        self.shared.slot
    }

    /// The next thing the slot says. Cancel-safe. After [`SlotEvent::Closed`] it says that again.
    pub async fn next(&mut self) -> SlotEvent {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return event;
            }
            if let Some(reason) = &self.closed {
                return SlotEvent::Closed { reason: (!reason.is_empty()).then(|| reason.clone()) };
            }
            if let Err(reason) = self.step().await {
                // What it printed before it broke is still worth showing.
                self.drain_raw(true);
                self.closed = Some(reason);
            }
        }
    }

    /// Moves either direction once; an error text (empty: orderly close) ends the slot.
    async fn step(&mut self) -> Result<(), String> {
        if self.take_frames()? {
            return Ok(());
        }
        let shared = self.shared.clone();
        let waiting = shared.state()?;
        if self.incoming.capacity() - self.incoming.len() < READ_LEAST {
            self.incoming.reserve(READ_CHUNK);
        }
        tokio::select! {
            biased;
            writable = shared.stream.writable(), if waiting => {
                writable.map_err(|e| e.to_string())?;
                shared.flush()
            }
            // A read that does not fill the room tells the runtime that nothing is left, which saves the read that would
            // find that out.
            read = self.stream.read_buf(&mut self.incoming) => match read {
                Ok(0) => Err(String::new()),
                Ok(_) => Ok(()),
                Err(e) => Err(e.to_string()),
            },
            () = self.raw.readable() => {
                self.drain_raw(false);
                Ok(())
            }
            knock = shared.knock(self.watch) => {
                self.hear(knock);
                Ok(())
            }
            () = shared.more.notified() => Ok(()),
        }
    }

    /// What the kernel told, or that it can tell something, or never will.
    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Watch(watch) => self.watch = watch,
            // Only those that make processes are counted.
            Heard::Knock(knock) if knock.is_excused && !knock.makes_process => {
                if let Some(listener) = self.shared.listener.get() {
                    listener.pass(&knock);
                }
            }
            Heard::Knock(knock) => self.ready.push_back(SlotEvent::Knock(knock)),
        }
    }

    /// Cuts whole frames from what was read; `true` if there was one.
    fn take_frames(&mut self) -> Result<bool, String> {
        let mut any = false;
        while self.incoming.len() >= HEADER {
            let mut head = [0; HEADER];
            head.copy_from_slice(&self.incoming[..HEADER]);
            let header = Header::decode(&head).map_err(|bad| format!("the slot sent what is no frame ({bad:?})"))?;
            let length = header.length as usize;
            if !matches!(
                header.kind,
                FrameKind::Call
                    | FrameKind::Travel
                    | FrameKind::Log
                    | FrameKind::Progress
                    | FrameKind::Done
                    | FrameKind::Code
                    | FrameKind::Checked
                    | FrameKind::Escape
                    | FrameKind::Await
                    | FrameKind::Abandon
                    | FrameKind::Differs
                    | FrameKind::Stack
            ) {
                return Err(format!("the slot sent a frame that only the server sends ({:?})", header.kind));
            }
            if self.incoming.len() < HEADER + length {
                self.incoming.reserve(HEADER + length - self.incoming.len());
                break;
            }
            self.incoming.advance(HEADER);
            let payload = self.incoming.split_to(length).freeze();
            if header.kind == FrameKind::Done {
                self.drain_raw(true);
            }
            self.ready.push_back(SlotEvent::Frame { kind: header.kind, seq: header.seq, payload });
            any = true;
        }
        Ok(any)
    }

    /// Takes what file descriptors 1 and 2 hold; `whole`: also a last line without an end.
    fn drain_raw(&mut self, whole: bool) {
        self.raw.drain(whole, |channel, text| self.ready.push_back(SlotEvent::Line { channel, text }));
    }
}
