//! A disk that loses its power: what was synced is there; of the rest any part may be, in any order, torn at sectors.
//!
//! It promises as little as POSIX does: the sync of a file keeps its data and its size, not its name. Names are kept by a
//! sync of their folder.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::recording::{Entry, What};
use crate::dice::Dice;

/// What a disk writes as a whole, bytes.
const SECTOR: usize = 512;

/// The files of one folder, after the calls that were applied.
#[derive(Default)]
pub struct Disk<'r> {
    files: Vec<File<'r>>,
    /// Names as programs see them, and as they are on disk; to places in `files`.
    names: BTreeMap<String, usize>,
    kept_names: BTreeMap<String, usize>,
    /// Changes of names that no sync has kept yet.
    renaming: Vec<Naming>,
}

#[derive(Default)]
struct File<'r> {
    kept: Vec<u8>,
    /// Writes and truncations since the last sync.
    loose: Vec<&'r Entry>,
}

#[derive(Clone)]
enum Naming {
    Link(String, usize),
    Unlink(String),
    Rename(String, String, usize),
}

/// What the power leaves of the changes that no sync has kept.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    All,
    None,
    /// Some of them, by this seed.
    Some(u64),
}

impl<'r> Disk<'r> {
    pub fn apply(&mut self, entry: &'r Entry) {
        let place = self.names.get(&entry.name).copied();
        match (entry.what, place) {
            (What::Create, _) => {
                self.files.push(File::default());
                self.rename(Naming::Link(entry.name.clone(), self.files.len() - 1));
            }
            (What::Sync, _) if entry.name == "." => {
                for naming in std::mem::take(&mut self.renaming) {
                    naming.apply(&mut self.kept_names);
                }
            }
            (What::Write | What::Truncate, Some(place)) => self.files[place].loose.push(entry),
            (What::Sync, Some(place)) => {
                let file = &mut self.files[place];
                for change in std::mem::take(&mut file.loose) {
                    whole(&mut file.kept, change);
                }
            }
            (What::Unlink, Some(_)) => self.rename(Naming::Unlink(entry.name.clone())),
            (What::Rename, Some(place)) => {
                let to = String::from_utf8(entry.data.clone()).expect("names are UTF-8");
                self.rename(Naming::Rename(entry.name.clone(), to, place));
            }
            // The control socket comes and goes without being a file.
            (_, None) => {}
        }
    }

    fn rename(&mut self, naming: Naming) {
        naming.clone().apply(&mut self.names);
        self.renaming.push(naming);
    }

    /// Writes what is there after a cut into an empty folder.
    pub fn write(&self, folder: &Path, loss: Loss) {
        for (name, content) in self.contents(loss) {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name));
            file.and_then(|mut file| file.write_all(&content)).expect("a temporary folder can be written");
        }
    }

    /// The files after a cut.
    pub fn contents(&self, loss: Loss) -> BTreeMap<String, Vec<u8>> {
        let mut dice = match loss {
            Loss::Some(seed) => Some(Dice::new(seed)),
            Loss::All | Loss::None => None,
        };
        let mut names = self.kept_names.clone();
        for naming in &self.renaming {
            let is_kept = dice.as_mut().map_or(matches!(loss, Loss::None), |dice| dice.chance(50));
            if is_kept {
                naming.clone().apply(&mut names);
            }
        }
        let content = |place: usize| {
            let file = &self.files[place];
            let mut content = file.kept.clone();
            match (&mut dice, loss) {
                (Some(dice), _) => torn(&mut content, &file.loose, dice),
                (None, Loss::None) => file.loose.iter().for_each(|change| whole(&mut content, change)),
                (None, _) => {}
            }
            content
        };
        let places: Vec<usize> = names.values().copied().collect();
        let contents: Vec<Vec<u8>> = places.into_iter().map(content).collect();
        names.into_keys().zip(contents).collect()
    }
}

impl Naming {
    fn apply(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Naming::Link(name, place) => {
                names.insert(name, place);
            }
            Naming::Unlink(name) => {
                names.remove(&name);
            }
            Naming::Rename(from, to, place) => {
                names.remove(&from);
                names.insert(to, place);
            }
        }
    }
}

fn whole(content: &mut Vec<u8>, change: &Entry) {
    if change.what == What::Truncate {
        content.resize(change.at, 0);
        return;
    }
    part(content, change.at, &change.data);
}

fn part(content: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(data);
}

/// Some of the changes, some of them in part. A later write of a sector lies over an earlier one if both are there: that is
/// how a cache hands them on; which of them are there is up to the disk.
fn torn(content: &mut Vec<u8>, loose: &[&Entry], dice: &mut Dice) {
    let kept = [0, 10, 50, 90, 100][dice.below(5)];
    let size = loose.iter().filter(|change| change.what == What::Write).map(|change| change.at + change.data.len()).max();
    if let Some(size) = size.filter(|size| *size > content.len() && dice.chance(20)) {
        // The new size got there before the data.
        content.resize(size, 0);
    }
    for change in loose {
        if change.what == What::Truncate || dice.chance(50) {
            if dice.chance(kept) {
                whole(content, change);
            }
            continue;
        }
        let mut at = change.at;
        while at < change.at + change.data.len() {
            let end = ((at / SECTOR + 1) * SECTOR).min(change.at + change.data.len());
            if dice.chance(kept) {
                part(content, at, &change.data[at - change.at..end - change.at]);
            }
            at = end;
        }
    }
}
