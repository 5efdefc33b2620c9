//! A way to what another user must reach below folders that are closed to him: this process sees an empty folder in their place, with
//! nothing in it but what he needs. The folders themselves stay as they are for everyone else.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, umask};

/// The right of others to pass through a folder.
const OTHERS_PASS: u32 = 0o001;
const SHARED_MEMORY: &str = "/dev/shm";

/// Makes `wanted` reachable for any user and gives this process a `/dev/shm` of its own. Says which folders were covered.
pub(super) fn open_way(wanted: &[&Path], shared_memory_bytes: u64) -> Result<Vec<PathBuf>, String> {
    let real: Vec<PathBuf> = wanted.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let closed: BTreeSet<PathBuf> = real.iter().filter_map(|path| first_closed(path)).collect();
    if let Err(error) = unshare(CloneFlags::CLONE_NEWNS) {
        // Without closed folders there is nothing that must be covered.
        return match closed.first() {
            None => Ok(Vec::new()),
            Some(folder) => Err(format!("the folder {} is closed to other users and cannot be covered: {error}", folder.display())),
        };
    }
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
        .map_err(|e| format!("what is mounted here cannot be kept apart: {e}"))?;
    // Some machines have none; then there is none to share either.
    let _ = memory_folder(Path::new(SHARED_MEMORY), "1777", shared_memory_bytes.max(1 << 20));
    let before = umask(Mode::from_bits_truncate(0o022));
    let outcome = cover(&closed, &real);
    umask(before);
    outcome.map(|()| closed.into_iter().collect())
}

/// The outermost folder on the way to `path` that others may not pass.
fn first_closed(path: &Path) -> Option<PathBuf> {
    let above: Vec<&Path> = path.ancestors().skip(1).collect();
    let is_closed = |folder: &&&Path| folder.metadata().is_ok_and(|meta| meta.mode() & OTHERS_PASS == 0);
    above.iter().rev().find(is_closed).map(|folder| folder.to_path_buf())
}

fn cover(closed: &BTreeSet<PathBuf>, wanted: &[PathBuf]) -> Result<(), String> {
    let mut held = Vec::new();
    for path in wanted.iter().filter(|path| closed.iter().any(|folder| path.starts_with(folder))) {
        let fd = open(path, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
            .map_err(|e| format!("{} cannot be opened: {e}", path.display()))?;
        held.push((path, fd));
    }
    for folder in closed {
        memory_folder(folder, "0755", 1 << 20).map_err(|e| format!("the folder {} cannot be covered: {e}", folder.display()))?;
    }
    for (path, fd) in &held {
        let text = |e: &dyn std::fmt::Display| format!("{} cannot be shown again: {e}", path.display());
        DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(|e| text(&e))?;
        let source = format!("/proc/self/fd/{}", fd.as_raw_fd());
        mount(Some(source.as_str()), path.as_path(), None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)
            .map_err(|e| text(&e))?;
    }
    Ok(())
}

fn memory_folder(at: &Path, mode: &str, bytes: u64) -> nix::Result<()> {
    let options = format!("mode={mode},size={bytes}");
    mount(Some("tmpfs"), at, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(options.as_str()))
}
