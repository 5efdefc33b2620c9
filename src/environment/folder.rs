//! The folder of environments: one below it for each content, whole or not there at all.

use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::lock::Lock;
use super::{Site, preload, uv};
use crate::error::{Error, Kind, Result};

/// Where installers work, with what they have downloaded.
pub(super) const BUILD: &str = "build";
/// Downloads are kept in folders that begin so.
const CACHE: &str = "cache";
/// Written last: what has it is whole.
const ABOUT: &str = "about.json";

/// What is known of an environment beside its packages.
#[derive(Serialize, Deserialize)]
struct About {
    requirements: Vec<String>,
    preload: Vec<String>,
}

/// Makes a folder that others may pass, whatever the umask.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().recursive(true).mode(0o755).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn is_whole(folder: &Path, key: &str) -> bool {
    folder.join(key).join(ABOUT).is_file()
}

pub(super) fn keys(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| is_whole(folder, name)).collect()
}

pub(super) fn site(folder: &Path, key: &str) -> Result<Site> {
    let place = folder.join(key);
    let unreadable = |e: io::Error| Error::internal(format!("the environment {key} cannot be read")).source_error(e);
    let text = std::fs::read_to_string(place.join(ABOUT)).map_err(unreadable)?;
    let about: About = serde_json::from_str(&text).map_err(|e| unreadable(e.into()))?;
    Ok(Site { path: place.join(uv::SITE), preload: about.preload })
}

/// Gives what an installer made its place, once it is on the disk: what is found there later is whole.
pub(super) fn keep(environments: &Path, made: &Path, lock: &Lock) -> Result<()> {
    let full = |e: io::Error| {
        let text = format!("The environment cannot be put into {}: {e}.", environments.display());
        Error::new(Kind::Unavailable, text).details(json!({ "passing": true })).source_error(e)
    };
    let site = made.join(uv::SITE);
    // Without packages nothing was made.
    make(&site).map_err(full)?;
    let _ = std::fs::remove_file(site.join(".lock"));
    let about = About { requirements: lock.requirements.clone(), preload: preload::modules(&site, &lock.requirements) };
    let text = serde_json::to_string(&about).map_err(|e| Error::internal("an environment's description is no JSON").source_error(e))?;
    let out = made.join("out");
    make(&out).map_err(full)?;
    std::fs::rename(&site, out.join(uv::SITE)).map_err(full)?;
    std::fs::write(out.join(ABOUT), text).map_err(full)?;
    close(&out.join(uv::SITE)).map_err(full)?;
    let held = std::fs::File::open(&out).map_err(full)?;
    nix::unistd::syncfs(held.as_fd()).map_err(|e| full(e.into()))?;
    let place = environments.join(&*lock.key);
    // What is there and not whole was left by a removal that was cut short.
    clear(&place);
    std::fs::rename(&out, &place).map_err(full)?;
    std::fs::set_permissions(&place, Permissions::from_mode(0o555)).map_err(full)?;
    let parent = std::fs::File::open(environments).map_err(full)?;
    parent.sync_all().map_err(full)
}

/// Takes the right to write away from everything in a folder, and lets everybody read.
fn close(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            close(&entry.path())?;
        } else if kind.is_file() {
            let run = entry.metadata()?.permissions().mode() & 0o111;
            std::fs::set_permissions(entry.path(), Permissions::from_mode(0o444 | run))?;
        }
    }
    std::fs::set_permissions(folder, Permissions::from_mode(0o555))
}

/// Removes an environment: first what makes it whole.
pub(super) fn remove(folder: &Path, key: &str) -> Result<()> {
    let place = folder.join(key);
    let failed = |e: io::Error| Error::internal(format!("the environment {key} cannot be removed")).source_error(e);
    std::fs::set_permissions(&place, Permissions::from_mode(0o755)).map_err(failed)?;
    std::fs::remove_file(place.join(ABOUT)).map_err(failed)?;
    clear(&place);
    Ok(())
}

/// Removes a folder, whatever rights it has, or a file.
pub(super) fn clear(folder: &Path) {
    if std::fs::remove_file(folder).is_ok() || std::fs::remove_dir_all(folder).is_ok() || !folder.exists() {
        return;
    }
    open_up(folder);
    if let Err(error) = std::fs::remove_dir_all(folder) {
        tracing::warn!("the folder {} cannot be removed: {error}", folder.display());
    }
}

fn open_up(folder: &Path) {
    let _ = std::fs::set_permissions(folder, Permissions::from_mode(0o755));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

/// Removes what a killed server left: all of an installer's work but the downloads, and environments that are not whole.
pub(super) fn sweep(folder: &Path) {
    let entries =
        |folder: &Path| -> Vec<PathBuf> { std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect() };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for left in entries(&folder.join(BUILD)).into_iter().filter(|path| !name(path).starts_with(CACHE)) {
        clear(&left);
    }
    for left in entries(folder).into_iter().filter(|path| name(path) != BUILD && !is_whole(folder, &name(path))) {
        clear(&left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        Lock::new("alpha==1 --hash=sha256:00\n".into(), vec!["alpha".into()]).unwrap()
    }

    #[test]
    fn what_a_killed_server_left_is_swept_out_and_what_is_whole_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for made in ["build/cache-0/x", "build/job/site/alpha", "half/site", "job"] {
            std::fs::create_dir_all(at(made)).unwrap();
        }
        std::fs::write(at("build/file"), "").unwrap();
        std::fs::create_dir_all(at("job/site")).unwrap();
        std::fs::write(at("job/site/alpha.py"), "V = 1\n").unwrap();
        keep(folder.path(), &at("job"), &lock()).unwrap();
        sweep(folder.path());
        assert_eq!(keys(folder.path()), [lock().key.to_string()]);
        assert!(at("build/cache-0/x").is_dir() && !at("build/job").exists() && !at("build/file").exists() && !at("half").exists());
        assert!(is_whole(folder.path(), &lock().key));
    }

    #[test]
    fn an_environment_is_read_only_and_can_be_removed_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let made = folder.path().join("job");
        std::fs::create_dir_all(made.join("site/deep")).unwrap();
        std::fs::write(made.join("site/deep/alpha.py"), "V = 1\n").unwrap();
        keep(folder.path(), &made, &lock()).unwrap();
        let site = site(folder.path(), &lock().key).unwrap();
        for path in [site.path.clone(), site.path.join("deep"), site.path.join("deep/alpha.py")] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o222, 0, "{}", path.display());
        }
        remove(folder.path(), &lock().key).unwrap();
        assert!(keys(folder.path()).is_empty() && !folder.path().join(&*lock().key).exists());
    }
}
