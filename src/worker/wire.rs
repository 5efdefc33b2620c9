//! The slot's end of its socket: whole frames, blocking, interruptible by Python's signal handlers.
#![allow(unsafe_code)]

use std::os::fd::RawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};

use pyo3::prelude::*;

use crate::protocol::{self, FrameKind, HEADER, Header};

/// Descriptors below are left to flows: they close and count small numbers.
const SOCKET_FD: RawFd = 900;
const CHUNK: usize = 16 << 10;

static SOCKET: AtomicI32 = AtomicI32::new(-1);
static OWNER: AtomicI32 = AtomicI32::new(0);
/// The slot's main thread.
static MAIN: AtomicU64 = AtomicU64::new(0);
static SLOT: AtomicU32 = AtomicU32::new(0);
static INCOMING: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// A frame that came in.
pub(super) struct Frame {
    pub kind: FrameKind,
    pub seq: u32,
    pub payload: Vec<u8>,
}

/// Takes the socket of this slot. It moves to a high number, so that flows that close what they see miss it.
pub(super) fn open(slot: u32, socket: RawFd) {
    // SAFETY: plain descriptor calls on a descriptor that this process owns.
    let high = unsafe { libc::fcntl(socket, libc::F_DUPFD_CLOEXEC, SOCKET_FD) };
    if high >= 0 {
        // SAFETY: as above; the low number is not used again.
        unsafe { libc::close(socket) };
    }
    SOCKET.store(if high >= 0 { high } else { socket }, Ordering::Relaxed);
    OWNER.store(own_pid(), Ordering::Relaxed);
    MAIN.store(this_thread(), Ordering::Relaxed);
    SLOT.store(slot, Ordering::Relaxed);
}

/// The socket's descriptor.
pub(super) fn descriptor() -> RawFd {
    SOCKET.load(Ordering::Relaxed)
}

/// Whether this process is the slot itself, not a child that the flow forked.
pub(super) fn is_owner() -> bool {
    OWNER.load(Ordering::Relaxed) == own_pid()
}

fn own_pid() -> i32 {
    // SAFETY: getpid cannot fail. Asked each time: a flow can fork in ways that run no handler of ours.
    unsafe { libc::getpid() }
}

/// Names the calling thread.
pub(super) fn this_thread() -> u64 {
    // SAFETY: cannot fail.
    unsafe { libc::pthread_self() }
}

/// The name of the thread that runs executions.
pub(super) fn main_thread() -> u64 {
    MAIN.load(Ordering::Relaxed)
}

/// Leaves at once: the server is gone or gave us up, or the flow closed our socket.
pub(super) fn lost() -> ! {
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(protocol::EXIT_SOCKET_LOST) }
}

/// Sends one frame. The interpreter lock is held throughout, which keeps frames of several threads apart.
/// Fails only with what a signal handler of Python raised before the first byte was out.
pub(super) fn send(py: Python<'_>, kind: FrameKind, seq: u32, payload: &[u8]) -> PyResult<()> {
    let frame = protocol::frame(kind, SLOT.load(Ordering::Relaxed), seq, payload);
    let mut sent = 0;
    while sent < frame.len() {
        let rest = &frame[sent..];
        // SAFETY: the pointer and length describe `rest`, which outlives the call.
        let n = unsafe { libc::send(descriptor(), rest.as_ptr().cast(), rest.len(), libc::MSG_NOSIGNAL) };
        match usize::try_from(n) {
            Ok(n) => sent += n,
            // A frame that has begun is finished first; the handler runs at the next bytecode.
            Err(_) if interrupted() => {
                if sent == 0 {
                    py.check_signals()?;
                }
            }
            Err(_) => lost(),
        }
    }
    Ok(())
}

/// The next frame. Other Python threads run while it waits. Fails only with what a signal handler of Python raised;
/// nothing read so far is lost then.
///
/// It blocks at once. To ask again for 40 us before that made a journaled call two to three times as dear, on either side of the
/// socket: both ends take turns on one core, and the one that asks keeps the other from it.
pub(super) fn receive(py: Python<'_>) -> PyResult<Frame> {
    loop {
        if let Some(frame) = take_frame() {
            return Ok(frame);
        }
        let socket = descriptor();
        let (chunk, stopped) = py.detach(|| read(socket, 0));
        if stopped {
            py.check_signals()?;
        }
        keep(chunk);
    }
}

/// The next frame for a slot without an execution: signals are not its business.
pub(super) fn receive_idle() -> Frame {
    loop {
        if let Some(frame) = take_frame() {
            return frame;
        }
        let (chunk, _) = read(descriptor(), 0);
        keep(chunk);
    }
}

/// The next frame that is there already; waits for nothing.
pub(super) fn receive_ready() -> Option<Frame> {
    loop {
        if let Some(frame) = take_frame() {
            return Some(frame);
        }
        let (chunk, _) = read(descriptor(), libc::MSG_DONTWAIT);
        if chunk.is_empty() {
            return None;
        }
        keep(chunk);
    }
}

fn keep(chunk: Vec<u8>) {
    let mut incoming = incoming();
    if incoming.is_empty() {
        *incoming = chunk;
    } else {
        incoming.extend_from_slice(&chunk);
    }
}

fn read(socket: RawFd, flags: libc::c_int) -> (Vec<u8>, bool) {
    // On the stack: most answers are short, and a large buffer of the heap costs more than the call.
    let mut room = [std::mem::MaybeUninit::<u8>::uninit(); CHUNK];
    // SAFETY: the kernel writes at most so many bytes.
    let n = unsafe { libc::recv(socket, room.as_mut_ptr().cast(), CHUNK, flags) };
    match usize::try_from(n) {
        Ok(0) => lost(),
        Ok(n) => {
            // SAFETY: the kernel initialised these bytes.
            let read = unsafe { std::slice::from_raw_parts(room.as_ptr().cast::<u8>(), n) };
            (read.to_vec(), false)
        }
        Err(_) if interrupted() => (Vec::new(), true),
        Err(_) if flags != 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::WouldBlock => (Vec::new(), false),
        Err(_) => lost(),
    }
}

/// The next frame of what was read already.
pub(super) fn take_frame() -> Option<Frame> {
    let mut incoming = incoming();
    let head: &[u8; HEADER] = incoming.first_chunk()?;
    // The server writes no broken frames; if this is one, the flow meddled with the descriptor.
    let Ok(header) = Header::decode(head) else { lost() };
    let end = HEADER + header.length as usize;
    if incoming.len() < end {
        return None;
    }
    let payload = incoming[HEADER..end].to_vec();
    incoming.drain(..end);
    Some(Frame { kind: header.kind, seq: header.seq, payload })
}

fn incoming() -> std::sync::MutexGuard<'static, Vec<u8>> {
    INCOMING.lock().expect("no panic happens under this lock")
}

fn interrupted() -> bool {
    std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted
}
