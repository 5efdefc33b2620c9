//! What the process of the installer is told, as JSON on its standard input.

use serde::{Deserialize, Serialize};

/// A job of the installer. Its variables may hold a password of a package index.
#[derive(Serialize, Deserialize)]
pub struct InstallerConfig {
    /// It leaves when this is no longer its parent.
    pub server_pid: i32,
    /// The only place it may write to; downloads are kept in it.
    pub work_root: String,
    /// Of this job, below the work root; the installer makes it, and works in it.
    pub folder: String,
    /// Name and content of a file in that folder.
    pub file: (String, String),
    /// Folders it may read beside Python and the system.
    pub readable: Vec<String>,
    /// The user to become, where the server is root.
    pub user: Option<u32>,
    pub program: String,
    /// The embedded Python is told after them, as `--python`.
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
}
