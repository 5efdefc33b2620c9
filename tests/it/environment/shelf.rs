//! A shelf of tiny packages that a test makes for itself, and an installer that can be told to fail.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use flowstead::config::Config;
use sha2::Digest as _;
use tempfile::TempDir;

/// Wheels below a folder of its own, and beside them the program that installs.
pub struct Shelf {
    folder: TempDir,
}

/// The `uv` that set-up pinned.
fn pinned() -> PathBuf {
    let uv = Path::new(env!("CARGO_MANIFEST_DIR")).join(".uv/bin/uv");
    assert!(uv.exists(), "the tests of environments need uv; run scripts/setup_uv.sh, which installs the Python package uv");
    uv.canonicalize().expect("it is there")
}

/// The wheels of the default packages that set-up downloaded.
pub fn default_packages() -> PathBuf {
    let wheels = Path::new(env!("CARGO_MANIFEST_DIR")).join(".uv/wheels");
    assert!(wheels.is_dir(), "the tests of environments need the default packages; run scripts/setup_uv.sh, which downloads them");
    wheels
}

impl Shelf {
    pub fn new() -> Shelf {
        let folder = TempDir::new().expect("a temporary folder can be made");
        for below in ["wheels", "bin"] {
            std::fs::create_dir(folder.path().join(below)).expect("made");
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("set");
        let uv = folder.path().join("bin/uv");
        std::fs::hard_link(pinned(), &uv).or_else(|_| std::fs::copy(pinned(), &uv).map(|_| ())).expect("the installer can be put there");
        Shelf { folder }
    }

    /// Puts a pure package with one module of the same name on the shelf.
    pub fn wheel(&self, name: &str, version: &str, module: &str, requires: &[&str]) {
        let dist = format!("{name}-{version}.dist-info");
        let requires = requires.iter().map(|one| format!("Requires-Dist: {one}\n")).collect::<Vec<_>>().concat();
        let mut files = BTreeMap::from([
            (format!("{name}.py"), module.to_owned()),
            (format!("{dist}/METADATA"), format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")),
            (format!("{dist}/WHEEL"), "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned()),
        ]);
        let sum = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(text.as_bytes()));
        let record = files.iter().map(|(path, text)| format!("{path},sha256={},{}\n", sum(text), text.len())).collect::<Vec<_>>().concat();
        files.insert(format!("{dist}/RECORD"), format!("{record}{dist}/RECORD,,\n"));
        let path = self.wheels().join(format!("{name}-{version}-py3-none-any.whl"));
        let mut archive = zip::ZipWriter::new(std::fs::File::create(path).expect("a wheel can be made"));
        for (path, text) in files {
            archive.start_file(path, zip::write::SimpleFileOptions::default()).expect("a file can be begun");
            archive.write_all(text.as_bytes()).expect("a file can be written");
        }
        archive.finish().expect("a wheel can be finished");
    }

    /// `alpha` in two versions, and `beta`, which needs the older one.
    pub fn filled() -> Shelf {
        let shelf = Shelf::new();
        shelf.wheel("alpha", "1.0", "VERSION = '1.0'\n", &[]);
        shelf.wheel("alpha", "2.0", "VERSION = '2.0'\n", &[]);
        shelf.wheel("beta", "1.0", "import alpha\nUSES = alpha.VERSION\n", &["alpha<2"]);
        shelf
    }

    pub fn wheels(&self) -> PathBuf {
        self.folder.path().join("wheels")
    }

    pub fn uv(&self) -> PathBuf {
        self.folder.path().join("bin/uv")
    }

    /// From now on `lines` of a shell script run before the installer, in the folder of its job. `$2` is `compile` or `install`, and
    /// `..` is kept from one job to the next.
    pub fn before(&self, lines: &str) {
        let (uv, real) = (self.uv(), self.folder.path().join("bin/real"));
        if !real.exists() {
            std::fs::rename(&uv, &real).expect("moved");
        }
        std::fs::write(&uv, format!("#!/bin/sh\n{lines}\nexec '{}' \"$@\"\n", real.display())).expect("written");
        std::fs::set_permissions(&uv, std::fs::Permissions::from_mode(0o755)).expect("set");
    }

    /// A server takes packages from this shelf alone.
    pub fn set(&self, config: &mut Config) {
        let settings = &mut config.environments;
        settings.uv = self.uv();
        "none".clone_into(&mut settings.index_url);
        settings.offline = true;
        settings.find_links = vec![self.wheels().display().to_string()];
    }

    /// The same for a server process.
    pub fn lines(&self) -> Vec<String> {
        vec![
            "[environments]".to_owned(),
            format!("uv = '{}'", self.uv().display()),
            "index_url = 'none'".to_owned(),
            "offline = true".to_owned(),
            format!("find_links = ['{}']", self.wheels().display()),
        ]
    }
}

/// A flow that names packages and gives what an expression makes of them.
pub fn script(requirements: &[&str], import: &str, expression: &str) -> String {
    let lines = requirements.iter().map(|one| format!("#   \"{one}\",\n")).collect::<Vec<_>>().concat();
    format!(
        "# /// script\n# dependencies = [\n{lines}# ]\n# ///\nimport {import}\n\ndef handler(system, this, inputs):\n    return {expression}\n"
    )
}
