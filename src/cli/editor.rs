//! `flowstead setup-editor`: typings and schemas beside somebody's flows, and an editor that finds them. What a person has
//! configured is added to, never rewritten.

mod merge;
mod unpack;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::records::artifact::{self, ARTIFACTS, Artifact, FOLDER, File, TYPINGS};

use super::client::{Remote, Server};
use merge::Merged;

/// Writes everything into `folder` and says what was done. With an address the files are those of that server.
pub(super) async fn run(folder: &Path, remote: Remote) -> Result<()> {
    let remote = remote.or_environment();
    let files = if remote.url.is_some() { unpack::download(&Server::new(remote)?).await? } else { built_in(ARTIFACTS) };
    let wrote = write_files(folder, &files)?;
    println!("{}", wrote.sentence(folder));
    for setting in settings(&files) {
        println!("{}", setting.place(folder)?);
    }
    Ok(())
}

/// The files that this program itself has of these artifacts, by their paths from the top of a project.
fn built_in(artifacts: &[&Artifact]) -> Vec<File> {
    let of = |artifact: &&Artifact| {
        let place = artifact.place();
        artifact.files().into_iter().map(move |file| File { path: place.clone() + &file.path, text: file.text }).collect::<Vec<_>>()
    };
    artifacts.iter().flat_map(of).collect()
}

/// Brings the typings in `folder` up to date; says where they are if anything changed.
pub(super) fn write_typings(folder: &Path) -> Result<Option<PathBuf>> {
    let wrote = write_files(folder, &built_in(&[&TYPINGS]))?;
    Ok(wrote.is_change().then(|| folder.join(FOLDER)))
}

/// What [`write_files`] changed.
#[derive(Debug, PartialEq, Eq)]
struct Wrote {
    written: usize,
    removed: usize,
    total: usize,
}

impl Wrote {
    /// Whether anything is other than it was.
    fn is_change(&self) -> bool {
        self.written + self.removed > 0
    }

    fn sentence(&self, folder: &Path) -> String {
        let place = folder.join(FOLDER);
        let Wrote { written, removed, total } = self;
        match (written, removed) {
            _ if !self.is_change() => format!("unchanged  {}: {total} files", place.display()),
            (_, 0) => format!("wrote      {}: {written} of {total} files", place.display()),
            _ => format!("wrote      {}: {written} of {total} files, and removed {removed} of a former version", place.display()),
        }
    }
}

/// Writes these files below `folder`, and removes what a former version has left beside them.
fn write_files(folder: &Path, files: &[File]) -> Result<Wrote> {
    let mut wrote = Wrote { written: 0, removed: 0, total: files.len() };
    let mut known = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for file in files {
        let path = folder.join(&file.path);
        if !std::fs::read_to_string(&path).is_ok_and(|there| there == file.text) {
            write(&path, &file.text)?;
            wrote.written += 1;
        }
        // The folder of all is shared with whoever else keeps things in it; those below are ours alone.
        folders.extend(path.parent().filter(|parent| *parent != folder.join(FOLDER)).map(Path::to_path_buf));
        known.insert(path);
    }
    for entry in folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
        let path = entry.path();
        let is_ours = path.extension().is_some_and(|extension| extension == "pyi" || extension == "json");
        if is_ours && !known.contains(&path) && std::fs::remove_file(&path).is_ok() {
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
    /// Where the same may be said instead: a TOML file and its table.
    elsewhere: Option<(&'static str, [&'static str; 2])>,
}

/// What the settings must say: as the server's files have it, else as this program does.
fn settings(files: &[File]) -> [Setting; 2] {
    let snippet = |name: &str, own: fn() -> Value| {
        let found = files.iter().find(|file| file.path.ends_with(&format!("editor-config/{name}")));
        found.and_then(|file| serde_json::from_str(&file.text).ok()).unwrap_or_else(own)
    };
    [
        Setting {
            path: "pyrightconfig.json",
            content: snippet("pyrightconfig.snippet.json", artifact::pyright_settings),
            elsewhere: Some(("pyproject.toml", ["tool", "pyright"])),
        },
        Setting {
            path: ".vscode/settings.json",
            content: snippet("vscode-settings.snippet.json", artifact::vscode_settings),
            elsewhere: None,
        },
    ]
}

impl Setting {
    /// Adds what is missing, and says what that was.
    fn place(&self, folder: &Path) -> Result<String> {
        let path = folder.join(self.path);
        let shown = path.display();
        let there = match std::fs::read_to_string(&path) {
            Ok(there) => there,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if let Some((file, table)) = self.elsewhere.filter(|(file, table)| has_table(&folder.join(file), table)) {
                    let table = table.join(".");
                    // The one would make the other count for nothing.
                    return Ok(format!("left out   {shown}: {file} has [{table}]. Add to that:\n{:#}", self.content));
                }
                write(&path, &format!("{:#}\n", self.content))?;
                return Ok(format!("wrote      {shown}"));
            }
            Err(error) => return Err(Error::new(Kind::Unavailable, format!("{shown} cannot be read: {error}."))),
        };
        match merge::merge(&there, &self.content) {
            Err(problem) => Ok(format!("left alone {shown}: {problem} Add to it:\n{:#}", self.content)),
            Ok(Merged { added, left, .. }) if added.is_empty() && left.is_empty() => Ok(format!("unchanged  {shown}")),
            Ok(Merged { text, added, left }) => {
                if !added.is_empty() {
                    write(&path, &text)?;
                }
                let mut said = Vec::new();
                if !added.is_empty() {
                    said.push(format!("added to   {shown}: {}", added.join(", ")));
                }
                said.extend(left.iter().map(|problem| format!("left alone {shown}: {problem}")));
                Ok(said.join("\n"))
            }
        }
    }
}

/// Whether a TOML file has this table.
fn has_table(path: &Path, table: &[&str]) -> bool {
    let Ok(text) = std::fs::read_to_string(path) else { return false };
    let Ok(document) = text.parse::<toml::Table>() else { return false };
    let mut at = &document;
    for name in table {
        match at.get(*name).and_then(toml::Value::as_table) {
            Some(inner) => at = inner,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_type_that_is_gone_leave_and_those_of_others_stay() {
        let folder = tempfile::TempDir::new().unwrap();
        let root = folder.path().join(FOLDER);
        std::fs::create_dir_all(root.join("flow_api")).unwrap();
        std::fs::write(root.join("flow_api/gone.pyi"), "").unwrap();
        std::fs::write(root.join("flow_api/notes.txt"), "").unwrap();
        std::fs::write(root.join("other.json"), "").unwrap();
        let files = built_in(ARTIFACTS);
        let first = write_files(folder.path(), &files).unwrap();
        assert_eq!((first.written, first.removed), (files.len(), 1));
        assert!(!root.join("flow_api/gone.pyi").exists());
        assert!(root.join("other.json").exists() && root.join("flow_api/notes.txt").exists());
        assert!(!write_files(folder.path(), &files).unwrap().is_change());
    }
}
