//! A user of its own for each trust domain, where the server runs as root: the zygote becomes it before anything is imported.
//!
//! All or nothing: what could go wrong is tried out in a child first, since there is no way back.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::path::{Path, PathBuf};

use nix::sys::stat::Mode;
use nix::unistd::{AccessFlags, Gid, Uid, access, chown, getuid, setgroups, setresgid, setresuid};

use crate::protocol::ZygoteConfig;

use super::{capability, cover};

/// What the server must be allowed: to hand over the folder, to become another, and later to read, kill and clear away what is his.
const NEEDED: &[(&str, u32)] =
    &[("CHOWN", 0), ("DAC_OVERRIDE", 1), ("FOWNER", 3), ("KILL", 5), ("SETGID", 6), ("SETUID", 7), ("SETPCAP", 8)];
/// Groups of root mean nothing to him.
const NO_GROUPS: &[Gid] = &[];

/// Becomes the configured user, who owns the work root alone. The inner text tells how, or why this zygote stays what it is; the
/// outer one is an end: it is neither one nor the other.
pub(super) fn switch(config: &ZygoteConfig, readable: &[&Path]) -> Result<Result<String, String>, String> {
    if !getuid().is_root() {
        return Ok(Err("the server does not run as root, so flows run as its user".to_owned()));
    }
    let Some(user) = config.user else {
        return Ok(Err("engine.user_ids is empty, so flows run as root, without its powers".to_owned()));
    };
    let shown = match ready(config, user, readable) {
        Ok(shown) => shown,
        Err(reason) => return Ok(Err(reason)),
    };
    // Dropping from the bounding set is a power too.
    let _ = capability::drop_bounding();
    become_user(user).map_err(|e| format!("user {user} cannot be switched to: {e}"))?;
    if setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
        return Err("root could be regained after it was given up".to_owned());
    }
    // A change of users leaves `/proc/self` with root, and Python reads there. Each slot's Landlock domain keeps the others out.
    nix::sys::prctl::set_dumpable(true).map_err(|e| format!("/proc/self of user {user} stays closed to him: {e}"))?;
    name_him();
    Ok(Ok(shown))
}

/// Everything up to the switch. On an error all is as before, but for folders hidden from this process.
fn ready(config: &ZygoteConfig, user: u32, readable: &[&Path]) -> Result<String, String> {
    let missing: Vec<&str> = NEEDED.iter().filter(|(_, number)| !capability::has(*number)).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Err(format!("the server runs as root, but without the capabilities {}", missing.join(", ")));
    }
    let work = PathBuf::from(&config.work_root);
    let wanted: Vec<&Path> = readable.iter().copied().chain([work.as_path()]).collect();
    let covered = cover::open_way(&wanted, config.shared_memory_bytes)?;
    own(&work, user).and_then(|()| tried(user, readable, &work)).inspect_err(|_| {
        let _ = own(&work, 0);
    })?;
    Ok(if covered.is_empty() {
        format!("user {user}")
    } else {
        let names: Vec<String> = covered.iter().map(|path| path.display().to_string()).collect();
        format!("user {user}; of {} only Python and the work directory are there", names.join(" and "))
    })
}

fn own(work: &Path, user: u32) -> Result<(), String> {
    let text = |e: nix::Error| format!("the work root {} cannot be handed over: {e}", work.display());
    chown(work, Some(Uid::from_raw(user)), Some(Gid::from_raw(user))).map_err(text)?;
    nix::sys::stat::fchmodat(nix::fcntl::AT_FDCWD, work, Mode::S_IRWXU, nix::sys::stat::FchmodatFlags::FollowSymlink).map_err(text)
}

fn become_user(user: u32) -> nix::Result<()> {
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    setgroups(NO_GROUPS)?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}

/// Switches in a child, and looks whether Python and the work root are within reach there.
fn tried(user: u32, readable: &[&Path], work: &Path) -> Result<(), String> {
    let places: Vec<(&Path, AccessFlags)> = readable
        .iter()
        .map(|path| (*path, AccessFlags::R_OK | AccessFlags::X_OK))
        .chain([(work, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK)])
        .collect();
    // SAFETY: this process has one thread; the child only makes system calls and leaves.
    let status = unsafe {
        match libc::fork() {
            -1 => return Err("no process can be forked to try it out".to_owned()),
            0 => {
                let code = match become_user(user) {
                    Ok(()) => places.iter().position(|(path, how)| access(*path, *how).is_err()).map_or(0, |index| index + 2),
                    Err(_) => 1,
                };
                libc::_exit(i32::try_from(code).unwrap_or(1));
            }
            child => {
                let mut status = 0;
                libc::waitpid(child, &raw mut status, 0);
                status
            }
        }
    };
    match (libc::WIFEXITED(status), usize::try_from(libc::WEXITSTATUS(status)).unwrap_or(1)) {
        (true, 0) => Ok(()),
        (true, code @ 2..) => Err(format!("{} is closed to other users", places[code - 2].0.display())),
        _ => Err(format!("user {user} cannot be switched to; engine.user_ids may name users that this container does not have")),
    }
}

/// He is in no list of users; programs that ask who they are look here first.
fn name_him() {
    const NAMES: [&CStr; 2] = [c"USER", c"LOGNAME"];
    for name in NAMES {
        // SAFETY: this process has one thread.
        unsafe { libc::setenv(name.as_ptr(), c"flow".as_ptr(), 1) };
    }
}
