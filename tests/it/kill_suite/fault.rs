//! A preloaded library that moves a server's wall clock and spoils its disk while it runs.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// What the disk of the data folder does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    Well = 0,
    /// Nothing gets longer, nothing new is made.
    Full = 1,
    ReadOnly = 2,
}

pub struct Faults {
    place: TempDir,
    control: File,
}

impl Faults {
    /// Compiles the library; a C compiler is there wherever this package was built.
    pub fn new() -> Faults {
        let place = TempDir::new().expect("a temporary folder can be made");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/kill_suite/fault.c");
        let library = place.path().join("fault.so");
        let built = Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).output();
        let built = built.expect("a C compiler is there");
        assert!(built.status.success(), "fault.c cannot be compiled: {}", String::from_utf8_lossy(&built.stderr));
        let control = File::create(place.path().join("control")).expect("a file can be made");
        control.write_all_at(&[0; 16], 0).expect("a file can be written");
        Faults { place, control }
    }

    /// What a server with this data folder must find in its environment.
    pub fn environment(&self, folder: &Path) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().expect("temporary folders have plain names").to_owned();
        [
            ("LD_PRELOAD", text(self.place.path().join("fault.so"))),
            ("FAULT_CONTROL", text(self.place.path().join("control"))),
            ("FAULT_FOLDER", text(folder.to_owned())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The wall clock jumps so far from the true time, seconds.
    pub fn set_clock(&self, ahead: i64) {
        self.control.write_all_at(&(ahead * 1_000_000_000).to_ne_bytes(), 0).expect("a file can be written");
    }

    pub fn set_disk(&self, disk: Disk) {
        self.control.write_all_at(&(disk as u32).to_ne_bytes(), 8).expect("a file can be written");
    }
}
