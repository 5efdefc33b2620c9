//! A file to be imported, taken apart: its documents, and what stands beside each. Nothing is looked up.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use bytes::Bytes;

use super::super::yaml::{self, Node};
use super::ImportFile;
use crate::error::{Error, Kind, Result};

/// Files of an archive.
const FILES: usize = 100_000;
/// Bytes of all of them, unpacked.
const WHOLE: u64 = 512 << 20;

/// One document as it was found.
pub(super) struct Item {
    /// Its file in an archive.
    pub(super) file: Option<String>,
    pub(super) node: Node,
    /// Contents of files beside it, by their last ending: `py`, `content`.
    pub(super) beside: BTreeMap<String, Bytes>,
}

/// The documents of a file. `limit`: the bytes of one file of an archive.
pub(super) fn items(file: ImportFile, limit: usize) -> Result<Vec<Item>> {
    match file {
        ImportFile::Yaml(text) => {
            let nodes = yaml::documents(&text)?;
            Ok(nodes.into_iter().map(|node| Item { file: None, node, beside: BTreeMap::new() }).collect())
        }
        ImportFile::Archive(content) => of_files(unpack(&content, limit)?),
    }
}

fn malformed(text: impl Into<String>) -> Error {
    Error::new(Kind::Malformed, text)
}

/// The files of an archive. Nothing is ever written under their names, but a name that leads elsewhere is refused all the same.
fn unpack(content: &[u8], limit: usize) -> Result<BTreeMap<String, Bytes>> {
    let unreadable = |e: zip::result::ZipError| malformed(format!("This zip archive cannot be read: {e}."));
    let mut archive = zip::ZipArchive::new(Cursor::new(content)).map_err(unreadable)?;
    if archive.len() > FILES {
        return Err(Error::new(Kind::TooLarge, format!("This archive has {} files; {FILES} are taken.", archive.len())));
    }
    let mut files = BTreeMap::new();
    let mut left = WHOLE;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(unreadable)?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().to_owned();
        let is_inside =
            !name.starts_with('/') && !name.contains(['\\', '\0', ':']) && name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !is_inside {
            return Err(malformed(format!("The archive has a file '{name}', whose path leads out of it.")));
        }
        // What the archive says about sizes may be wrong: count what really comes out.
        let most = left.min(limit as u64);
        let mut bytes = Vec::new();
        let read = entry.take(most + 1).read_to_end(&mut bytes);
        read.map_err(|e| malformed(format!("'{name}' of this archive cannot be unpacked: {e}.")))?;
        if bytes.len() as u64 > most {
            let text = format!("'{name}' of this archive is too large: a file may have {limit} bytes, and all together {WHOLE}.");
            return Err(Error::new(Kind::TooLarge, text));
        }
        left -= bytes.len() as u64;
        if files.insert(name.clone(), bytes.into()).is_some() {
            return Err(malformed(format!("The archive has the file '{name}' twice.")));
        }
    }
    Ok(files)
}

/// The documents among files: each `x.yaml` with the files `x.<ending>` beside it. Others are nobody's, and left out, but for
/// a script that has lost its document.
fn of_files(mut files: BTreeMap<String, Bytes>) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let documents: Vec<String> = files.keys().filter(|path| stem_of(path).is_some()).cloned().collect();
    for path in documents {
        let Some(stem) = stem_of(&path) else { continue };
        let content = files.remove(&path).unwrap_or_default();
        let text = std::str::from_utf8(&content).map_err(|_| malformed(format!("'{path}' is not UTF-8 text.")))?;
        let nodes = yaml::documents(text).map_err(|e| in_file(&path, &e))?;
        let single = nodes.len() == 1;
        for node in nodes {
            let mut beside = BTreeMap::new();
            for ending in ["py", "content"].into_iter().filter(|_| single) {
                if let Some(content) = files.remove(&format!("{stem}.{ending}")) {
                    beside.insert(ending.to_owned(), content);
                }
            }
            items.push(Item { file: Some(path.clone()), node, beside });
        }
    }
    let lost = |path: &&String| {
        let parts: Vec<&str> = path.rsplit('/').next().unwrap_or_default().rsplit('.').collect();
        matches!(parts.as_slice(), ["py" | "content", of, _, ..] if crate::records::find(of).is_some())
    };
    match files.keys().find(lost) {
        None => Ok(items),
        Some(path) => Err(malformed(format!("'{path}' stands beside no document: its '.yaml' is missing."))),
    }
}

fn stem_of(path: &str) -> Option<&str> {
    path.strip_suffix(".yaml").or_else(|| path.strip_suffix(".yml"))
}

fn in_file(path: &str, error: &Error) -> Error {
    let mut out = Error::new(error.kind(), format!("{path}: {}", error.message()));
    if let Some(pointer) = error.field_pointer() {
        out = out.field(pointer);
    }
    out.details(error.detail_value().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> ImportFile {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            archive.start_file(*path, SimpleFileOptions::default()).unwrap();
            archive.write_all(content).unwrap();
        }
        ImportFile::Archive(archive.finish().unwrap().into_inner().into())
    }

    fn refusal(file: ImportFile) -> (Kind, String) {
        let error = items(file, 1 << 20).err().expect("it is refused");
        (error.kind(), error.message().to_owned())
    }

    #[test]
    fn a_document_gets_what_stands_beside_it() {
        let file = archive(&[("README.md", b"hello"), ("flow/a.flow.py", b"x = 1"), ("flow/a.flow.yaml", b"flow:\n  name: a\n")]);
        let items = items(file, 1 << 20).unwrap();
        assert_eq!((items.len(), items[0].beside["py"].as_ref()), (1, b"x = 1".as_slice()));
        assert_eq!(items[0].file.as_deref(), Some("flow/a.flow.yaml"));
    }

    #[test]
    fn paths_that_lead_out_bombs_and_rubble_are_refused() {
        for path in ["../x.yaml", "/etc/x.yaml", "a/../../x.yaml", "a\\..\\x.yaml", "C:/x.yaml", "a//x.yaml"] {
            let (kind, text) = refusal(archive(&[(path, b"a: 1")]));
            assert!(kind == Kind::Malformed && text.contains("leads out"), "{path}: {text}");
        }
        let bomb = vec![b' '; 2 << 20];
        assert_eq!(refusal(archive(&[("x.yaml", &bomb)])).0, Kind::TooLarge);
        assert!(refusal(archive(&[("flow/x.flow.py", b"pass")])).1.contains("beside no document"));
        assert!(refusal(archive(&[("x.yaml", &[0xff, 0xfe])])).1.contains("not UTF-8"));
        assert!(refusal(archive(&[("x.yaml", b"a: 1\na: 2")])).1.starts_with("x.yaml: Line 2"));
        assert_eq!(refusal(ImportFile::Archive(Bytes::from_static(b"PK\x03\x04rubble"))).0, Kind::Malformed);
    }
}
