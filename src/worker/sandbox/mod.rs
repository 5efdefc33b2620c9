//! What third-party code is kept from: applied in the zygote before any of it is imported, inherited by every slot.
//!
//! Best effort: what this machine cannot do is a line in the report, never a silent gap. It limits accidents and
//! lateral damage; code with network access is not contained against a determined attacker.

mod capability;
mod cover;
mod landlock;
pub(super) mod listener;
mod seccomp;
mod user;

use std::path::Path;

use crate::protocol::{SandboxLine, ZygoteConfig};

use super::process::Resource;

pub(super) use landlock::Jail;

/// Makes this process the user of its trust domain, or tells in the report why it is not. It must then be told again to end with its parent.
pub(super) fn become_user(config: &ZygoteConfig, readable: &[&Path]) -> Result<SandboxLine, String> {
    user::switch(config, readable).map(|outcome| line("user of their own", outcome))
}

/// The whole set. Returns the report, and what each child narrows to its own work directory.
pub(super) fn apply(config: &ZygoteConfig, readable: &[&Path]) -> (Vec<SandboxLine>, Option<Jail>) {
    let mut report = vec![
        line("no_new_privs", nix::sys::prctl::set_no_new_privs().map_err(|e| e.to_string()).map(|()| String::new())),
        line("rlimit open files", cap(Resource::OpenFiles, config.open_files)),
        line("rlimit core", cap(Resource::Core, 0)),
        line("capabilities", capability::drop_all()),
    ];
    let mut jail = None;
    if config.landlock {
        let (applied, lines) = landlock::apply(Path::new(&config.work_root), readable);
        jail = applied;
        report.extend(lines);
    }
    report.push(line("seccomp", seccomp::apply()));
    let told = listener::prepare();
    report.push(line("processes", processes(config.processes, told.holds)));
    report.push(told);
    (report, jail)
}

fn cap(resource: Resource, value: u64) -> Result<String, String> {
    resource.cap(value).map(|()| format!("{value}")).map_err(|e| e.to_string())
}

/// `is_told`: the kernel tells the server of each new process, which counts them.
fn processes(value: u64, is_told: bool) -> Result<String, String> {
    cap(Resource::Processes, value)?;
    match (is_told, nix::unistd::getuid().is_root()) {
        (true, _) => Ok("counted when one is made".to_owned()),
        (false, true) => Err("the kernel neither tells of them nor counts those of root".to_owned()),
        (false, false) => Ok(format!("{value} for all processes of this user")),
    }
}

/// One line of the report.
pub(super) fn line(part: &str, outcome: Result<String, String>) -> SandboxLine {
    let (holds, detail) = match outcome {
        Ok(detail) => (true, detail),
        Err(detail) => (false, detail),
    };
    SandboxLine { part: part.to_owned(), holds, detail }
}
