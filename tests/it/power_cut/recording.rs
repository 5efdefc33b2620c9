//! What a server did to the files of its data folder, call by call: made by the preloaded `record.c`, read here.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// One call that changed a file, or made changes last.
#[derive(Debug)]
pub struct Entry {
    pub what: What,
    /// Relative to the data folder, which is `.` itself.
    pub name: String,
    /// Where a write begins, or the size after a truncation.
    pub at: usize,
    /// What was written, or the new name.
    pub data: Vec<u8>,
    /// Where the recording ended after it: compares with [`Recorder::position`].
    pub end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    Create,
    Write,
    Truncate,
    Sync,
    Unlink,
    Rename,
}

/// The preloaded library, and where its recording goes.
pub struct Recorder {
    place: TempDir,
}

impl Recorder {
    /// Compiles the library; a C compiler is there wherever this package was built.
    pub fn new() -> Recorder {
        let place = TempDir::new().expect("a temporary folder can be made");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/power_cut/record.c");
        let built = Command::new("cc")
            .args(["-O1", "-shared", "-fPIC", "-pthread", "-o"])
            .arg(place.path().join("record.so"))
            .arg(source)
            .output()
            .expect("a C compiler is there");
        assert!(built.status.success(), "record.c cannot be compiled: {}", String::from_utf8_lossy(&built.stderr));
        Recorder { place }
    }

    /// What a process must find in its environment to be recorded.
    pub fn environment(&self, folder: &Path) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().expect("temporary folders have plain names").to_owned();
        let variables = [("LD_PRELOAD", text(self.place.path().join("record.so"))), ("RECORD_FOLDER", text(folder.to_owned()))];
        let variables = variables.into_iter().chain([("RECORD_TO", text(self.file()))]);
        variables.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// How far the recording has come: whatever was done before this call lies before it.
    pub fn position(&self) -> u64 {
        std::fs::metadata(self.file()).expect("the recording is there").len()
    }

    /// Everything recorded so far.
    pub fn entries(&self) -> Vec<Entry> {
        let bytes = std::fs::read(self.file()).expect("the recording can be read");
        let mut left = bytes.as_slice();
        let mut entries = Vec::new();
        while !left.is_empty() {
            let [what, name] = [take(&mut left, 4), take(&mut left, 4)].map(number);
            let [at, length] = [take(&mut left, 8), take(&mut left, 8)].map(number);
            let name = String::from_utf8(take(&mut left, name).to_vec()).expect("names are UTF-8");
            let data = take(&mut left, length).to_vec();
            let kinds = [What::Create, What::Write, What::Truncate, What::Sync, What::Unlink, What::Rename];
            entries.push(Entry { what: kinds[what - 1], name, at, data, end: (bytes.len() - left.len()) as u64 });
        }
        entries
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("recording")
    }
}

fn take<'b>(left: &mut &'b [u8], count: usize) -> &'b [u8] {
    let (head, rest) = left.split_at_checked(count).expect("the recording ends with a whole entry");
    *left = rest;
    head
}

/// In the byte order of the machine that recorded it, which is this one.
fn number(bytes: &[u8]) -> usize {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    usize::try_from(u64::from_le_bytes(wide)).expect("offsets fit")
}
