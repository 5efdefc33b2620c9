//! A lock: which versions of which packages, each with the hashes of its files. Its key names the environment.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Environments;
use crate::error::{Error, Result};

/// The packages of flows that say nothing of packages and import one of these: what public flows expect to be there. Pinned here,
/// so that nothing has to be settled anew on each machine.
const DEFAULT: &str = include_str!("default.lock");
/// Asked for in the default environment, with the modules that they bring.
const DEFAULT_PACKAGES: [(&str, &[&str]); 5] = [
    ("pyyaml", &["yaml"]),
    ("pytz", &["pytz"]),
    ("python-dateutil", &["dateutil"]),
    ("pystache", &["pystache"]),
    ("pycryptodome", &["Crypto"]),
];
/// More lines, or longer ones, are no requirements of a flow.
const MOST: usize = 200;
const LONGEST: usize = 500;

/// One package of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    pub name: String,
    /// The version, or the address it comes from.
    pub version: String,
}

/// What is installed; the same text for the same Python is the same environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Hash of the text and of the Python version.
    pub key: Arc<str>,
    pub text: String,
    /// As the author wrote them.
    pub requirements: Vec<String>,
    pub packages: Vec<Package>,
}

impl Lock {
    /// From the text that `uv` made. Every package must have a hash.
    pub fn new(text: String, requirements: Vec<String>) -> Result<Lock> {
        let packages = packages(&text)?;
        let key = blake3::hash(format!("{}\n{text}", Environments::python()).as_bytes()).to_hex()[..32].into();
        Ok(Lock { key, text, requirements, packages })
    }

    /// The packages that public flows expect.
    pub fn standard() -> Lock {
        let requirements = DEFAULT_PACKAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
        Lock::new(DEFAULT.to_owned(), requirements).expect("a test reads it")
    }

    /// Whether a script seems to import something of [`Lock::standard`]. It may say so in a text, too: then it gets what it does not need.
    pub fn is_standard_wanted(script: &str) -> bool {
        let modules = || DEFAULT_PACKAGES.iter().flat_map(|(_, modules)| modules.iter().copied());
        // Nearly all scripts end here.
        if !modules().any(|module| script.contains(module)) {
            return false;
        }
        script.lines().any(|line| {
            let line = line.trim_start();
            let named = line.strip_prefix("import ").or_else(|| line.strip_prefix("from "));
            let named = named.map(|rest| rest.split(" import ").next().unwrap_or_default()).unwrap_or_default();
            named.split(',').filter_map(|name| name.trim().split(['.', ' ', ';', '#']).next()).any(|name| modules().any(|m| m == name))
        })
    }

    /// As it stands in `environment` of a record.
    pub fn shown(&self) -> Value {
        json!({
            "key": &*self.key,
            "python": Environments::python(),
            "requirements": self.requirements,
            "packages": self.packages,
        })
    }
}

/// The packages of a lock's text; each must have a hash.
fn packages(text: &str) -> Result<Vec<Package>> {
    let mut found: Vec<(Package, bool)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("--hash=") {
            if let Some((_, has_hash)) = found.last_mut() {
                *has_hash = true;
            }
            continue;
        }
        let has_hash = line.contains("--hash=");
        let named = line.trim_end_matches('\\').split(" --hash=").next().unwrap_or_default();
        let named = named.split(" ; ").next().unwrap_or_default().trim();
        let (name, version) = named
            .split_once("==")
            .or_else(|| named.split_once(" @ "))
            .ok_or_else(|| Error::internal(format!("a lock has a line that names no version: '{line}'")))?;
        found.push((Package { name: name.trim().to_owned(), version: version.trim().to_owned() }, has_hash));
    }
    if let Some((package, _)) = found.iter().find(|(_, has_hash)| !has_hash) {
        let text = format!(
            "The package {} {} has no hash, so nobody could tell whether its content is the same later. A package from an index or an \
             address of a wheel has one.",
            package.name, package.version
        );
        return Err(Error::invalid(text));
    }
    Ok(found.into_iter().map(|(package, _)| package).collect())
}

/// Refuses lines that are no requirements: options of the installer, and paths on the server's disk.
pub(super) fn check(requirements: &[String]) -> Result<()> {
    if requirements.len() > MOST {
        return Err(Error::invalid(format!("There are {} requirements; {MOST} are the most.", requirements.len())));
    }
    for line in requirements {
        let line = line.trim();
        let is_named = line.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !is_named || line.chars().any(char::is_control) || line.len() > LONGEST {
            let text = format!("'{line}' is no requirement; write one package with its versions, such as 'requests>=2.31'.");
            return Err(Error::invalid(text));
        }
        if let Some((_, address)) = line.split_once('@')
            && !["http://", "https://"].iter().any(|scheme| address.trim_start().starts_with(scheme))
        {
            let text = format!("'{line}' leads to something else than a package index or a web address, which flows cannot use.");
            return Err(Error::invalid(text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_environment_has_the_five_packages_with_hashes() {
        let lock = Lock::standard();
        for (name, _) in DEFAULT_PACKAGES {
            assert!(lock.packages.iter().any(|package| package.name == name), "{name} is not locked");
        }
        assert_eq!(lock.key.len(), 32);
    }

    #[test]
    fn an_import_of_a_default_package_is_seen_and_other_words_are_not() {
        for script in
            ["import yaml", "from dateutil.parser import parse", "def f():\n    import os, pytz as p", "from Crypto import Random"]
        {
            assert!(Lock::is_standard_wanted(script), "{script}");
        }
        for script in ["", "yaml = 1", "import yamlish", "from mine import yaml", "# pytz is not needed", "important = 'pytz'"] {
            assert!(!Lock::is_standard_wanted(script), "{script}");
        }
    }

    #[test]
    fn a_lock_without_a_hash_is_refused_and_says_of_which_package() {
        let error = Lock::new("alpha==1.0 \\\n    --hash=sha256:00\nbeta==2.0\n".into(), Vec::new()).unwrap_err();
        assert!(error.message().contains("beta 2.0 has no hash"), "{error}");
    }

    #[test]
    fn a_lock_tells_its_packages_and_its_key_follows_its_text() {
        let text = "# made\nalpha==1.0 ; sys_platform == 'linux' \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\nbeta @ https://x/b.whl --hash=sha256:02\n";
        let lock = Lock::new(text.into(), Vec::new()).unwrap();
        let shown: Vec<_> = lock.packages.iter().map(|p| (p.name.as_str(), p.version.as_str())).collect();
        assert_eq!(shown, [("alpha", "1.0"), ("beta", "https://x/b.whl")]);
        assert_eq!(lock.key, Lock::new(text.into(), vec!["alpha".into()]).unwrap().key);
        assert_ne!(lock.key, Lock::new(text.replace("1.0", "1.1"), Vec::new()).unwrap().key);
    }

    #[test]
    fn lines_that_are_no_requirements_are_refused() {
        for wrong in
            ["-r other.txt", "--index-url http://x", "./here", "", "a\nb", "a @ file:///etc/passwd", "git+ssh@host", "a @ git+https://x"]
        {
            assert!(check(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        for right in ["requests", "requests[socks]>=2,<3 ; python_version > '3.8'", "alpha @ https://example.com/alpha-1-py3-none-any.whl"]
        {
            check(&[right.to_owned()]).unwrap();
        }
    }
}
