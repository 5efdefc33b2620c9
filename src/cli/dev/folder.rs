//! The folder of flows: which files are in it, and a wake-up when something there changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::error::{Error, Kind, Result};

/// Folders that hold no flows; `typings` is where checkers look for stubs.
const OTHER: [&str; 3] = ["typings", "__pycache__", "node_modules"];

/// The folder, watched.
pub(super) struct Folder {
    root: PathBuf,
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    changed: Arc<Notify>,
}

/// A Python file as it was found.
pub(super) struct File {
    /// Below the folder.
    pub(super) path: PathBuf,
    /// Its text, or why there is none.
    pub(super) text: std::result::Result<String, String>,
}

impl Folder {
    /// Begins to watch a folder, which must exist.
    pub(super) fn watch(root: &Path) -> Result<Folder> {
        let changed = Arc::new(Notify::new());
        let wake = changed.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| is_change(event.kind)) {
                wake.notify_one();
            }
        });
        let watcher = watcher.map_err(|e| unwatched(root, &e))?;
        Ok(Folder { root: root.to_owned(), watcher, watched: BTreeSet::new(), changed })
    }

    /// Returns once something changed since the last call.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Every Python file, by path. Folders are watched before they are read, so that nothing slips in between.
    pub(super) fn files(&mut self) -> Result<Vec<File>> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            if !self.watched.contains(&folder) {
                match self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                    Ok(()) => {}
                    // It was there a moment ago: its parent's change has been noticed.
                    Err(_) if folder != self.root && !folder.exists() => continue,
                    Err(error) => return Err(unwatched(&folder, &error)),
                }
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                if is_hidden {
                    continue;
                }
                if path.is_dir() {
                    if !is_other(&path) && !entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                        folders.push(path);
                    }
                } else if path.extension().is_some_and(|extension| extension == "py") {
                    found.push(self.read(&path));
                }
            }
            seen.insert(folder);
        }
        for gone in self.watched.difference(&seen) {
            // What is gone is not watched any more; saying so twice does no harm.
            let _ = self.watcher.unwatch(gone);
        }
        self.watched = seen;
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn read(&self, path: &Path) -> File {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
        File { path: path.strip_prefix(&self.root).unwrap_or(path).to_owned(), text }
    }
}

/// Looking at a file is no change; we do that ourselves.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

/// Folders of packages and caches.
fn is_other(folder: &Path) -> bool {
    let is_named = folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| OTHER.contains(&name));
    is_named || folder.join("pyvenv.cfg").exists()
}

fn unwatched(folder: &Path, error: &notify::Error) -> Error {
    Error::new(Kind::Unavailable, format!("The folder {} cannot be watched for changes: {error}.", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_are_found_below_and_changes_wake() {
        let place = tempfile::TempDir::new().unwrap();
        let write = |path: &str| {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for path in ["b.py", "a.py", "notes.txt", "sub/c.py", ".hidden/d.py", ".e.py", "typings/f.py", "venv/pyvenv.cfg", "venv/g.py"] {
            write(path);
        }
        let mut folder = Folder::watch(place.path()).unwrap();
        let names = |files: Vec<File>| files.iter().map(|file| file.path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(names(folder.files().unwrap()), ["a.py", "b.py", "sub/c.py"]);
        write("sub/deep/h.py");
        folder.changed().await;
        assert_eq!(names(folder.files().unwrap()).len(), 4);
        write("sub/deep/i.py");
        folder.changed().await;
        std::fs::remove_dir_all(place.path().join("sub")).unwrap();
        folder.changed().await;
        assert_eq!(names(folder.files().unwrap()), ["a.py", "b.py"]);
    }
}
