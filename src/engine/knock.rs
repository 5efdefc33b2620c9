//! The server's end of the kernel's watch on a slot: calls that stand still until they are let pass.
//!
//! What the caller's memory holds may change after it was read here. That is no matter: nothing is allowed or refused by it,
//! it only tells what happened.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use tokio::io::unix::AsyncFd;

use super::nursery;
use crate::protocol::{Excused, Note};

/// Room for what the kernel tells, whatever its version adds.
const ROOM: usize = 512;
/// Longest address or path that is read, bytes.
const READ: usize = 256;
/// Sizes of `msghdr` and `mmsghdr`, bytes, and how many of these the kernel takes at once.
const MESSAGE: usize = size_of::<libc::msghdr>();
const MESSAGE_AND_LENGTH: usize = size_of::<libc::mmsghdr>();
const MESSAGES: usize = 1024;
/// Longest text about an act, characters.
const SHOWN: usize = 200;
/// Sockets by which the C library asks the machine it runs on who somebody is.
const ASKING: [&str; 4] = ["/var/run/nscd/", "/run/nscd/", "/run/systemd/", "/var/run/systemd/"];

/// A call that stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    id: u64,
    /// The system call's name.
    pub call: &'static str,
    /// What it is about, as far as that can be read.
    pub argument: String,
    /// It is part of a step, or of something harmless.
    pub is_excused: bool,
    /// It makes a new process or thread, which are counted.
    pub makes_process: bool,
}

/// What the kernel hands over for one slot and what descends from it.
pub(super) struct Listener {
    fd: AsyncFd<OwnedFd>,
    note: File,
}

/// What the slot sends first: its listener, unless the kernel has none. `WouldBlock` until it is there.
pub(super) fn receive(gate: RawFd) -> io::Result<Option<Listener>> {
    let mut byte = [0];
    let mut slices = [io::IoSliceMut::new(&mut byte)];
    let mut space = nix::cmsg_space!([RawFd; 2]);
    let message = recvmsg::<()>(gate, &mut slices, Some(&mut space), MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(received) = part {
            // SAFETY: the kernel just installed them for us, nobody else has them.
            fds.extend(received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    let Ok([listener, note]) = <[OwnedFd; 2]>::try_from(fds) else { return Ok(None) };
    // SAFETY: an OwnedFd gives the same descriptor as long as it lives.
    let fd = unsafe { AsyncFd::register(listener) }?;
    Ok(Some(Listener { fd, note: File::from(note) }))
}

impl Listener {
    /// The next call that stands still; `None` once there is nobody left who could call. Cancel-safe.
    pub(super) async fn next(&self) -> Option<Knock> {
        loop {
            let mut ready = self.fd.readable().await.ok()?;
            // The kernel wakes for each call once, and a receive without one would wait: so it is asked before.
            let mut asked = [PollFd::new(self.fd.get_ref().as_fd(), PollFlags::POLLIN)];
            poll(&mut asked, PollTimeout::ZERO).ok()?;
            let events = asked[0].revents().unwrap_or(PollFlags::empty());
            if events.contains(PollFlags::POLLIN) {
                if let Some(knock) = self.take() {
                    return Some(knock);
                }
            } else if events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL) {
                return None;
            } else {
                ready.clear_ready();
            }
        }
    }

    /// Takes one call; `None` if its caller is gone meanwhile.
    fn take(&self) -> Option<Knock> {
        let mut room = [0_u64; ROOM / 8];
        // SAFETY: the room is larger than the struct of any kernel, zeroed as the kernel asks, and aligned.
        let told = unsafe {
            Errno::result(libc::ioctl(self.raw(), libc::SECCOMP_IOCTL_NOTIF_RECV, room.as_mut_ptr())).ok()?;
            std::ptr::read(room.as_ptr().cast::<libc::seccomp_notif>())
        };
        let call = name(told.data.nr);
        let heard = Heard { thread: told.pid, call, arguments: told.data.args };
        let about = heard.about();
        // Whoever has that number now may be another.
        let is_there = self.is_there(told.id);
        let is_excused = about.is_none() || heard.makes_thread() || self.excused().covers(told.pid, process_of(told.pid));
        let knock = Knock { id: told.id, call, argument: about.unwrap_or_default(), is_excused, makes_process: heard.makes_process() };
        is_there.then_some(knock)
    }

    fn excused(&self) -> Excused {
        let mut bytes = [0; size_of::<Note>()];
        // A page that cannot be read excuses nobody.
        let _ = self.note.read_exact_at(&mut bytes, 0);
        Excused::read(&bytes)
    }

    fn is_there(&self, id: u64) -> bool {
        // SAFETY: the pointer is that of the id.
        unsafe { libc::ioctl(self.raw(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) == 0 }
    }

    /// Lets the call go on. A caller that is gone does not mind.
    pub(super) fn pass(&self, knock: &Knock) {
        let flags = u32::try_from(libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE).unwrap_or_default();
        self.answer(&libc::seccomp_notif_resp { id: knock.id, val: 0, error: 0, flags });
    }

    /// Lets the call fail.
    pub(super) fn refuse(&self, knock: &Knock, errno: Errno) {
        self.answer(&libc::seccomp_notif_resp { id: knock.id, val: 0, error: -(errno as i32), flags: 0 });
    }

    fn answer(&self, answer: &libc::seccomp_notif_resp) {
        // SAFETY: the pointer is that of the struct, which has the kernel's layout.
        unsafe { libc::ioctl(self.raw(), libc::SECCOMP_IOCTL_NOTIF_SEND, std::ptr::from_ref(answer)) };
    }

    fn raw(&self) -> RawFd {
        self.fd.get_ref().as_raw_fd()
    }
}

fn name(number: i32) -> &'static str {
    match i64::from(number) {
        libc::SYS_connect => "connect",
        libc::SYS_sendto => "sendto",
        libc::SYS_sendmsg => "sendmsg",
        libc::SYS_sendmmsg => "sendmmsg",
        libc::SYS_execve => "execve",
        libc::SYS_execveat => "execveat",
        libc::SYS_clone => "clone",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork => "fork",
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork => "vfork",
        libc::SYS_pidfd_send_signal => "pidfd_send_signal",
        _ => "a system call",
    }
}

struct Heard {
    thread: u32,
    call: &'static str,
    arguments: [u64; 6],
}

impl Heard {
    fn makes_process(&self) -> bool {
        matches!(self.call, "clone" | "fork" | "vfork")
    }

    /// A thread is no way out, but it counts.
    fn makes_thread(&self) -> bool {
        const THREAD: u64 = libc::CLONE_THREAD as u64;
        self.call == "clone" && self.arguments[0] & THREAD != 0
    }

    /// What the call is about; `None` if it reaches nobody outside.
    fn about(&self) -> Option<String> {
        let at = |index: usize| self.arguments[index];
        match self.call {
            "connect" => self.address(at(1), at(2)),
            "sendto" => self.address(at(4), at(5)),
            "sendmsg" => self.messages(at(1), 1, MESSAGE),
            "sendmmsg" => self.messages(at(1), at(2), MESSAGE_AND_LENGTH),
            "execve" => Some(self.text(at(0))),
            "execveat" => Some(self.text(at(1))),
            _ => Some(String::new()),
        }
    }

    /// The address at `start`; `None` if it is one of this machine's own bookkeeping. One that cannot be read may be any.
    fn address(&self, start: u64, length: u64) -> Option<String> {
        let length = usize::try_from(length).unwrap_or(READ).min(READ);
        let Some(bytes) = self.memory(start, length).filter(|bytes| bytes.len() >= 2) else { return Some(String::new()) };
        address(&bytes)
    }

    /// The first address among `count` message headers, `each` bytes apart; `None` if they all go to where their socket is connected
    /// already. Headers that cannot be read may have any.
    fn messages(&self, start: u64, count: u64, each: usize) -> Option<String> {
        let count = usize::try_from(count).unwrap_or(MESSAGES).min(MESSAGES);
        let Some(bytes) = self.memory(start, count * each).filter(|bytes| bytes.len() == count * each) else { return Some(String::new()) };
        bytes.chunks_exact(each).find_map(|header| {
            let (name, length) = receiver(header);
            (name != 0 && length != 0).then(|| self.address(name, length)).flatten()
        })
    }

    fn text(&self, start: u64) -> String {
        let bytes = self.memory(start, READ).unwrap_or_default();
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).chars().take(SHOWN).collect()
    }

    /// What stands in the caller's memory: up to `length` bytes, fewer where it ends.
    fn memory(&self, start: u64, length: usize) -> Option<Vec<u8>> {
        let memory = File::open(format!("/proc/{}/mem", self.thread)).ok()?;
        let mut bytes = vec![0; length];
        let read = memory.read_at(&mut bytes, start).ok()?;
        bytes.truncate(read);
        Some(bytes)
    }
}

/// Where a message header says the receiver's address stands, and how long that is: a pointer and a 32-bit number come first.
fn receiver(header: &[u8]) -> (u64, u64) {
    let name = <[u8; 8]>::try_from(&header[..8]).map_or(0, u64::from_ne_bytes);
    let length = <[u8; 4]>::try_from(&header[8..12]).map_or(0, u32::from_ne_bytes);
    (name, u64::from(length))
}

/// A socket address in words; `None` for those that lead nowhere: to the kernel, and to the machine's own list of names.
fn address(bytes: &[u8]) -> Option<String> {
    let port = || u16::from_be_bytes([bytes.get(2).copied().unwrap_or_default(), bytes.get(3).copied().unwrap_or_default()]);
    match i32::from(u16::from_ne_bytes([bytes[0], bytes[1]])) {
        libc::AF_UNSPEC | libc::AF_NETLINK => None,
        libc::AF_INET => {
            let ip = bytes.get(4..8).and_then(|part| <[u8; 4]>::try_from(part).ok()).map(Ipv4Addr::from);
            Some(ip.map_or_else(String::new, |ip| format!("{ip} port {}", port())))
        }
        libc::AF_INET6 => {
            let ip = bytes.get(8..24).and_then(|part| <[u8; 16]>::try_from(part).ok()).map(Ipv6Addr::from);
            Some(ip.map_or_else(String::new, |ip| format!("{ip} port {}", port())))
        }
        libc::AF_UNIX => {
            let path = String::from_utf8_lossy(&bytes[2..]);
            let path = path.trim_end_matches('\0').replace('\0', "@");
            (!ASKING.iter().any(|asking| path.starts_with(asking))).then_some(path)
        }
        family => Some(format!("an address of family {family}")),
    }
}

/// The process of a thread; itself if that cannot be told.
fn process_of(thread: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok()).unwrap_or(thread)
}

/// Threads of `root` and of what descends from it, the first of each process included. Counting ends at `enough`.
pub(super) fn count_threads(root: i32, enough: usize) -> usize {
    let mut known = vec![root];
    let (mut next, mut count) = (0, 0);
    while let Some(pid) = known.get(next).copied().filter(|_| count < enough) {
        next += 1;
        count += nursery::threads_of(pid);
        known.extend(nursery::children_of(&pid.to_string()));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_in_words_and_the_machines_own_are_none() {
        let unix = |path: &[u8]| [&1_u16.to_ne_bytes()[..], path].concat();
        assert_eq!(address(&[2, 0, 0, 80, 127, 0, 0, 1]).as_deref(), Some("127.0.0.1 port 80"));
        assert_eq!(address(&unix(b"/tmp/here\0\0")).as_deref(), Some("/tmp/here"));
        assert_eq!(address(&unix(b"\0hidden")).as_deref(), Some("@hidden"));
        assert_eq!(address(&unix(b"/var/run/nscd/socket\0")), None);
        assert_eq!(address(&[16, 0, 0, 0]), None);
        assert_eq!(address(&[10, 0]).as_deref(), Some(""));
    }
}
