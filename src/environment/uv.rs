//! `uv`: where it is, and how it is called.

use std::path::{Path, PathBuf};

use super::Options;
use super::launch::Job;
use super::lock::Lock;
use crate::error::{Error, Kind, Result};

/// `environments.index_url` of a server that takes packages from `environments.find_links` alone.
const NO_INDEX: &str = "none";
/// Files of a job, below its folder.
pub(super) const REQUIREMENTS: &str = "requirements.txt";
pub(super) const LOCK: &str = "lock.txt";
pub(super) const SITE: &str = "site";

/// The program: as set, else on PATH, else beside the embedded Python.
pub(super) fn find(options: &Options) -> Result<PathBuf> {
    let set = &options.settings.uv;
    if !set.as_os_str().is_empty() {
        return real(set).ok_or_else(|| {
            Error::new(Kind::Invalid, format!("The setting environments.uv names {}, which is no program.", set.display()))
        });
    }
    let path = options.variables.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_str()).unwrap_or_default();
    let beside = Path::new(env!("FLOWSTEAD_PYTHON_EXECUTABLE")).parent().map(Path::to_owned);
    let bundled = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("python/bin")));
    let mut folders = path.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from).chain(bundled).chain(beside);
    folders.find_map(|folder| real(&folder.join("uv"))).ok_or_else(|| {
        Error::new(
            Kind::Invalid,
            "Packages are installed by the program 'uv', which is neither on PATH nor beside Python. Install it (`pip install uv`), or name \
             it in the setting environments.uv.",
        )
    })
}

fn real(program: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let program = program.canonicalize().ok()?;
    let meta = program.metadata().ok()?;
    (meta.is_file() && meta.permissions().mode() & 0o111 != 0).then_some(program)
}

/// Requirements to a lock.
pub(super) fn compile(options: &Options, requirements: &[String]) -> Result<Job> {
    let mut job = begin(options, &["pip", "compile", "--generate-hashes", "--no-header", "--no-annotate"], requirements.join("\n"))?;
    job.arguments.extend(["--output-file", LOCK, REQUIREMENTS].map(str::to_owned));
    job.asked = requirements.to_vec();
    Ok(job)
}

/// A lock to a folder.
pub(super) fn install(options: &Options, lock: &Lock) -> Result<Job> {
    let fixed = ["pip", "install", "--require-hashes", "--no-deps", "--compile-bytecode", "--target", SITE];
    let mut job = begin(options, &fixed, lock.text.clone())?;
    job.arguments.extend(["-r", REQUIREMENTS].map(str::to_owned));
    job.asked.clone_from(&lock.requirements);
    Ok(job)
}

fn begin(options: &Options, fixed: &[&str], requirements: String) -> Result<Job> {
    let settings = &options.settings;
    let mut arguments: Vec<String> = fixed.iter().map(|text| (*text).to_owned()).collect();
    // What a user of this machine set for uv is not meant for flows.
    arguments.extend(["--no-config", "--color", "never", "--no-progress"].map(str::to_owned));
    if !settings.allow_builds {
        arguments.extend(["--only-binary", ":all:"].map(str::to_owned));
    }
    if settings.offline {
        arguments.push("--offline".to_owned());
    }
    if settings.index_url == NO_INDEX {
        arguments.push("--no-index".to_owned());
    }
    let mut readable = Vec::new();
    for place in &settings.find_links {
        arguments.extend(["--find-links".to_owned(), place.clone()]);
        readable.extend(Some(PathBuf::from(place)).filter(|place| place.is_dir()));
    }
    let mut variables: Vec<(String, String)> = options.variables.iter().filter(|(name, _)| name != "PATH").cloned().collect();
    // The address may hold a password: it goes in as a variable, which other users of the machine cannot read.
    if !["", NO_INDEX].contains(&settings.index_url.as_str()) {
        variables.push(("UV_DEFAULT_INDEX".to_owned(), settings.index_url.clone()));
    }
    Ok(Job { program: find(options)?, arguments, requirements, readable, variables, asked: Vec::new() })
}
