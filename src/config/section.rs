//! The sections of the configuration, with their defaults.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[server]`: the HTTP door and the data folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the database, the key file and the work directories.
    pub data: PathBuf,
    /// File of the keys that sealed columns are encrypted with; empty for `server.key` in the data folder. Made at the first start.
    pub key_file: PathBuf,
    /// Longest JSON body, bytes.
    pub body_limit_bytes: usize,
    /// Longest file content, bytes.
    pub file_limit_bytes: usize,
    /// Longest time one request may wait for an execution, seconds.
    pub wait_limit_seconds: u64,
    /// How long requests and flows may go on after SIGTERM, seconds.
    pub drain_seconds: u64,
    /// Whether the workspace gets the bundles that come with the server: the wrappers `retry`, `cache`, `notify`, `validate` and
    /// `interactive`.
    pub shipped_bundles: bool,
    /// How clients reach this server, such as `https://flows.example.com`; empty where they reach it by its own address.
    /// Agents and browser pages that come by another name are refused.
    pub public_url: String,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            listen: SocketAddr::from(([127, 0, 0, 1], 7410)),
            data: PathBuf::from("data"),
            key_file: PathBuf::new(),
            body_limit_bytes: 16 << 20,
            file_limit_bytes: 64 << 20,
            wait_limit_seconds: 300,
            drain_seconds: 10,
            shipped_bundles: true,
            public_url: String::new(),
        }
    }
}

impl Server {
    /// Where this server begins, as others reach it, without a slash at the end; else at the `host` that a request came to.
    pub fn root_url(&self, host: Option<&str>) -> String {
        match (self.public_url.trim_end_matches('/'), host) {
            ("", Some(host)) => format!("http://{host}"),
            ("", None) => format!("http://{}", self.listen),
            (url, _) => url.to_owned(),
        }
    }
}

/// `[store]`: the database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// `full` flushes each commit to the disk; `normal` may lose the last moments with the power, never the order.
    pub durability: Flush,
}

/// When a commit counts as done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flush {
    #[default]
    Full,
    Normal,
}

/// `[engine]`: how executions are run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Engine {
    /// Executions that run Python at the same time; 0 takes the number of CPUs.
    pub slots: usize,
    /// Clean slots kept warm for their next execution; 0 takes twice the number of slots.
    pub idle_slots: usize,
    /// Executions a slot runs before it is replaced.
    pub runs_per_slot: u32,
    /// What flows that do not say otherwise get: `reuse` of a clean slot, or a `fresh` fork each.
    pub isolation: Isolation,
    /// Time between a cancel and the kill, seconds.
    pub grace_seconds: f64,
    /// Generations of children below one root.
    pub max_depth: u32,
    /// Live children of one execution.
    pub max_children: u32,
    /// Executions that wait (sleep, wait for another, for a lock) and keep their process meanwhile. Beyond, those that a replay
    /// can bring back wait without one.
    pub max_parked: usize,
    /// Memory that the processes of waiting executions may hold together, bytes.
    pub max_parked_bytes: u64,
    /// Where the server runs as root, the users that flows run as, one for each project: `first-last`, numbers that nothing else on
    /// this machine uses. Empty: flows run as root, without its powers.
    pub user_ids: String,
}

impl Default for Engine {
    fn default() -> Self {
        Engine {
            slots: 0,
            idle_slots: 0,
            runs_per_slot: 500,
            isolation: Isolation::Reuse,
            grace_seconds: 5.0,
            max_depth: 32,
            max_children: 10_000,
            max_parked: 64,
            max_parked_bytes: 512 << 20,
            user_ids: "1900000000-1900065535".to_owned(),
        }
    }
}

/// Whether a clean slot may take another execution of the same flow version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    #[default]
    Reuse,
    Fresh,
}

/// `[limits]`: what one execution may use. Each ends it with a message of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Wall time of flows that set no `max_runtime_minutes`, minutes; 0 sets none.
    pub max_runtime_minutes: f64,
    /// CPU time, seconds.
    pub cpu_seconds: u64,
    /// Memory of all processes of an execution together, and address space of each; bytes.
    pub memory_bytes: u64,
    /// Largest file a flow may write on disk, bytes.
    pub file_bytes: u64,
    /// Room that an execution's work directory may take on the disk, bytes.
    pub work_bytes: u64,
    /// Files and folders in an execution's work directory.
    pub work_files: u64,
    /// Longest input, output or argument of a call, bytes.
    pub value_bytes: u64,
    /// Stored log of one execution, bytes.
    pub log_bytes: u64,
    /// Log entries of one execution in one second; 0 sets no limit, and a flow that logs faster than they are stored waits.
    pub log_lines_per_second: u64,
    /// What happens at a limit of the log: the execution is ended, or its further entries are left out.
    pub log_overflow: Overflow,
    /// Recorded calls of one epoch.
    pub journal_calls: u32,
    /// Recorded calls of one epoch with their answers, bytes.
    pub journal_bytes: u64,
    /// Processes and threads that one execution may have at once, its own included.
    pub processes: u32,
    /// Descriptors that a process of a flow may have open.
    pub open_files: u64,
}

/// What a full log means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    #[default]
    End,
    Truncate,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_runtime_minutes: 0.0,
            cpu_seconds: 3600,
            memory_bytes: 1 << 30,
            file_bytes: 1 << 30,
            work_bytes: 4 << 30,
            work_files: 100_000,
            value_bytes: 16 << 20,
            log_bytes: 64 << 20,
            log_lines_per_second: 0,
            log_overflow: Overflow::End,
            journal_calls: 100_000,
            journal_bytes: 256 << 20,
            processes: 256,
            open_files: 4096,
        }
    }
}

/// `[environments]`: packages of flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Environments {
    /// The program `uv`, which installs packages; empty where it is on PATH or beside Python.
    pub uv: PathBuf,
    /// The package index; empty for the public one, `none` for no index at all.
    pub index_url: String,
    /// Folders or pages with packages, beside the index.
    pub find_links: Vec<String>,
    /// Nothing is asked of the network: what was downloaded before must do.
    pub offline: bool,
    /// Packages that come as source only are built, which runs their code; else they are refused.
    pub allow_builds: bool,
    /// Longest time that one installation may take, seconds.
    pub timeout_seconds: u64,
    /// Zygotes kept at a time, one for each environment and project. Beyond, the one that was idle longest leaves.
    pub zygotes: usize,
}

impl Default for Environments {
    fn default() -> Self {
        Environments {
            uv: PathBuf::new(),
            index_url: String::new(),
            find_links: Vec::new(),
            offline: false,
            allow_builds: false,
            timeout_seconds: 600,
            zygotes: 16,
        }
    }
}

/// `[mcp]`: the agents' door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mcp {
    /// Whether agents are served at all.
    pub enabled: bool,
    /// Longest time one tool call waits for an execution, for clients that give up sooner than the tools allow; 0 sets none.
    /// Seconds.
    pub max_wait_sec: u64,
    /// With more user tools than this, agents are shown `find_tools` and `call_tool` in their place.
    pub listed_tools: usize,
    /// Whether agents may run short scripts that read records; it needs CREATE on FLOW besides.
    pub run_script: bool,
    /// Tool calls that one key (or one user without a key) may make in a minute and in a day; 0 sets no limit. Counted in memory: a
    /// restart begins anew.
    pub calls_per_minute: u32,
    pub calls_per_day: u32,
    /// Serves the `test://` resources and the few tools that the official conformance suite needs beside flows; of no other use.
    pub test_resources: bool,
}

impl Default for Mcp {
    fn default() -> Self {
        Mcp {
            enabled: true,
            max_wait_sec: 0,
            listed_tools: 40,
            run_script: false,
            calls_per_minute: 1_200,
            calls_per_day: 0,
            test_resources: false,
        }
    }
}

/// `[traces]`: executions as spans for an OpenTelemetry collector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// Where spans are sent (OTLP over HTTP, protobuf), such as `http://127.0.0.1:4318/v1/traces`; empty sends none.
    pub endpoint: String,
    /// What the collector calls this server.
    pub service_name: String,
}

impl Default for Traces {
    fn default() -> Self {
        Traces { endpoint: String::new(), service_name: "flowstead".to_owned() }
    }
}

/// `[auth]`: sessions, keys and the throttling of logins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// Life of a session, days.
    pub session_days: u32,
    /// A session that nobody used for so long ends, days.
    pub session_idle_days: u32,
    /// Life of an API key made without `expires_at`, days.
    pub key_days: u32,
    /// Wrong passwords for one user name, or from one address, before logins have to wait.
    pub login_tries: u32,
    /// The wait after that many wrong passwords; it doubles with each further one, up to 15 minutes. Seconds.
    pub login_wait_seconds: u64,
    /// Wrong logins of one user in a row before it is locked out; 0 locks nobody out.
    pub lockout_tries: u32,
    /// How long a lock-out lasts, minutes. Keys and open sessions go on.
    pub lockout_minutes: u64,
}

impl Default for Auth {
    fn default() -> Self {
        Auth {
            session_days: 30,
            session_idle_days: 7,
            key_days: 90,
            login_tries: 5,
            login_wait_seconds: 5,
            lockout_tries: 20,
            lockout_minutes: 60,
        }
    }
}

/// `[logs]`: the server's own log on standard error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logs {
    /// `error`, `warn`, `info`, `debug`, `trace`, or per module: `info,flowstead::engine=debug`.
    pub level: String,
    /// `text` for people, `json` for machines.
    pub format: LogFormat,
}

impl Default for Logs {
    fn default() -> Self {
        Logs { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}
