//! `flowstead setup-editor`: the typings beside somebody's flows, and an editor that finds them. What a person has
//! configured is never rewritten.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};
use crate::records::typing::{self, Stub};

use super::client::{Remote, Server};

/// The folder of the typings; type checkers look here unasked.
pub(super) const TYPINGS: &str = "typings";

/// Writes everything into `folder` and says what was done. With an address the typings are those of that server.
pub(super) async fn run(folder: &Path, remote: Remote) -> Result<()> {
    let files = if remote.url.is_some() { Server::new(remote)?.typings().await? } else { typing::files() };
    let wrote = write_typings(folder, &files)?;
    println!("{}", wrote.sentence(folder));
    for setting in settings() {
        println!("{}", setting.place(folder)?);
    }
    Ok(())
}

/// What [`write_typings`] changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrote {
    pub(super) written: usize,
    pub(super) removed: usize,
    total: usize,
}

impl Wrote {
    /// Whether anything is other than it was.
    pub(super) fn is_change(&self) -> bool {
        self.written + self.removed > 0
    }

    fn sentence(&self, folder: &Path) -> String {
        let place = folder.join(TYPINGS);
        let Wrote { written, removed, total } = self;
        match (written, removed) {
            _ if !self.is_change() => format!("unchanged  {}: {total} files", place.display()),
            (_, 0) => format!("wrote      {}: {written} of {total} files", place.display()),
            _ => format!("wrote      {}: {written} of {total} files, and removed {removed} of a former version", place.display()),
        }
    }
}

/// Brings `folder/typings` to exactly these files. Only the package `flow_api` is ours: other typings stay.
pub(super) fn write_typings(folder: &Path, files: &[Stub]) -> Result<Wrote> {
    let root = folder.join(TYPINGS);
    let mut wrote = Wrote { written: 0, removed: 0, total: files.len() };
    for file in files {
        let path = root.join(&file.path);
        if std::fs::read_to_string(&path).is_ok_and(|there| there == file.text) {
            continue;
        }
        write(&path, &file.text)?;
        wrote.written += 1;
    }
    let known: BTreeSet<_> = files.iter().map(|file| root.join(&file.path)).collect();
    for entry in std::fs::read_dir(root.join("flow_api")).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_stub = path.extension().is_some_and(|extension| extension == "pyi");
        if is_stub && !known.contains(&path) && std::fs::remove_file(&path).is_ok() {
            wrote.removed += 1;
        }
    }
    Ok(wrote)
}

fn write(path: &Path, text: &str) -> Result<()> {
    let refuse = |e: std::io::Error| Error::new(Kind::Unavailable, format!("{} cannot be written: {e}.", path.display()));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(refuse)?;
    }
    std::fs::write(path, text).map_err(refuse)
}

/// A configuration file of an editor or checker, and what it must say.
struct Setting {
    path: &'static str,
    content: Value,
    /// The key whose list must name the typings.
    key: &'static str,
}

fn settings() -> [Setting; 2] {
    [
        Setting {
            path: "pyrightconfig.json",
            // The source of flow_api is inside the server: that it is not found here is as it should be.
            content: json!({"extraPaths": [TYPINGS], "reportMissingModuleSource": false}),
            key: "extraPaths",
        },
        Setting {
            path: ".vscode/settings.json",
            content: json!({"python.analysis.extraPaths": [TYPINGS]}),
            key: "python.analysis.extraPaths",
        },
    ]
}

impl Setting {
    /// Writes the file if there is none; else says whether something is missing in it.
    fn place(&self, folder: &Path) -> Result<String> {
        let path = folder.join(self.path);
        let shown = path.display();
        match std::fs::read_to_string(&path) {
            Ok(there) if self.is_in(&there) => Ok(format!("unchanged  {shown}")),
            Ok(_) => Ok(format!("left alone {shown}: it is yours. Add to it:\n{}", self.text())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                write(&path, &format!("{}\n", self.text()))?;
                Ok(format!("wrote      {shown}"))
            }
            Err(error) => Err(Error::new(Kind::Unavailable, format!("{shown} cannot be read: {error}."))),
        }
    }

    fn text(&self) -> String {
        serde_json::to_string_pretty(&self.content).unwrap_or_default()
    }

    /// Whether a file names the typings already. One with comments is not read, and so not known to.
    fn is_in(&self, text: &str) -> bool {
        let read: Value = serde_json::from_str(text).unwrap_or_default();
        read[self.key].as_array().is_some_and(|list| list.iter().any(|path| path == TYPINGS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typings_of_a_type_that_is_gone_leave_and_those_of_others_stay() {
        let folder = tempfile::TempDir::new().unwrap();
        let root = folder.path().join(TYPINGS);
        std::fs::create_dir_all(root.join("flow_api")).unwrap();
        std::fs::write(root.join("flow_api/gone.pyi"), "").unwrap();
        std::fs::write(root.join("other.pyi"), "").unwrap();
        let files = typing::files();
        let first = write_typings(folder.path(), &files).unwrap();
        assert_eq!((first.written, first.removed), (files.len(), 1));
        assert!(!root.join("flow_api/gone.pyi").exists() && root.join("other.pyi").exists());
        assert!(!write_typings(folder.path(), &files).unwrap().is_change());
    }
}
