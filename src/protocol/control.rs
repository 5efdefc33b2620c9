//! The datagrams between server and zygote, over one SEQPACKET socket. Holds no secret.

use serde::{Deserialize, Serialize};

/// What a zygote is told before it initialises Python. Holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ZygoteConfig {
    /// The zygote leaves when this is no longer its parent.
    pub server_pid: i32,
    /// Where slots get their work directories; writable, wiped.
    pub work_root: String,
    /// Directories appended to `sys.path`: the environment's packages. Readable in the sandbox.
    pub site_dirs: Vec<String>,
    /// Modules imported before the first fork, beyond the built-in list. One that cannot be imported is left to the flow.
    pub preload: Vec<String>,
    /// Why the default packages are not there, for whoever imports one.
    pub lack: Option<String>,
    /// PYTHONHASHSEED of every slot, persisted so that a replay sees the same order of sets.
    pub hash_seed: u32,
    /// Open files and processes a slot may have.
    pub open_files: u64,
    pub processes: u64,
    /// The user to become, where the server is root.
    pub user: Option<u32>,
    /// Whether Landlock is put on; tests of what holds without it say no.
    pub landlock: bool,
    /// Size of a `/dev/shm` of its own.
    pub shared_memory_bytes: u64,
    /// `TZ` of flows.
    pub time_zone: String,
}

/// Server to zygote, one datagram each; FORK carries four descriptors: the slot's socket, stdout, stderr, and its gate,
/// a socket on which the slot hands over the kernel's watch, and the server lets a thread pass that wants to reach outside.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToZygote {
    /// The first datagram.
    Configure(ZygoteConfig),
    /// The slot makes `workdir`, which lies below the work root.
    Fork { slot: u32, workdir: String },
    /// Sends `signal` to the slot (`group`: to its whole process group and every descendant). Unknown slots are ignored.
    Kill { slot: u32, signal: i32, group: bool },
}

/// Zygote to server, one datagram each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromZygote {
    /// Sent once: ready to fork. `report` tells which parts of the sandbox hold.
    Ready {
        python: String,
        threads: u32,
        report: Vec<SandboxLine>,
    },
    /// Python could not be started or the sandbox is unsound; the zygote leaves.
    Failed {
        reason: String,
    },
    Forked {
        slot: u32,
        pid: i32,
    },
    /// fork failed.
    Refused {
        slot: u32,
        reason: String,
    },
    /// The slot is gone, and so is everything it started.
    Exited {
        slot: u32,
        code: Option<i32>,
        signal: Option<i32>,
        cpu_ms: u64,
        peak_memory_bytes: u64,
    },
}

/// One line of the sandbox report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SandboxLine {
    pub part: String,
    pub holds: bool,
    pub detail: String,
}
