//! Whether a path leads out of the execution's own work directory, to where a change lasts.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is written there is gone, or goes to the log.
const HARMLESS: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/stdout", "/dev/stderr"];
/// The one folder outside that the kernel's wall leaves open.
const SHARED_MEMORY: &str = "/dev/shm";

static WORKDIR: OnceLock<PathBuf> = OnceLock::new();
static IS_JAILED: AtomicBool = AtomicBool::new(false);

/// Once a slot. `is_jailed`: the kernel refuses what would create, write or remove elsewhere.
pub(super) fn open(workdir: &Path, is_jailed: bool) -> std::io::Result<()> {
    let _ = WORKDIR.set(workdir.canonicalize()?);
    IS_JAILED.store(is_jailed, Ordering::Relaxed);
    Ok(())
}

/// What an act does with a path.
#[derive(Clone, Copy)]
pub(super) struct Touch {
    /// The descriptor of the folder that a relative path starts at, else the current one.
    pub folder: Option<RawFd>,
    /// The last part may be a symbolic link that is followed.
    pub follows: bool,
    /// The kernel's wall stands before it, where there is one. Changes of owner, rights and times pass it.
    pub is_walled: bool,
}

/// Whether the act changes something outside. One that cannot succeed changes nothing.
pub(super) fn is_outside(path: &Path, touch: Touch) -> bool {
    if HARMLESS.iter().any(|harmless| path == Path::new(harmless)) {
        return false;
    }
    let Some(real) = resolve(path, touch) else { return false };
    if HARMLESS.iter().any(|harmless| real == Path::new(harmless)) || WORKDIR.get().is_some_and(|workdir| real.starts_with(workdir)) {
        return false;
    }
    !touch.is_walled || !IS_JAILED.load(Ordering::Relaxed) || real.starts_with(SHARED_MEMORY)
}

/// The path without links; `None` if its folder is not there.
fn resolve(path: &Path, touch: Touch) -> Option<PathBuf> {
    let whole = match touch.folder {
        _ if path.is_absolute() => path.to_owned(),
        Some(folder) => std::fs::read_link(format!("/proc/self/fd/{folder}")).ok()?.join(path),
        None => std::env::current_dir().ok()?.join(path),
    };
    if touch.follows
        && let Ok(real) = whole.canonicalize()
    {
        return Some(real);
    }
    if touch.follows
        && let Ok(target) = std::fs::read_link(&whole)
    {
        // A link to what is not there yet: opening it creates the target.
        let target = whole.parent()?.join(target);
        return Some(target.parent()?.canonicalize().ok()?.join(target.file_name()?));
    }
    match whole.file_name() {
        Some(name) => Some(whole.parent()?.canonicalize().ok()?.join(name)),
        None => whole.canonicalize().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: Touch = Touch { folder: None, follows: true, is_walled: true };

    #[test]
    fn only_what_leads_out_of_the_work_directory_is_outside() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (work, other) = (folder.path().join("work"), folder.path().join("other"));
        for made in [&work, &other] {
            std::fs::create_dir(made).expect("a folder can be made");
        }
        std::os::unix::fs::symlink(&other, work.join("link")).expect("a link can be made");
        std::os::unix::fs::symlink(other.join("new"), work.join("dangling")).expect("a link can be made");
        open(&work, false).expect("the folder is there");
        for (path, expected) in [
            (work.join("new"), false),
            (work.join("../work/new"), false),
            (work.clone(), false),
            (PathBuf::from("/dev/null"), false),
            (work.join("absent/new"), false),
            (other.join("new"), true),
            (work.join("../other/new"), true),
            (work.join("link/new"), true),
            (work.join("dangling"), true),
        ] {
            assert_eq!(is_outside(&path, CREATE), expected, "{}", path.display());
        }
        let removal = Touch { follows: false, ..CREATE };
        assert!(!is_outside(&work.join("link"), removal), "removing a link touches the folder it lies in");
        IS_JAILED.store(true, Ordering::Relaxed);
        assert!(!is_outside(&other.join("new"), CREATE), "the kernel refuses it");
        assert!(is_outside(&other.join("new"), Touch { is_walled: false, ..CREATE }));
        assert!(is_outside(Path::new("/dev/shm/new"), CREATE));
    }
}
