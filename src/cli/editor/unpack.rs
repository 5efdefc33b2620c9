//! The artifacts of a server: what its index names, downloaded, held against its hash, unpacked in memory.

use std::io::{Cursor, Read};
use std::path::{Component, Path};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::cli::client::Server;
use crate::error::{Error, Kind, Result};
use crate::http::route::BASE;
use crate::records::artifact::{FOLDER, File};
use crate::records::typing::input;

/// The most bytes of one file, and files of one archive: an archive must not fill the disk.
const FILE_BYTES: u64 = 16 << 20;
const FILES: usize = 10_000;

/// Every file by its path from the top of a project.
pub(super) async fn download(server: &Server) -> Result<Vec<File>> {
    let strange = |what: &str| {
        let text = format!("What {} answered {what}; is it a Flowstead server of this version or a newer one?", server.url());
        Error::new(Kind::Unavailable, text)
    };
    let index = server.bytes("/developer-artifacts").await?;
    let index: Value = serde_json::from_slice(&index).map_err(|_| strange("is no index of artifacts"))?;
    let artifacts = index["artifacts"].as_array().ok_or_else(|| strange("is no index of artifacts"))?;
    let mut files = Vec::new();
    for artifact in artifacts {
        let text = |key: &str| artifact[key].as_str().ok_or_else(|| strange(&format!("names an artifact without '{key}'")));
        let path = text("endpoint")?.strip_prefix(BASE).ok_or_else(|| strange("names an address outside the interface"))?;
        let content = server.bytes(path).await?;
        let hash = hex::encode(Sha256::digest(&content));
        if hash != text("sha256")? {
            return Err(strange(&format!("for {path} is not what its index says")));
        }
        let target = text("target")?;
        let found = match text("media_type")? {
            "application/zip" => unpack(target, content).map_err(|problem| strange(&format!("for {path} {problem}")))?,
            _ => vec![File { path: target.to_owned(), text: String::from_utf8(content).map_err(|_| strange("is no text"))? }],
        };
        if let Some(file) = found.iter().find(|file| !is_inside(&file.path)) {
            return Err(strange(&format!("for {path} has a file outside {FOLDER}: '{}'", file.path)));
        }
        files.extend(found);
    }
    // What the flows of that workspace take is the caller's own, and so in no archive.
    if let Some(inputs) = files.iter_mut().find(|file| file.path.ends_with(input::PATH)) {
        let typings = server.bytes("/flow_api/typings?flows=true").await?;
        let typings: Value = serde_json::from_slice(&typings).map_err(|_| strange("are no typings"))?;
        let text = typings["files"][input::PATH].as_str().ok_or_else(|| strange("are no typings"))?;
        text.clone_into(&mut inputs.text);
    }
    Ok(files)
}

fn unpack(target: &str, content: Vec<u8>) -> std::result::Result<Vec<File>, String> {
    let broken = |error: zip::result::ZipError| format!("is no archive that can be read ({error})");
    let mut archive = zip::ZipArchive::new(Cursor::new(content)).map_err(broken)?;
    if archive.len() > FILES {
        return Err(format!("has more than {FILES} files"));
    }
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(broken)?;
        if entry.is_dir() {
            continue;
        }
        let path = format!("{target}{}", entry.name());
        let mut text = String::new();
        let read = entry.by_ref().take(FILE_BYTES + 1).read_to_string(&mut text).map_err(|e| format!("has an unreadable file ({e})"))?;
        if read as u64 > FILE_BYTES {
            return Err(format!("has a file of more than {FILE_BYTES} bytes"));
        }
        files.push(File { path, text });
    }
    Ok(files)
}

/// Whether a path stays in the folder of artifacts.
fn is_inside(path: &str) -> bool {
    let is_plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    is_plain && !path.contains('\\') && path.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_write_outside_the_folder() {
        assert!(is_inside(".cloudomation/flow_api/system.pyi") && is_inside(".cloudomation/_flow_api.pyi"));
        for bad in
            [".cloudomation/../x", "../.cloudomation/x", "/etc/passwd", "x.py", ".cloudomation", ".cloudomation/", ".cloudomationx/y"]
        {
            assert!(!is_inside(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        assert!(unpack(".cloudomation/", b"no archive".to_vec()).unwrap_err().contains("no archive"));
    }
}
