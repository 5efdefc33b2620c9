//! The zygote's end of its control socket: one message a datagram, descriptors beside it.
#![allow(unsafe_code)]

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, sendmsg};

use crate::protocol::{FromZygote, ToZygote};

use super::zygote::owned;

/// Where the socket lives once it has left standard input.
const CONTROL_FD: RawFd = 3;
const MAX_DATAGRAM: usize = 256 << 10;

/// Takes the socket that came as standard input, and puts /dev/null there instead.
pub(super) fn adopt() -> OwnedFd {
    // SAFETY: the process has just started; nothing owns descriptors 0, 1 and 3.
    unsafe {
        libc::dup3(0, CONTROL_FD, libc::O_CLOEXEC);
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC);
        if null >= 0 {
            libc::dup2(null, 0);
            if null > CONTROL_FD {
                libc::close(null);
            }
        }
    }
    owned(CONTROL_FD)
}

/// Closes every descriptor beyond standard error but the control socket.
pub(super) fn keep_only(control: &OwnedFd) {
    let after = u32::try_from(control.as_raw_fd() + 1).expect("descriptors are not negative");
    // SAFETY: called before anything else is open.
    unsafe { libc::syscall(libc::SYS_close_range, after, u32::MAX, 0) };
}

/// Tells the server something. An error means that it is gone.
pub(super) fn send(control: &OwnedFd, message: &FromZygote) -> Result<(), String> {
    let text = serde_json::to_vec(message).map_err(|e| e.to_string())?;
    loop {
        match sendmsg::<()>(control.as_raw_fd(), &[IoSlice::new(&text)], &[], MsgFlags::MSG_NOSIGNAL, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => wait_writable(control),
            Err(e) => return Err(e.to_string()),
        }
    }
}

/// The next message and its descriptors; `None` when the server closed the socket.
pub(super) fn receive(control: &OwnedFd) -> Result<Option<(ToZygote, Vec<OwnedFd>)>, String> {
    let mut text = vec![0; MAX_DATAGRAM];
    let mut space = cmsg_space!([RawFd; 4]);
    let mut slices = [IoSliceMut::new(&mut text)];
    let message = loop {
        match recvmsg::<()>(control.as_raw_fd(), &mut slices, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC) {
            Err(Errno::EINTR) => {}
            other => break other.map_err(|e| e.to_string())?,
        }
    };
    let mut fds = Vec::new();
    for part in message.cmsgs().map_err(|e| e.to_string())? {
        if let ControlMessageOwned::ScmRights(received) = part {
            fds.extend(received.into_iter().map(owned));
        }
    }
    let length = message.bytes;
    if length == 0 {
        return Ok(None);
    }
    let parsed = serde_json::from_slice(&text[..length]).map_err(|e| e.to_string())?;
    Ok(Some((parsed, fds)))
}

fn wait_writable(control: &OwnedFd) {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let _ = poll(&mut [PollFd::new(control.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE);
}
