//! A zygote as the engine sees it: started from one permanent thread, asked to fork and kill, heard about exits.
//!
//! The server never runs Python; the zygote is this same binary in another role, and only datagrams go between.

use std::collections::VecDeque;
use std::fmt::{Display, Formatter};
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::socket::{self, AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType};
use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::Notify;

use crate::error::{Error, Kind, Result};
use crate::protocol::{FromZygote, SandboxLine, ToZygote, ZygoteConfig};

use super::nursery::{self, Ending, Nursling};
use super::slot::{self, SlotEnds, SlotReader, SlotWriter};

/// The longest datagram of a zygote.
const MAX_DATAGRAM: usize = 64 << 10;

/// What a zygote is made from.
#[derive(Clone, Debug)]
pub struct ZygoteOptions {
    /// The binary to run in the zygote role.
    pub binary: PathBuf,
    /// Belongs to this zygote alone; emptied when it starts. Slots' work directories are made in it.
    pub work_root: PathBuf,
    pub site_dirs: Vec<PathBuf>,
    pub preload: Vec<String>,
    /// Why the default packages are not there.
    pub lack: Option<String>,
    pub hash_seed: u32,
    pub open_files: u64,
    /// For all processes and threads of the user.
    pub processes: u64,
    /// The user that flows run as, where the server is root; `None`: the server's own.
    pub user: Option<u32>,
    /// Whether Landlock is put on.
    pub landlock: bool,
    /// What flows may keep in `/dev/shm` together, where it is their own; bytes.
    pub shared_memory_bytes: u64,
    pub time_zone: String,
}

impl ZygoteOptions {
    /// This binary, the standard library alone.
    pub fn new(work_root: impl Into<PathBuf>) -> ZygoteOptions {
        ZygoteOptions {
            binary: PathBuf::from("/proc/self/exe"),
            work_root: work_root.into(),
            site_dirs: Vec::new(),
            preload: Vec::new(),
            lack: None,
            hash_seed: 0,
            open_files: 4096,
            processes: 4096,
            user: None,
            landlock: true,
            shared_memory_bytes: 1 << 30,
            time_zone: "UTC".to_owned(),
        }
    }
}

/// What a zygote tells.
#[derive(Debug)]
pub enum ZygoteEvent {
    Forked {
        slot: u32,
        pid: i32,
    },
    /// The fork failed; the slot's reader sees its socket close.
    Refused {
        slot: u32,
        reason: String,
    },
    /// The slot and everything it started are gone; its work directory is being removed.
    Exited {
        slot: u32,
        exit: SlotExit,
    },
    /// The zygote itself is gone, with every slot and stranger it had. Nothing follows.
    Gone {
        reason: String,
    },
}

/// How a slot's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotExit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub cpu_ms: u64,
    pub peak_memory_bytes: u64,
}

/// The asking half; cheap to clone. When the last clone and the reader are dropped, the zygote and its slots end.
#[derive(Clone)]
pub struct Zygote {
    shared: Arc<Shared>,
}

/// The hearing half; must be polled for either direction to move.
pub struct ZygoteReader {
    shared: Arc<Shared>,
    gone: bool,
}

/// What the zygote said when it was ready.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// `3.13.0`.
    pub python: String,
    /// Which parts of the sandbox hold.
    pub report: Vec<SandboxLine>,
}

struct Shared {
    /// A SEQPACKET socket: it keeps datagrams apart as this type expects, and tells when the other end is closed.
    socket: UnixDatagram,
    outbox: Mutex<VecDeque<Letter>>,
    more: Notify,
    work_root: PathBuf,
    pid: i32,
    nursling: Mutex<Option<Nursling>>,
}

/// Why nothing more is heard.
enum Silence {
    Ended(Ending),
    Gibberish(serde_json::Error),
}

struct Letter {
    text: Vec<u8>,
    fds: Vec<OwnedFd>,
}

impl Zygote {
    /// Starts a zygote and waits until it can fork. Must be called inside a tokio runtime.
    pub async fn spawn(options: ZygoteOptions) -> Result<(Zygote, ZygoteReader, Readiness)> {
        let (ours, theirs) = socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .map_err(|e| Error::internal("a zygote's control socket cannot be made").source_error(e))?;
        let nursling = nursery::raise(options.binary.clone(), options.work_root.clone(), theirs).await?;
        let ours = std::os::unix::net::UnixDatagram::from(ours);
        ours.set_nonblocking(true).map_err(|e| Error::internal("a control socket cannot be set up").source_error(e))?;
        let socket = UnixDatagram::from_std(ours).map_err(|e| Error::internal("a control socket cannot be registered").source_error(e))?;
        let shared = Arc::new(Shared {
            socket,
            outbox: Mutex::default(),
            more: Notify::new(),
            work_root: options.work_root.clone(),
            pid: nursling.pid(),
            nursling: Mutex::new(Some(nursling)),
        });
        shared.post(&ToZygote::Configure(configuration(&options)), Vec::new())?;
        let mut reader = ZygoteReader { shared: shared.clone(), gone: false };
        let ready = reader.ready().await?;
        Ok((Zygote { shared }, reader, ready))
    }

    pub fn pid(&self) -> i32 {
        self.shared.pid
    }

    /// Asks for a new slot. Its frames can be sent at once; `slot` must never have been used with this zygote.
    pub fn fork(&self, slot: u32) -> Result<(SlotWriter, SlotReader)> {
        let broken = |e: std::io::Error| Error::new(Kind::Unavailable, "A slot's channels cannot be made.").source_error(e);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(broken)?;
        let (stdout, stdout_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|e| broken(e.into()))?;
        let (stderr, stderr_end) = nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|e| broken(e.into()))?;
        let (gate, gate_end) = std::os::unix::net::UnixStream::pair().map_err(broken)?;
        let halves = slot::open(SlotEnds { slot, socket: ours, stdout, stderr, gate })?;
        let workdir = self.shared.workdir(slot).display().to_string();
        self.shared.post(&ToZygote::Fork { slot, workdir }, vec![theirs.into(), stdout_end, stderr_end, gate_end.into()])?;
        Ok(halves)
    }

    /// A slot's work directory.
    pub(super) fn workdir(&self, slot: u32) -> PathBuf {
        self.shared.workdir(slot)
    }

    /// Sends `signal` to a slot; with `group` to its process group and every descendant too. A slot that is gone is no error.
    pub fn kill(&self, slot: u32, signal: i32, group: bool) -> Result<()> {
        self.shared.post(&ToZygote::Kill { slot, signal, group }, Vec::new())
    }

    /// Asks the zygote to end with all its slots; [`ZygoteEvent::Gone`] follows.
    pub fn stop(&self) {
        let _ = socket::shutdown(self.shared.socket.as_raw_fd(), socket::Shutdown::Write);
    }
}

fn configuration(options: &ZygoteOptions) -> ZygoteConfig {
    let text = |path: &Path| path.display().to_string();
    ZygoteConfig {
        server_pid: nix::unistd::getpid().as_raw(),
        work_root: text(&options.work_root),
        site_dirs: options.site_dirs.iter().map(|dir| text(dir)).collect(),
        preload: options.preload.clone(),
        lack: options.lack.clone(),
        hash_seed: options.hash_seed,
        open_files: options.open_files,
        processes: options.processes,
        user: options.user,
        landlock: options.landlock,
        shared_memory_bytes: options.shared_memory_bytes,
        time_zone: options.time_zone.clone(),
    }
}

impl ZygoteReader {
    /// The next thing the zygote says. Cancel-safe. After [`ZygoteEvent::Gone`] it says that again.
    pub async fn next(&mut self) -> ZygoteEvent {
        loop {
            match self.hear().await {
                Ok(FromZygote::Forked { slot, pid }) => return ZygoteEvent::Forked { slot, pid },
                Ok(FromZygote::Refused { slot, reason }) => return ZygoteEvent::Refused { slot, reason },
                Ok(FromZygote::Exited { slot, code, signal, cpu_ms, peak_memory_bytes }) => {
                    nursery::remove(self.shared.workdir(slot));
                    return ZygoteEvent::Exited { slot, exit: SlotExit { code, signal, cpu_ms, peak_memory_bytes } };
                }
                Ok(FromZygote::Ready { .. } | FromZygote::Failed { .. }) => {}
                Err(silence) => return ZygoteEvent::Gone { reason: silence.to_string() },
            }
        }
    }

    async fn ready(&mut self) -> Result<Readiness> {
        match self.hear().await {
            Ok(FromZygote::Ready { python, threads: 1, report }) => Ok(Readiness { python, report }),
            Ok(FromZygote::Ready { threads, .. }) => Err(Error::internal(format!(
                "The zygote has {threads} threads; it may fork with one only. A preloaded package starts some."
            ))),
            Ok(FromZygote::Failed { reason }) => Err(Error::internal(format!("Python cannot be started: {reason}"))),
            Ok(other) => Err(Error::internal(format!("The zygote spoke before it was ready: {other:?}"))),
            Err(silence) => {
                // What kills zygotes now may stop; what they fail of by themselves stays.
                let kind = if silence.is_from_outside() { Kind::Unavailable } else { Kind::Internal };
                Err(Error::new(kind, format!("The zygote ended before it was ready: {silence}.")))
            }
        }
    }

    /// One datagram, or why there will be none.
    async fn hear(&mut self) -> Result<FromZygote, Silence> {
        let shared = self.shared.clone();
        let mut text = vec![0; MAX_DATAGRAM];
        while !self.gone {
            let waiting = !shared.outbox.lock().expect("no panic happens under this lock").is_empty();
            let heard = tokio::select! {
                biased;
                heard = shared.socket.recv(&mut text) => heard,
                sent = shared.socket.async_io(Interest::WRITABLE, || shared.flush()), if waiting => match sent {
                    Ok(()) => continue,
                    Err(e) => Err(e),
                },
                () = shared.more.notified() => continue,
            };
            match heard {
                Ok(0) | Err(_) => self.gone = true,
                Ok(length) => return serde_json::from_slice(&text[..length]).map_err(Silence::Gibberish),
            }
        }
        let nursling = shared.nursling.lock().expect("no panic happens under this lock").take();
        Err(Silence::Ended(match nursling {
            Some(nursling) => nursling.bury().await,
            None => Ending::default(),
        }))
    }
}

impl Silence {
    fn is_from_outside(&self) -> bool {
        matches!(self, Silence::Ended(ending) if ending.is_from_outside())
    }
}

impl Display for Silence {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Silence::Ended(ending) => ending.fmt(f),
            Silence::Gibberish(error) => write!(f, "it sent what is no message ({error})"),
        }
    }
}

impl Shared {
    fn workdir(&self, slot: u32) -> PathBuf {
        self.work_root.join(format!("slot-{slot}"))
    }

    fn post(&self, message: &ToZygote, fds: Vec<OwnedFd>) -> Result<()> {
        let text = serde_json::to_vec(message).map_err(|e| Error::internal("a datagram cannot be encoded").source_error(e))?;
        self.outbox.lock().expect("no panic happens under this lock").push_back(Letter { text, fds });
        // Most often the socket takes it at once; the reader sends what it does not take now.
        let _ = self.flush();
        self.more.notify_one();
        Ok(())
    }

    fn flush(&self) -> std::io::Result<()> {
        let mut outbox = self.outbox.lock().expect("no panic happens under this lock");
        while let Some(letter) = outbox.front() {
            let fds: Vec<RawFd> = letter.fds.iter().map(AsRawFd::as_raw_fd).collect();
            let rights = [ControlMessage::ScmRights(&fds)];
            let control: &[ControlMessage] = if fds.is_empty() { &[] } else { &rights };
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            match socket::sendmsg::<()>(self.socket.as_raw_fd(), &[IoSlice::new(&letter.text)], control, flags, None) {
                Ok(_) => drop(outbox.pop_front()),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Ok(mut nursling) = self.nursling.lock() {
            // The control socket closes with us, which is the zygote's sign to end.
            drop(nursling.take());
        }
    }
}
