//! The key file: the server's secret and the keys of sealed columns, outside the database, for its owner's eyes alone.
//!
//! A line each: `base`, a number and 64 hex digits, from which the keys of the audit log and of recorded arguments are derived;
//! `seal`, a number and 64 hex digits. The highest numbers are in use; the others are there while a rotation takes their place.
//! A `base` without a number is the first, and so is a file of 64 hex digits alone, as first made.
//!
//! What an older base vouched for, entries of the audit log and arguments of recorded calls, is still checked with it. A rotation
//! seals it in the database, with the key of sealed columns, and the file does without. Whoever has an older key file can forge
//! nothing with it: the entries made since, whose hashes take in the older ones, are vouched for by a base that is not in it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::token;
use crate::error::{Error, Kind, Result};

const HEAD: &str = "# The keys of a Flowstead server: with this file and the database, all its secrets can be read.";
/// A file that is longer is not ours.
const LONGEST: u64 = 64 << 10;

/// One key. Prints as nothing.
#[derive(Clone, Copy)]
pub(super) struct Key(pub(super) [u8; 32]);

impl Key {
    fn new() -> Result<Key> {
        token::random_bytes::<32>().map(Key)
    }

    /// A key of 64 hex digits.
    pub(super) fn parse(digits: &str) -> Option<Key> {
        key(digits).ok()
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

/// What the file holds.
#[derive(Clone)]
pub(super) struct Keys {
    /// By number; never empty.
    pub(super) bases: BTreeMap<u32, Key>,
    /// By number; never empty.
    pub(super) seals: BTreeMap<u32, Key>,
}

impl Keys {
    fn new() -> Result<Keys> {
        Ok(Keys { bases: BTreeMap::from([(1, Key::new()?)]), seals: BTreeMap::from([(1, Key::new()?)]) })
    }

    /// The key that seals, with its number.
    pub(super) fn current(&self) -> (u32, Key) {
        let (number, key) = self.seals.last_key_value().expect("a key file has a sealing key");
        (*number, *key)
    }

    /// The key that others are derived from, with its number.
    pub(super) fn base(&self) -> (u32, Key) {
        let (number, key) = self.bases.last_key_value().expect("a key file has a base");
        (*number, *key)
    }

    /// These keys and a new one of each kind, in use from now on.
    pub(super) fn with_another(&self) -> Result<Keys> {
        let mut keys = self.clone();
        keys.bases.insert(self.base().0 + 1, Key::new()?);
        keys.seals.insert(self.current().0 + 1, Key::new()?);
        Ok(keys)
    }

    /// Those in use alone, when nothing needs the others any more.
    pub(super) fn only_current(&self) -> Keys {
        Keys { bases: BTreeMap::from([self.base()]), seals: BTreeMap::from([self.current()]) }
    }

    /// Whether a rotation has begun that is not finished.
    pub(super) fn is_rotating(&self) -> bool {
        self.bases.len() > 1 || self.seals.len() > 1
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for (kind, keys) in [("base", &self.bases), ("seal", &self.seals)] {
            for (number, key) in keys {
                let _ = writeln!(text, "{kind} {number} {}", hex::encode(key.0));
            }
        }
        text
    }

    fn parse(text: &str) -> io::Result<Keys> {
        if let Ok(base) = key(text.trim()) {
            let first = Key(base.derive("sealed columns", b"1"));
            return Ok(Keys { bases: BTreeMap::from([(1, base)]), seals: BTreeMap::from([(1, first)]) });
        }
        let (mut bases, mut seals) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["base", digits] => drop(bases.insert(1, key(digits)?)),
                [kind @ ("base" | "seal"), number, digits] => {
                    let number = number.parse().map_err(|_| io::Error::other("a line must have a number and 64 hex digits"))?;
                    let keys = if kind == "base" { &mut bases } else { &mut seals };
                    keys.insert(number, key(digits)?);
                }
                _ => return Err(io::Error::other("each line must be 'base' or 'seal' with its key")),
            }
        }
        if bases.is_empty() || seals.is_empty() {
            return Err(io::Error::other("it must have a 'base' line and a 'seal' line"));
        }
        Ok(Keys { bases, seals })
    }
}

fn key(digits: &str) -> io::Result<Key> {
    let wrong = || io::Error::other("a key must be 64 hex digits");
    if digits.len() != 64 || !digits.is_ascii() {
        return Err(wrong());
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(Key(key))
}

/// Where the keys lie.
#[derive(Clone)]
pub(super) struct KeyFile(PathBuf);

impl KeyFile {
    pub(super) fn new(path: PathBuf) -> KeyFile {
        KeyFile(path)
    }

    /// The keys; `None` where there is no file.
    pub(super) fn read(&self) -> Result<Option<Keys>> {
        match self.try_read() {
            Ok(keys) => Ok(Some(keys)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.unusable(&e)),
        }
    }

    /// New keys in a new file.
    pub(super) fn create(&self) -> Result<Keys> {
        let keys = Keys::new()?;
        self.write(&keys)?;
        Ok(keys)
    }

    /// Puts these keys in place of what is there.
    pub(super) fn write(&self, keys: &Keys) -> Result<()> {
        self.replace(&keys.text()).map_err(|e| self.unusable(&e))
    }

    /// What it says, word for word.
    pub(super) fn text(&self) -> Result<String> {
        fs::read_to_string(&self.0).map_err(|e| self.unusable(&e))
    }

    /// Keeps the file as it is beside itself, for backups made until now; gives the name of the copy.
    pub(super) fn keep(&self, number: u32) -> Result<PathBuf> {
        let mut name = self.0.clone().into_os_string();
        name.push(format!(".before-{number}"));
        let copy = KeyFile(name.into());
        let text = self.text()?;
        copy.replace(&text).map_err(|e| copy.unusable(&e))?;
        Ok(copy.0)
    }

    fn try_read(&self) -> io::Result<Keys> {
        let file = File::open(&self.0)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other("others may read it; set its mode to 0600"));
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text)?;
        Keys::parse(&text)
    }

    /// The file gets its name when it is whole and on disk: a power cut leaves the old keys or the new ones. Whoever calls
    /// this holds the lock of the data folder.
    fn replace(&self, text: &str) -> io::Result<()> {
        let mut unnamed = self.0.clone().into_os_string();
        unnamed.push(".new");
        let unnamed = PathBuf::from(unnamed);
        // One that was left over may have another mode.
        let _ = fs::remove_file(&unnamed);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unnamed)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unnamed, &self.0)?;
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }

    fn unusable(&self, fault: &io::Error) -> Error {
        Error::new(Kind::Unavailable, format!("The key file {} cannot be used: {fault}.", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &tempfile::TempDir) -> KeyFile {
        KeyFile::new(folder.path().join("server.key"))
    }

    #[test]
    fn keys_are_made_once_and_are_the_same_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        assert!(file.read().unwrap().is_none());
        let first = file.create().unwrap();
        let again = file.read().unwrap().unwrap();
        assert_eq!(first.base().1.derive("a", b"x"), again.base().1.derive("a", b"x"));
        assert_ne!(first.base().1.derive("a", b"x"), first.base().1.derive("b", b"x"));
        assert_eq!(first.current().1.0, again.current().1.0);
        let mode = fs::metadata(&file.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn other_keys_are_in_use_and_the_older_ones_stay_until_they_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        let first = file.create().unwrap();
        file.write(&first.with_another().unwrap()).unwrap();
        let both = file.read().unwrap().unwrap();
        assert_eq!((both.current().0, both.seals[&1].0), (2, first.current().1.0));
        assert_eq!((both.base().0, both.bases[&1].0, both.is_rotating()), (2, first.base().1.0, true));
        file.write(&both.only_current()).unwrap();
        let one = file.read().unwrap().unwrap();
        assert_eq!(one.seals.keys().copied().collect::<Vec<_>>(), [2]);
        assert_eq!(one.bases.keys().copied().collect::<Vec<_>>(), [2]);
        assert_ne!(one.base().1.0, first.base().1.0);
        assert!(!one.is_rotating() && !file.text().unwrap().contains(&hex::encode(first.base().1.0)));
    }

    #[test]
    fn the_first_forms_of_the_file_are_read_still() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        file.replace(&"0b".repeat(32)).unwrap();
        let keys = file.read().unwrap().unwrap();
        assert_eq!((keys.base().1.0, keys.current().0), ([11; 32], 1));
        assert_ne!(keys.current().1.0, keys.base().1.0);
        file.replace(&format!("base {}\nseal 3 {}", "0b".repeat(32), "0c".repeat(32))).unwrap();
        let keys = file.read().unwrap().unwrap();
        assert_eq!((keys.base().0, keys.base().1.0, keys.current().0), (1, [11; 32], 3));
    }

    #[test]
    fn what_a_power_cut_left_of_a_file_is_no_key_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("server.key.new"), "0123").unwrap();
        let file = file(&folder);
        assert!(file.read().unwrap().is_none());
        file.create().unwrap();
        assert!(file.read().unwrap().is_some());
        assert!(!folder.path().join("server.key.new").exists());
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_damaged_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder);
        file.create().unwrap();
        fs::set_permissions(&file.0, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(file.read().err().unwrap().message().contains("0600"));
        for text in ["", "base 12", "base zz", &format!("base {}", "ab".repeat(32)), "seal x y"] {
            file.replace(text).unwrap();
            let error = file.read().err().unwrap();
            assert!(!error.message().contains("abab"), "{error}");
        }
    }
}
