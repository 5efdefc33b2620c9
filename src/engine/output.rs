//! Raw output of a slot: the pipes behind its file descriptors 1 and 2, cut into lines.

use std::io;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use tokio::net::unix::pipe;

/// Longer lines are split, not cut.
pub const MAX_LINE: usize = 64 << 10;
/// Bytes taken from one pipe before others get their turn.
const TURN: usize = 256 << 10;

/// Which file descriptor a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Stdout,
    Stderr,
}

impl Channel {
    /// As it stands in `stream` of a log entry.
    pub const fn name(self) -> &'static str {
        match self {
            Channel::Stdout => "stdout",
            Channel::Stderr => "stderr",
        }
    }
}

pub(super) struct RawOutput {
    stdout: Pipe,
    stderr: Pipe,
}

struct Pipe {
    channel: Channel,
    /// `None` once every writer is gone.
    fd: Option<pipe::Receiver>,
    partial: Vec<u8>,
}

impl RawOutput {
    /// Takes the reading ends. Must be called inside a tokio runtime.
    pub(super) fn new(stdout: OwnedFd, stderr: OwnedFd) -> io::Result<RawOutput> {
        Ok(RawOutput { stdout: Pipe::new(Channel::Stdout, stdout)?, stderr: Pipe::new(Channel::Stderr, stderr)? })
    }

    /// Resolves when there is something to drain; never when both ends are closed.
    pub(super) async fn readable(&self) {
        tokio::select! {
            () = self.stdout.readable() => {}
            () = self.stderr.readable() => {}
        }
    }

    /// Hands over whole lines, lossy UTF-8, without their ends; with `whole` also a last line that has no end.
    pub(super) fn drain(&mut self, whole: bool, mut line: impl FnMut(Channel, String)) {
        for pipe in [&mut self.stdout, &mut self.stderr] {
            pipe.drain(whole, &mut line);
        }
    }
}

impl Pipe {
    fn new(channel: Channel, fd: OwnedFd) -> io::Result<Pipe> {
        Ok(Pipe { channel, fd: Some(pipe::Receiver::from_owned_fd(fd)?), partial: Vec::new() })
    }

    async fn readable(&self) {
        match &self.fd {
            // The readiness is kept until a read meets an empty pipe.
            Some(fd) => drop(fd.readable().await),
            None => std::future::pending().await,
        }
    }

    fn drain(&mut self, whole: bool, line: &mut impl FnMut(Channel, String)) {
        let mut taken = 0;
        let mut open = true;
        while open && taken < TURN {
            let mut chunk = [0; 16 << 10];
            match self.read(&mut chunk) {
                Ok(0) => open = false,
                Ok(n) => {
                    taken += n;
                    self.push(&chunk[..n], line);
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(_) => open = false,
            }
        }
        if !open {
            self.fd = None;
        }
        if !self.partial.is_empty() && (whole || !open) {
            self.emit(line);
        }
    }

    /// Reads straight from the descriptor: tokio's readiness may not know yet of what was written before DONE.
    fn read(&self, chunk: &mut [u8]) -> Result<usize, Errno> {
        let Some(fd) = &self.fd else { return Ok(0) };
        match nix::unistd::read(fd, chunk) {
            // Once more through tokio, which then knows that the pipe is empty and waits for it.
            Err(Errno::EAGAIN) => match fd.try_read(chunk) {
                Ok(n) => Ok(n),
                Err(e) => Err(Errno::from_raw(e.raw_os_error().unwrap_or(libc::EAGAIN))),
            },
            result => result,
        }
    }

    fn push(&mut self, bytes: &[u8], line: &mut impl FnMut(Channel, String)) {
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            let mut rest = piece;
            while self.partial.len() + rest.len() > MAX_LINE + 1 {
                let (head, tail) = rest.split_at(MAX_LINE - self.partial.len().min(MAX_LINE));
                self.partial.extend_from_slice(head);
                self.emit(line);
                rest = tail;
            }
            self.partial.extend_from_slice(rest);
            if self.partial.ends_with(b"\n") {
                self.partial.pop();
                self.emit(line);
            }
        }
    }

    fn emit(&mut self, line: &mut impl FnMut(Channel, String)) {
        let text = String::from_utf8_lossy(&self.partial).into_owned();
        self.partial.clear();
        line(self.channel, text);
    }
}
