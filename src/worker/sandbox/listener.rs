//! A second look at what reaches outside: the kernel stops calls that native code makes without an audit event, and tells the
//! server, which holds the other end.
//!
//! It knows the call and its numbers only, so a page that slot and server share says which threads may do what they like: those
//! that run a step, or look up a name.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

use crate::protocol::{Note, SandboxLine};

/// The program's mark for "tell", which the library has no action for; the kernel's number is put in its place.
const MARK: u32 = 1;

static PROGRAM: OnceLock<BpfProgram> = OnceLock::new();
/// The shared page; null in the zygote, and where the kernel tells nothing.
static NOTE: AtomicPtr<Note> = AtomicPtr::new(std::ptr::null_mut());

/// Which calls are told, and when.
fn program() -> Result<BpfProgram, String> {
    let arch: TargetArch = std::env::consts::ARCH.try_into().map_err(|e| format!("{e:?}"))?;
    let text = |e: seccompiler::BackendError| e.to_string();
    let when = |argument, operator, value| {
        let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value).map_err(text)?;
        SeccompRule::new(vec![condition]).map(|rule| vec![rule]).map_err(text)
    };
    let mut rules = BTreeMap::from([
        (libc::SYS_connect, Vec::new()),
        // Without an address it goes to where the socket is connected already.
        (libc::SYS_sendto, when(4, SeccompCmpOp::Ne, 0)?),
        // What these send to stands in memory, where no filter sees it, so the server looks. Ours hands the descriptor over that
        // tells: nobody could answer before it is there.
        (libc::SYS_sendmsg, when(1, SeccompCmpOp::Ne, parcel_address())?),
        (libc::SYS_sendmmsg, Vec::new()),
        (libc::SYS_execve, Vec::new()),
        (libc::SYS_execveat, Vec::new()),
        // Threads too: they are counted.
        (libc::SYS_clone, Vec::new()),
        (libc::SYS_pidfd_send_signal, Vec::new()),
    ]);
    #[cfg(target_arch = "x86_64")]
    rules.extend([(libc::SYS_fork, Vec::new()), (libc::SYS_vfork, Vec::new())]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Trace(MARK), arch).map_err(text)?;
    let mut program: BpfProgram = filter.try_into().map_err(text)?;
    let mark = u32::from(SeccompAction::Trace(MARK));
    for instruction in program.iter_mut().filter(|instruction| is_return(instruction) && instruction.k == mark) {
        instruction.k = libc::SECCOMP_RET_USER_NOTIF;
    }
    Ok(program)
}

fn is_return(instruction: &sock_filter) -> bool {
    u32::from(instruction.code) == libc::BPF_RET | libc::BPF_K
}

/// Makes ready what every slot will install, and tries it out in a child, since some machines refuse it for reasons of their own.
pub(super) fn prepare() -> SandboxLine {
    super::line(
        "watch on native acts",
        tried().map(|()| "connect, sendto, sendmsg, execve, new processes and threads, told by the kernel".to_owned()),
    )
}

fn tried() -> Result<(), String> {
    let program = program()?;
    // SAFETY: this process has one thread, and the child calls nothing that allocates.
    let status = unsafe {
        match libc::fork() {
            -1 => return Err("no process can be forked to try it out".to_owned()),
            0 => libc::_exit(match install(&program) {
                Ok(_) => 0,
                Err(errno) => errno as i32,
            }),
            child => {
                let mut status = 0;
                libc::waitpid(child, &raw mut status, 0);
                status
            }
        }
    };
    match libc::WEXITSTATUS(status) {
        0 if libc::WIFEXITED(status) => {
            let _ = PROGRAM.set(program);
            Ok(())
        }
        code => Err(format!(
            "this kernel tells nothing ({}); what native code does without an audit event of Python is not seen",
            Errno::from_raw(code)
        )),
    }
}

/// Installs the filter on this process and those it will fork. The descriptor tells.
fn install(program: &[sock_filter]) -> Result<OwnedFd, Errno> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::E2BIG)?;
    let filter = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut().cast() };
    // Once it is told, only a deadly signal wakes the caller: a call that goes on twice would be done twice.
    for flags in
        [libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER]
    {
        // SAFETY: the struct and the program that it points to outlive the call; the layouts are the kernel's.
        let fd = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const filter) };
        match Errno::result(fd) {
            Ok(fd) => {
                let fd = RawFd::try_from(fd).map_err(|_| Errno::EBADF)?;
                // SAFETY: the kernel just installed it for us, nobody else has it.
                return Ok(unsafe { OwnedFd::from_raw_fd(fd) });
            }
            Err(Errno::EINVAL) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EINVAL)
}

/// Begins to tell, in a slot: the descriptor and the shared page go to the server over `gate`. Without a kernel that tells, an
/// empty message goes.
pub(in crate::worker) fn open(gate: RawFd) -> Result<(), String> {
    let text = |e: Errno| format!("the kernel's watch cannot be set up: {e}");
    let opened = match PROGRAM.get() {
        Some(program) => Some((share().map_err(text)?, install(program).map_err(text)?)),
        None => None,
    };
    let fds: Vec<RawFd> = opened.iter().flat_map(|(page, listener)| [listener.as_raw_fd(), page.as_raw_fd()]).collect();
    hand_over(gate, &fds).map_err(text)
}

/// The message that hands the descriptors over. It stands where it does from before the first fork, so the filter knows its address.
struct Parcel(UnsafeCell<libc::msghdr>);

// SAFETY: only a slot's one thread uses it, once.
unsafe impl Sync for Parcel {}

// SAFETY: an all-zero msghdr is an empty message.
static PARCEL: Parcel = Parcel(UnsafeCell::new(unsafe { std::mem::zeroed() }));

fn parcel_address() -> u64 {
    PARCEL.0.get().addr() as u64
}

/// One byte, with the descriptors if there are any.
fn hand_over(gate: RawFd, fds: &[RawFd]) -> Result<(), Errno> {
    let mut byte = b'!';
    let mut part = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
    // Room for the header and two descriptors, aligned as the header must be.
    let mut control = [0_u64; 8];
    let header = PARCEL.0.get();
    // SAFETY: the slot has one thread; everything the header points to lives until the call is over, and the control space is
    // large enough for what is put in. The call is made directly, since a C library may pass on a copy.
    let sent = unsafe {
        (*header).msg_iov = &raw mut part;
        (*header).msg_iovlen = 1;
        if !fds.is_empty() {
            let bytes = u32::try_from(size_of_val(fds)).map_err(|_| Errno::E2BIG)?;
            (*header).msg_control = control.as_mut_ptr().cast();
            (*header).msg_controllen = libc::CMSG_SPACE(bytes) as _;
            let rights = libc::CMSG_FIRSTHDR(header);
            (*rights).cmsg_level = libc::SOL_SOCKET;
            (*rights).cmsg_type = libc::SCM_RIGHTS;
            (*rights).cmsg_len = libc::CMSG_LEN(bytes) as _;
            std::ptr::copy_nonoverlapping(fds.as_ptr(), libc::CMSG_DATA(rights).cast(), fds.len());
        }
        let sent = libc::syscall(libc::SYS_sendmsg, gate, header, libc::MSG_NOSIGNAL);
        *header = std::mem::zeroed();
        sent
    };
    Errno::result(sent).map(drop)
}

/// Maps the page that the server reads. The mapping stays as long as the process.
fn share() -> Result<OwnedFd, Errno> {
    let page = memfd_create(c"note", MFdFlags::MFD_CLOEXEC)?;
    nix::unistd::ftruncate(&page, i64::try_from(size_of::<Note>()).unwrap_or_default())?;
    // SAFETY: a new mapping of a new file of that size; a zeroed Note is valid, and only atomics are used on it.
    let address = unsafe {
        libc::mmap(std::ptr::null_mut(), size_of::<Note>(), libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED, page.as_raw_fd(), 0)
    };
    if address == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    let note: *mut Note = address.cast();
    // SAFETY: just mapped, and never unmapped.
    unsafe { (*note).pid.store(std::process::id(), Ordering::SeqCst) };
    NOTE.store(note, Ordering::SeqCst);
    Ok(page)
}

/// While this lives, what the calling thread does is not to be told; `alone`: nor what any other thread does.
pub(in crate::worker) struct Excuse {
    thread: Option<&'static AtomicU32>,
    alone: bool,
}

pub(in crate::worker) fn excuse(alone: bool) -> Excuse {
    let Some(note) = note().filter(|note| note.pid.load(Ordering::Relaxed) == std::process::id()) else {
        return Excuse { thread: None, alone: false };
    };
    let thread = u32::try_from(nix::unistd::gettid().as_raw()).unwrap_or_default();
    note.count.fetch_add(1, Ordering::SeqCst);
    note.alone.fetch_add(u32::from(alone), Ordering::SeqCst);
    let free = note.threads.iter().find(|place| place.compare_exchange(0, thread, Ordering::SeqCst, Ordering::SeqCst).is_ok());
    Excuse { thread: free, alone }
}

impl Drop for Excuse {
    fn drop(&mut self) {
        // In a child that the flow forked it is a copy, and what it stands for goes on in the parent.
        let Some(note) = note().filter(|note| note.pid.load(Ordering::Relaxed) == std::process::id()) else { return };
        if let Some(place) = self.thread {
            place.store(0, Ordering::SeqCst);
        }
        note.alone.fetch_sub(u32::from(self.alone), Ordering::SeqCst);
        note.count.fetch_sub(1, Ordering::SeqCst);
    }
}

fn note() -> Option<&'static Note> {
    // SAFETY: null, or the mapping that stays as long as the process.
    unsafe { NOTE.load(Ordering::Relaxed).as_ref() }
}
