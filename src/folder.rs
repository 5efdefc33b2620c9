//! How much lies in a folder: room on the disk and the number of entries, counted until there is more than wanted.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes of one block in a file's metadata, whatever the disk's own are.
const BLOCK: u64 = 512;

/// What lies in a folder, the folder itself not included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Room on the disk, bytes; of a file with several names once, of one with holes what it really takes.
    pub bytes: u64,
    /// Files, folders and whatever else has a name.
    pub entries: u64,
}

impl Content {
    /// Whether there is more than a limit allows.
    pub fn exceeds(&self, most: Content) -> bool {
        self.bytes > most.bytes || self.entries > most.entries
    }
}

/// What a file takes on its disk, bytes.
pub fn room(meta: &Metadata) -> u64 {
    meta.blocks() * BLOCK
}

/// Counts; stops as soon as there is more than `most`. What vanishes meanwhile, or cannot be read, counts as nothing.
pub fn content(folder: &Path, most: Content) -> Content {
    let mut found = Content::default();
    let mut seen = HashSet::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            // Of the entry itself: a link is not followed.
            let Ok(meta) = entry.metadata() else { continue };
            found.entries += 1;
            let is_first = meta.nlink() < 2 || meta.is_dir() || seen.insert((meta.dev(), meta.ino()));
            found.bytes += if is_first { room(&meta) } else { 0 };
            if meta.is_dir() {
                open.push(entry.path());
            }
            if found.exceeds(most) {
                return found;
            }
        }
    }
    found
}

/// What an execution ends with whose work directory holds more than it may.
pub fn too_much(found: Content, most: Content) -> String {
    if found.bytes > most.bytes {
        format!("The execution's work directory held more than {} bytes and it was ended. limits.work_bytes raises the limit.", most.bytes)
    } else {
        format!(
            "The execution's work directory held more than {} files and folders and it was ended. limits.work_files raises the limit.",
            most.entries
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Content = Content { bytes: u64::MAX, entries: u64::MAX };

    #[test]
    fn a_file_with_two_names_takes_its_room_once_and_a_link_leads_nowhere() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("below")).expect("made");
        std::fs::write(at("below/file"), vec![1; 100_000]).expect("written");
        let before = content(folder.path(), ALL);
        assert!(before.entries == 2 && before.bytes >= 100_000, "{before:?}");
        std::fs::hard_link(at("below/file"), at("again")).expect("linked");
        std::os::unix::fs::symlink("/usr", at("elsewhere")).expect("linked");
        let after = content(folder.path(), ALL);
        assert_eq!((after.entries, after.bytes), (before.entries + 2, before.bytes));
    }

    #[test]
    fn counting_ends_where_the_limit_is_passed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for n in 0..50 {
            std::fs::write(folder.path().join(n.to_string()), "x").expect("written");
        }
        assert_eq!(content(folder.path(), Content { entries: 10, ..ALL }).entries, 11);
        assert!(content(folder.path(), Content { bytes: 0, ..ALL }).entries < 50);
        assert!(content(&folder.path().join("absent"), ALL) == Content::default());
    }
}
