//! The server's secret: 32 bytes in `server.key` beside the database, from which other keys are derived.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::token;
use crate::error::{Error, Result};

const NAME: &str = "server.key";

/// The secret. Prints as nothing.
pub(super) struct ServerKey([u8; 32]);

impl ServerKey {
    /// Reads the key file of the data folder, or makes it with access for its owner alone.
    pub(super) fn open(data: &Path) -> Result<ServerKey> {
        let path = data.join(NAME);
        let key = match read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => create(data, &path),
            other => other,
        };
        key.map_err(|e| unusable(&path.display().to_string(), &e))
    }

    /// A key for one purpose and one thing.
    pub(super) fn derive(&self, purpose: &str, of: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(purpose.as_bytes());
        hasher.update(&[0]);
        hasher.update(of);
        *hasher.finalize().as_bytes()
    }
}

/// The file gets its name when it is whole and on disk: a power cut leaves no half of a key. Whoever calls this holds the
/// lock of the data folder.
fn create(data: &Path, path: &Path) -> std::io::Result<ServerKey> {
    let unnamed = data.join(format!("{NAME}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unnamed)?;
    let key = token::random_bytes::<32>().map_err(|e| std::io::Error::other(e.message().to_owned()))?;
    file.write_all(token::hex(&key).as_bytes())?;
    file.sync_all()?;
    fs::rename(&unnamed, path)?;
    File::open(data)?.sync_all()?;
    Ok(ServerKey(key))
}

fn read(path: &Path) -> std::io::Result<ServerKey> {
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        return Err(std::io::Error::other("others may read it; set its mode to 0600"));
    }
    let mut text = String::new();
    File::open(path)?.take(1000).read_to_string(&mut text)?;
    let text = text.trim();
    let mut key = [0; 32];
    if text.len() != 64 {
        return Err(std::io::Error::other("it must hold 64 hex digits"));
    }
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(digits).map_err(std::io::Error::other)?;
        *byte = u8::from_str_radix(pair, 16).map_err(std::io::Error::other)?;
    }
    Ok(ServerKey(key))
}

fn unusable(path: &str, fault: &std::io::Error) -> Error {
    Error::internal(format!("the server key {path} cannot be used: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_the_same_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let first = ServerKey::open(folder.path()).unwrap();
        let again = ServerKey::open(folder.path()).unwrap();
        assert_eq!(first.derive("a", b"x"), again.derive("a", b"x"));
        assert_ne!(first.derive("a", b"x"), first.derive("b", b"x"));
        let mode = fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_a_power_cut_left_of_a_key_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("server.key.new"), "0123").unwrap();
        ServerKey::open(folder.path()).unwrap();
        assert_eq!(fs::read(folder.path().join(NAME)).unwrap().len(), 64);
        assert!(!folder.path().join("server.key.new").exists());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        ServerKey::open(folder.path()).unwrap();
        fs::set_permissions(folder.path().join(NAME), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(ServerKey::open(folder.path()).is_err());
    }
}
