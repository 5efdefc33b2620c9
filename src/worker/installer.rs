//! The installer role: `uv` in the sandbox of flows, with the network, and with one folder to write to.
//!
//! It reads Python, the system and the packages it is pointed to; the server's data is closed to it.
#![allow(unsafe_code)]

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::protocol::{InstallerConfig, ZygoteConfig};

use super::interpreter;
use super::sandbox;

/// Of a process that could not even become the installer.
const UNSOUND: i32 = 70;
const OPEN_FILES: u64 = 4096;
const PROCESSES: u64 = 4096;

/// Becomes the installer, or says why not.
pub fn main() -> ! {
    let reason = prepare().map_or_else(|reason| reason, |mut command| format!("it cannot be run: {}", command.exec()));
    eprintln!("error: the installer cannot work: {reason}");
    // SAFETY: ends the process without running anything else.
    unsafe { libc::_exit(UNSOUND) }
}

fn prepare() -> Result<Command, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|e| e.to_string())?;
    let config: InstallerConfig = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    // SAFETY: the process has one thread, and nothing beyond the standard streams is open that it needs.
    unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
    let home = interpreter::home();
    let mut readable: Vec<&Path> = config.readable.iter().map(Path::new).collect();
    readable.push(&home);
    let confined = confined(&config);
    // Whether he is a user of his own or not, what follows holds.
    let _ = sandbox::become_user(&confined, &readable)?;
    end_with_the_server(config.server_pid)?;
    let _ = sandbox::apply(&confined, &readable);
    let folder = Path::new(&config.folder);
    let unwritable = |e: std::io::Error| format!("{} cannot be written: {e}", folder.display());
    std::fs::create_dir(folder).map_err(unwritable)?;
    std::fs::write(folder.join(&config.file.0), &config.file.1).map_err(unwritable)?;
    let temporary = folder.join("tmp");
    std::fs::create_dir(&temporary).map_err(unwritable)?;
    // What another user has downloaded is closed to him.
    let cache = Path::new(&config.work_root).join(format!("cache-{}", nix::unistd::getuid()));
    let mut command = Command::new(&config.program);
    command
        .args(&config.arguments)
        .arg("--python")
        .arg(python(&home))
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .env("HOME", folder)
        .env("TMPDIR", &temporary)
        .env("UV_CACHE_DIR", cache)
        .env("UV_PYTHON_DOWNLOADS", "never")
        .envs(config.variables.iter().map(|(name, value)| (name, value)));
    Ok(command)
}

fn python(home: &Path) -> std::path::PathBuf {
    let bundled = home.join("bin/python3");
    if bundled.is_file() { bundled } else { env!("FLOWSTEAD_PYTHON_EXECUTABLE").into() }
}

fn end_with_the_server(server_pid: i32) -> Result<(), String> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL).map_err(|e| e.to_string())?;
    if nix::unistd::getppid().as_raw() == server_pid { Ok(()) } else { Err("the server is gone".to_owned()) }
}

fn confined(config: &InstallerConfig) -> ZygoteConfig {
    ZygoteConfig {
        server_pid: config.server_pid,
        work_root: config.work_root.clone(),
        site_dirs: Vec::new(),
        preload: Vec::new(),
        lack: None,
        hash_seed: 0,
        open_files: OPEN_FILES,
        processes: PROCESSES,
        user: config.user,
        landlock: true,
        shared_memory_bytes: 1 << 20,
        time_zone: "UTC".to_owned(),
    }
}
