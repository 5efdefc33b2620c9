//! The folder of documents: what is in it, as records; and how it is written. Hidden files and links are nobody's business.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::Path;

use crate::error::{Error, Kind, Result};
use crate::records::{self, document};
use crate::service::yaml::{self, Content};

/// A record's files: by their last ending, `yaml` and what stands beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// The path without the last ending, below the folder: `flow/hello.flow`.
    pub(super) stem: String,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Unit {
    /// What tells two states of a record apart.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (ending, content) in &self.files {
            hasher.update(ending.as_bytes());
            hasher.update(&(content.len() as u64).to_le_bytes());
            hasher.update(content);
        }
        hasher.finalize().to_hex().to_string()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.files.iter().map(|(ending, content)| (format!("{}.{ending}", self.stem), content.clone()))
    }
}

/// Records by `<type>/<name>`.
pub(super) type Units = BTreeMap<String, Unit>;

/// Every file below a folder by its path, with `/`.
pub(in crate::cli) fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        let refuse = |e: std::io::Error| Error::new(Kind::Unavailable, format!("{} cannot be read: {e}.", current.display()));
        for entry in std::fs::read_dir(&current).map_err(refuse)? {
            let entry = entry.map_err(refuse)?;
            let kind = entry.file_type().map_err(refuse)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() && [".yaml", ".yml", ".py", ".content"].iter().any(|ending| name.ends_with(ending)) {
                let below = path.strip_prefix(folder).map_err(|_| Error::internal("a file lies outside its folder"))?;
                let shown = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
                found.insert(shown, std::fs::read(&path).map_err(refuse)?);
            }
        }
    }
    Ok(found)
}

/// The records among files. A file that is no document is an error: it would be lost silently otherwise.
pub(super) fn units(mut files: BTreeMap<String, Vec<u8>>) -> Result<Units> {
    let mut units = Units::new();
    let paths: Vec<String> = files.keys().filter(|path| path.strip_suffix(".yaml").is_some()).cloned().collect();
    for path in paths {
        let content = files.remove(&path).unwrap_or_default();
        let key = key_of(&path, &content)?;
        let stem = path.trim_end_matches(".yaml").to_owned();
        let mut own = BTreeMap::from([("yaml".to_owned(), content)]);
        for ending in ["py", "content"] {
            own.extend(files.remove(&format!("{stem}.{ending}")).map(|content| (ending.to_owned(), content)));
        }
        if let Some(other) = units.insert(key.clone(), Unit { stem: stem.clone(), files: own }) {
            return Err(Error::conflict(format!("{}.yaml and {stem}.yaml are both the {}.", other.stem, key.replacen('/', " ", 1))));
        }
    }
    Ok(units)
}

/// `<type>/<name>` of a document.
fn key_of(path: &str, content: &[u8]) -> Result<String> {
    let wrong = |text: String| Error::invalid(format!("{path}: {text}"));
    let text = std::str::from_utf8(content).map_err(|_| wrong("this is not UTF-8 text.".to_owned()))?;
    let nodes = yaml::documents(text).map_err(|e| wrong(e.message().to_owned()))?;
    let [node] = nodes.as_slice() else { return Err(wrong(format!("a file has one document here, and this one has {}.", nodes.len()))) };
    let top = match &node.content {
        Content::Map(entries) => match entries.as_slice() {
            [(key, inner)] => records::find(key).filter(|of| document::is_exported(of)).map(|of| (of, inner)),
            _ => None,
        },
        _ => None,
    };
    let (of, inner) =
        top.ok_or_else(|| wrong("this is no export document: its one key at the top must be a type of record.".to_owned()))?;
    let name = match &inner.content {
        Content::Map(entries) => entries.iter().find(|(key, _)| key == "name").and_then(|(_, node)| match &node.content {
            Content::Scalar(value) => value.as_str(),
            _ => None,
        }),
        _ => None,
    };
    let name = name.ok_or_else(|| wrong("this document has no name.".to_owned()))?;
    Ok(format!("{}/{}", of.singular, name.trim()))
}

/// The records of an archive that a server exported.
pub(super) fn of_archive(content: &[u8]) -> Result<Units> {
    let broken = |e: zip::result::ZipError| Error::new(Kind::Unavailable, format!("The server's archive cannot be read: {e}."));
    let mut archive = zip::ZipArchive::new(Cursor::new(content)).map_err(broken)?;
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(broken)?;
        let name = entry.name().to_owned();
        // It is about to be written to disk: nothing may lead out of the folder.
        if name.starts_with('/') || name.contains(['\\', ':']) || name.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
            return Err(Error::invalid(format!("The server's archive has a path that leads out of it: '{name}'.")));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|e| broken(e.into()))?;
        files.insert(name, bytes);
    }
    units(files)
}

/// Writes the files of a record, each whole or not at all, and removes those it no longer has.
pub(super) fn write(folder: &Path, unit: &Unit) -> Result<()> {
    for (path, content) in unit.paths() {
        let path = folder.join(path);
        let refuse = |e: std::io::Error| Error::new(Kind::Unavailable, format!("{} cannot be written: {e}.", path.display()));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(refuse)?;
        }
        let mut temporary = path.clone().into_os_string();
        temporary.push(".part");
        std::fs::write(&temporary, content).and_then(|()| std::fs::rename(&temporary, &path)).map_err(refuse)?;
    }
    let gone = ["yaml", "py", "content"].into_iter().filter(|ending| !unit.files.contains_key(*ending));
    gone.for_each(|ending| drop(std::fs::remove_file(folder.join(format!("{}.{ending}", unit.stem)))));
    Ok(())
}

/// Removes the files of a record.
pub(super) fn remove(folder: &Path, unit: &Unit) -> Result<()> {
    for (path, _) in unit.paths() {
        let path = folder.join(path);
        std::fs::remove_file(&path).map_err(|e| Error::new(Kind::Unavailable, format!("{} cannot be removed: {e}.", path.display())))?;
    }
    Ok(())
}
