//! Whether an execution left the slot as it found it: threads, children, environment, folder, signals, work files.
#![allow(unsafe_code)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::SigSet;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::process::{self, Resource};
use super::signal;

/// Signals whose disposition is compared: all but the real-time ones.
const SIGNALS: std::ops::Range<i32> = 1..32;

/// How the slot was before its first execution.
pub(super) struct Baseline {
    workdir: PathBuf,
    threads: u64,
    environment: Py<PyDict>,
    path: Py<PyAny>,
    handlers: Vec<usize>,
    limits: Vec<u64>,
}

impl Baseline {
    pub(super) fn take(py: Python<'_>, workdir: &Path) -> PyResult<Baseline> {
        let environment = environment(py)?.copy()?.unbind();
        let path = py.import("sys")?.getattr("path")?.call_method0("copy")?.unbind();
        Ok(Baseline {
            workdir: workdir.to_owned(),
            threads: process::thread_count(),
            environment,
            path,
            handlers: handlers(),
            limits: limits(),
        })
    }

    pub(super) fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// Kills what the flow left running, empties the work directory, and says why the slot must not be used again.
    pub(super) fn restore(&self, py: Python<'_>) -> Option<String> {
        let mut why = Vec::new();
        if process::has_children() {
            process::kill_descendants();
            why.push("processes that the flow started were still running");
        }
        if self.has_threads(py) {
            why.push("threads that the flow started were still running");
        }
        if environment(py).and_then(|now| now.eq(&self.environment)).is_ok_and(|same| !same) {
            why.push("the flow changed the environment");
        }
        if py.import("sys").and_then(|sys| sys.getattr("path")?.eq(&self.path)).is_ok_and(|same| !same) {
            why.push("the flow changed sys.path");
        }
        if handlers() != self.handlers || signal::is_replaced(py) {
            why.push("the flow changed signal handlers");
        }
        if SigSet::thread_get_mask().is_ok_and(|mask| mask != SigSet::empty()) {
            why.push("the flow blocked signals");
        }
        if limits() != self.limits {
            why.push("the flow lowered its resource limits");
        }
        if std::env::current_dir().ok().as_deref() != Some(&self.workdir) {
            why.push("the flow changed the working directory");
        }
        if !empty(&self.workdir) {
            why.push("the work directory cannot be emptied");
        }
        (!why.is_empty()).then(|| why.join("; "))
    }

    fn has_threads(&self, py: Python<'_>) -> bool {
        if process::thread_count() <= self.threads {
            return false;
        }
        let python_threads = || -> PyResult<usize> { py.import("_thread")?.call_method0("_count")?.extract() };
        if python_threads().unwrap_or(1) > 0 {
            return true;
        }
        // A thread that was joined can take a moment to leave the process.
        for _ in 0..50 {
            std::thread::yield_now();
            if process::thread_count() <= self.threads {
                return false;
            }
        }
        true
    }
}

/// What `os.environ` holds.
fn environment(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(py.import("os")?.getattr("environ")?.getattr("_data")?.cast_into::<PyDict>()?)
}

fn handlers() -> Vec<usize> {
    SIGNALS
        .map(|number| {
            // SAFETY: only reads the disposition into plain data.
            unsafe {
                let mut action: libc::sigaction = std::mem::zeroed();
                libc::sigaction(number, std::ptr::null(), &raw mut action);
                action.sa_sigaction
            }
        })
        .collect()
}

fn limits() -> Vec<u64> {
    [Resource::Memory, Resource::Cpu, Resource::FileSize, Resource::OpenFiles, Resource::Processes].map(Resource::ceiling).to_vec()
}

/// Empties a directory, but keeps it. `false` if something could not be removed.
fn empty(directory: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    let mut all = true;
    for entry in entries.flatten() {
        let path = entry.path();
        let removed =
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) { remove_tree(&path) } else { std::fs::remove_file(&path).is_ok() };
        all &= removed;
    }
    all
}

fn remove_tree(directory: &Path) -> bool {
    if std::fs::remove_dir_all(directory).is_ok() {
        return true;
    }
    // The flow may have taken the rights away; the folder is ours still.
    let _ = std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700));
    empty(directory) && std::fs::remove_dir(directory).is_ok()
}
