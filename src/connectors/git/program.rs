//! The program git, run so that nothing decides what it does but its arguments.
//!
//! The program rather than a library: what libraries there are in Rust cannot push, and git is what other servers are tested with. It
//! gets an environment of its own without the settings of any user or machine, asks nobody, speaks four protocols and no other, runs no hooks,
//! makes no work tree, and lies in a folder that goes with it. Its group is killed when the connection ends before it does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, OnceLock};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

use super::super::Failure;
use crate::error::{Error, Result};

/// Bytes of an answer that is read whole.
const ANSWER_LIMIT: u64 = 64 << 20;
/// Bytes of what it says about an error.
const SAID_LIMIT: u64 = 64 << 10;
/// Variables of the server's environment that say how the network is reached, and where programs are.
const PASSED: [&str; 8] = ["PATH", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];
/// What begins the names of its folders.
const FOLDER: &str = "git-";

/// A folder with an empty repository, and the settings that git has there.
pub(super) struct Program {
    folder: Arc<TempDir>,
    environment: Vec<(OsString, OsString)>,
    settings: Vec<(String, String)>,
    /// What its errors are about.
    pub name: String,
}

/// This run of the server: folders of others were left by those that died.
fn tag() -> &'static str {
    static TAG: OnceLock<String> = OnceLock::new();
    TAG.get_or_init(|| uuid::Uuid::now_v7().simple().to_string())
}

fn unmade(error: &std::io::Error) -> Error {
    Error::new(crate::error::Kind::Unavailable, format!("The server has no folder for git to work in ({error})."))
}

impl Program {
    #[allow(clippy::disallowed_methods, reason = "what another program is to inherit is no setting of the server")]
    pub fn new(scratch: &Path, name: String) -> Result<Program> {
        for entry in std::fs::read_dir(scratch).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(FOLDER) && !name.contains(tag()) {
                // Whoever cleans up at the same time may be faster.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let folder = tempfile::Builder::new().prefix(&format!("{FOLDER}{}-", tag())).tempdir_in(scratch).map_err(|error| unmade(&error))?;
        let folder = Arc::new(folder);
        // git stands elsewhere than the server.
        let at = |name: &str| std::path::absolute(folder.path().join(name)).map(PathBuf::into_os_string).map_err(|error| unmade(&error));
        let mut environment: Vec<(OsString, OsString)> = Vec::new();
        for name in PASSED {
            environment.extend(std::env::var_os(name).map(|value| (name.into(), value)));
        }
        for (name, value) in [
            ("HOME", at("")?),
            ("XDG_CONFIG_HOME", at("")?),
            ("TMPDIR", at("")?),
            ("GIT_DIR", at("repository")?),
            ("GIT_INDEX_FILE", at("index")?),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_SYSTEM", "/dev/null".into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("GIT_ATTR_NOSYSTEM", "1".into()),
            ("GIT_NO_REPLACE_OBJECTS", "1".into()),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("GIT_ALLOW_PROTOCOL", "http:https:git:ssh".into()),
            ("GIT_SSH_VARIANT", "ssh".into()),
            ("LC_ALL", "C".into()),
        ] {
            environment.push((name.into(), value));
        }
        let settings = [
            ("core.hooksPath", "/dev/null"),
            ("core.fsmonitor", "false"),
            ("credential.helper", ""),
            ("fetch.recurseSubmodules", "false"),
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
            ("push.recurseSubmodules", "no"),
            ("init.defaultBranch", "main"),
        ];
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Program { folder, environment, settings, name })
    }

    /// The whole path of something in its folder.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        std::path::absolute(self.folder.path().join(name)).map_err(|error| unmade(&error))
    }

    /// Puts a file into its folder that only we can read.
    pub fn keep(&self, name: &str, content: &str) -> Result<PathBuf> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = self.path(name)?;
        let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(|error| unmade(&error))?;
        Ok(path)
    }

    /// A setting, which stands in no list of processes.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.settings.push((name.into(), value.into()));
    }

    pub fn env(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.push((name.into(), value.into()));
    }

    /// Starts it.
    pub fn start(&self, arguments: &[&str]) -> Result<Running, Failure> {
        let mut command = Command::new("git");
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        for (at, (name, value)) in self.settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), name).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
        let child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::new("The program git is not on this server; GIT connections need it."),
            _ => Failure::new(format!("The program git cannot be started here ({error}).")),
        })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        Ok(Running { child: Some(child), group, folder: self.folder.clone() })
    }

    /// Runs it to its end and gives what it writes. An error tells what it said.
    pub async fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Failure> {
        match self.tried(arguments, input).await? {
            Ok(answer) => Ok(answer),
            Err(said) => Err(Failure::new(format!("{}: {}.", self.name, said))),
        }
    }

    /// The same; what it said of an error is for the caller to judge.
    pub async fn tried(&self, arguments: &[&str], input: &[u8]) -> Result<Result<Vec<u8>, String>, Failure> {
        let mut running = self.start(arguments)?;
        let Some(child) = &mut running.child else { return Ok(Ok(Vec::new())) };
        let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (mut answer, mut said) = (Vec::new(), Vec::new());
        let give = async {
            if let Some(mut stdin) = stdin.take() {
                // It may want less than it is given; what it made of that is in its ending.
                let _ = stdin.write_all(input).await;
            }
        };
        let take = async {
            if let Some(stdout) = stdout {
                let _ = stdout.take(ANSWER_LIMIT).read_to_end(&mut answer).await;
            }
        };
        let hear = async {
            if let Some(stderr) = stderr {
                let _ = stderr.take(SAID_LIMIT).read_to_end(&mut said).await;
            }
        };
        tokio::join!(give, take, hear);
        let is_well = running.ended().await?;
        Ok(if is_well { Ok(answer) } else { Err(self.words(&String::from_utf8_lossy(&said))) })
    }

    /// What it said, without what it always says and without the names of our folders.
    fn words(&self, said: &str) -> String {
        let folder = self.folder.path().display().to_string();
        let is_news = |line: &&str| {
            !line.is_empty()
                && !line.starts_with("Please make sure")
                && !line.starts_with("and the repository exists")
                && !line.starts_with("hint:")
                && !line.starts_with("warning:")
                && !line.contains("Could not read from remote repository")
        };
        let lines: Vec<&str> = said.lines().map(str::trim).filter(is_news).collect();
        let last = lines[lines.len().saturating_sub(2)..].join("; ");
        let text: String = last.replace(&folder, "").chars().filter(|c| !c.is_control()).take(400).collect();
        let text = text.replace("fatal: ", "").replace("error: ", "");
        let text = text.trim().trim_end_matches('.');
        if text.is_empty() { "the exchange broke off".to_owned() } else { text.to_owned() }
    }
}

/// A git that may be at work. Dropped, it is killed with all that it has started, and then its folder goes.
pub(super) struct Running {
    pub child: Option<Child>,
    group: Option<Pid>,
    folder: Arc<TempDir>,
}

impl Running {
    /// Waits for its end; whether it went well.
    pub async fn ended(mut self) -> Result<bool, Failure> {
        let Some(child) = &mut self.child else { return Ok(false) };
        let status = child.wait().await.map_err(|error| Failure::new(format!("The program git cannot be waited for ({error}).")))?;
        // Its number may be another's from now on.
        self.group = None;
        Ok(status.success())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // It may have ended by itself.
            let _ = killpg(group, Signal::SIGKILL);
            if let (Some(mut child), Ok(runtime)) = (self.child.take(), tokio::runtime::Handle::try_current()) {
                let folder = self.folder.clone();
                runtime.spawn(async move {
                    let _ = child.wait().await;
                    drop(folder);
                });
            }
        }
    }
}
