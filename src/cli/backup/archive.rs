//! The file of a backup: a zip archive with the database, the key file if it was asked for, and a manifest that vouches for both.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

use crate::error::{Error, Kind, Result};
use crate::store::Store;

/// Raised when an older program could not make sense of it any more.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// The key file in an archive.
pub const KEY: &str = "server.key";
/// Longest manifest and key file, bytes.
const SHORT: u64 = 64 << 10;
const PIECE: usize = 1 << 20;

/// What is in a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The program that made it.
    pub made_by: String,
    /// When the database was copied.
    pub made_at: String,
    /// How many migrations its database has.
    pub migrations: usize,
    pub database: Part,
    /// Missing unless it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<Part>,
}

/// One file in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub bytes: u64,
    /// 64 hex digits.
    pub blake3: String,
}

/// Is told how many bytes were dealt with; `false` gives the work up.
pub type Follow<'a> = &'a mut dyn FnMut(u64) -> bool;

/// Writes an archive and brings it to the disk.
pub fn write(archive: &mut File, (database, key): (&Path, Option<&str>), made_at: String, follow: Follow<'_>) -> Result<Manifest> {
    let unwritten = |e: &dyn std::fmt::Display| Error::new(Kind::Unavailable, format!("The backup could not be written: {e}."));
    let mut zip = ZipWriter::new(&mut *archive);
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o600);
    zip.start_file(Store::FILE, options.large_file(true)).map_err(|e| unwritten(&e))?;
    let mut source = File::open(database).map_err(|e| unwritten(&e))?;
    let database = copy(&mut source, &mut zip, follow).map_err(|e| unwritten(&e))?;
    let key_file = match key {
        Some(text) => {
            zip.start_file(KEY, options).map_err(|e| unwritten(&e))?;
            Some(copy(&mut text.as_bytes(), &mut zip, &mut |_| true).map_err(|e| unwritten(&e))?)
        }
        None => None,
    };
    let made_by = concat!("flowstead ", env!("CARGO_PKG_VERSION")).to_owned();
    let manifest = Manifest { format: FORMAT, made_by, made_at, migrations: Store::VERSION, database, key_file };
    let text = serde_json::to_vec_pretty(&manifest).map_err(|e| Error::internal("a manifest is no JSON").source_error(e))?;
    zip.start_file(MANIFEST, options).map_err(|e| unwritten(&e))?;
    zip.write_all(&text).map_err(|e| unwritten(&e))?;
    zip.finish().map_err(|e| unwritten(&e))?;
    archive.sync_all().map_err(|e| unwritten(&e))?;
    Ok(manifest)
}

/// A backup that was opened, with a manifest that this program understands.
pub struct Backup {
    zip: ZipArchive<BufReader<File>>,
    pub manifest: Manifest,
}

impl Backup {
    /// Opens a backup. What is no backup, is cut off or was made by a newer program is refused.
    pub fn open(path: &Path) -> Result<Backup> {
        let shown = path.display();
        let file = File::open(path).map_err(|e| Error::not_found(format!("The backup {shown} cannot be opened: {e}.")))?;
        let no_backup =
            |e: &dyn std::fmt::Display| Error::invalid(format!("{shown} is no whole backup: {e}. It was cut off, or is another file."));
        let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|e| no_backup(&e))?;
        let mut text = String::new();
        zip.by_name(MANIFEST).map_err(|e| no_backup(&e))?.take(SHORT).read_to_string(&mut text).map_err(|e| no_backup(&e))?;
        // First alone: the rest of a newer manifest may look otherwise.
        let format: u64 = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|all| all["format"].as_u64()).unwrap_or_default();
        let newer = |what: String| {
            Error::new(
                Kind::Unavailable,
                format!("The backup {shown} was made by a newer flowstead ({what}); restore it with that version."),
            )
        };
        if format > u64::from(FORMAT) {
            return Err(newer(format!("its format is {format}, this program knows {FORMAT}")));
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| no_backup(&e))?;
        if manifest.migrations > Store::VERSION {
            return Err(newer(format!("its database has {} migrations, this program knows {}", manifest.migrations, Store::VERSION)));
        }
        Ok(Backup { zip, manifest })
    }

    /// Puts the database into a new file. One that is not as it was written is refused.
    pub fn extract_database(&mut self, to: &Path, follow: Follow<'_>) -> Result<()> {
        let mut file = File::options().write(true).create_new(true).open(to).map_err(|e| Error::internal("no room").source_error(e))?;
        let part = self.manifest.database.clone();
        self.extract((Store::FILE, &part), &mut file, follow)?;
        file.sync_all().map_err(|e| Error::new(Kind::Unavailable, format!("{} cannot be written: {e}.", to.display())))
    }

    /// The text of the key file, if it is there.
    pub fn key_file(&mut self) -> Result<Option<String>> {
        let Some(part) = self.manifest.key_file.clone() else { return Ok(None) };
        let mut text = Vec::new();
        self.extract((KEY, &part), &mut text, &mut |_| true)?;
        String::from_utf8(text).map(Some).map_err(|_| altered(KEY))
    }

    fn extract(&mut self, (name, part): (&str, &Part), to: &mut impl Write, follow: Follow<'_>) -> Result<()> {
        let entry = self.zip.by_name(name).map_err(|_| altered(name))?;
        // However much an archive claims to unfold to: no more than was promised.
        let found = copy(&mut entry.take(part.bytes.saturating_add(1)), to, follow).map_err(|e| match e.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::Interrupted => {
                Error::new(Kind::Unavailable, format!("'{name}' cannot be written: {e}."))
            }
            _ => altered(name),
        })?;
        if found == *part { Ok(()) } else { Err(altered(name)) }
    }
}

fn altered(name: &str) -> Error {
    Error::invalid(format!("The backup is damaged: '{name}' in it is not as it was written (its checksum differs). Nothing was restored."))
}

fn copy(from: &mut impl Read, to: &mut impl Write, follow: Follow<'_>) -> io::Result<Part> {
    let (mut hasher, mut piece, mut bytes) = (blake3::Hasher::new(), vec![0; PIECE], 0_u64);
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        hasher.update(&piece[..read]);
        to.write_all(&piece[..read])?;
        bytes += read as u64;
        if !follow(bytes) {
            return Err(io::Error::other("it was given up"));
        }
    }
    Ok(Part { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path) -> std::path::PathBuf {
        let (database, path) = (folder.join("a.db"), folder.join("backup.zip"));
        // Noise, so that it is as long packed.
        let noise: Vec<u8> = (0..3000_u32).flat_map(|n| *blake3::hash(&n.to_le_bytes()).as_bytes()).collect();
        std::fs::write(&database, noise).unwrap();
        let mut file = File::create_new(&path).unwrap();
        write(&mut file, (&database, Some("the keys")), "2026-11-21T09:00:00Z".into(), &mut |_| true).unwrap();
        path
    }

    fn read(path: &Path) -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let mut backup = Backup::open(path)?;
        backup.extract_database(&folder.path().join("b.db"), &mut |_| true)?;
        backup.key_file().map(drop)
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path());
        let mut backup = Backup::open(&path).unwrap();
        backup.extract_database(&folder.path().join("b.db"), &mut |_| true).unwrap();
        let same = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(same("a.db"), same("b.db"));
        assert_eq!(backup.key_file().unwrap().as_deref(), Some("the keys"));
        assert_eq!(backup.manifest.migrations, Store::VERSION);
    }

    #[test]
    fn a_backup_that_was_cut_off_or_changed_anywhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = made(folder.path());
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 10, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(read(&path).is_err(), "of {} bytes {length} are left", whole.len());
        }
        // In the database; before it comes what an archive says twice.
        for at in (100..whole.len() / 2).step_by(7001) {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            std::fs::write(&path, &changed).unwrap();
            assert!(read(&path).is_err(), "byte {at} was changed");
        }
        std::fs::write(&path, &whole).unwrap();
        read(&path).unwrap();
    }

    #[test]
    fn a_backup_of_a_newer_program_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for (manifest, word) in [
            (r#"{"format": 2, "unheard": "of"}"#.to_owned(), "format is 2"),
            (
                format!(
                    r#"{{"format": 1, "made_by": "x", "made_at": "x", "migrations": {}, "database": {{"bytes": 0, "blake3": ""}}}}"#,
                    Store::VERSION + 1
                ),
                "migrations",
            ),
        ] {
            let path = folder.path().join("newer.zip");
            let mut zip = ZipWriter::new(File::create(&path).unwrap());
            zip.start_file(MANIFEST, SimpleFileOptions::default()).unwrap();
            zip.write_all(manifest.as_bytes()).unwrap();
            zip.finish().unwrap();
            let error = Backup::open(&path).err().unwrap();
            assert!(error.message().contains("newer flowstead") && error.message().contains(word), "{error}");
        }
    }
}
