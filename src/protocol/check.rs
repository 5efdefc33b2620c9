//! CHECK and CHECKED: what a script is asked before it is ever run, and what comes of it.

use serde::{Deserialize, Serialize};

/// CHECK: compile a script, look for `handler`, find deprecations. Nothing in it is run, unless `describe` is set.
#[derive(Debug, Serialize, Deserialize)]
pub struct Check {
    pub script: String,
    pub script_name: String,
    /// Also find out what it says about itself, for which it may have to be imported: the slot is then used up.
    pub describe: bool,
}

/// CHECKED: what CHECK found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Checked {
    pub problems: Vec<Problem>,
    pub has_syntax_error: bool,
    pub has_deprecation: bool,
    /// Only when it was asked for and the script compiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// What a script says about itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Description {
    /// The module's docstring, without schemas that stand in it.
    pub text: Option<String>,
    /// As JSON text: of the docstring, else of the hints of the handler.
    pub input_schema: Option<String>,
    pub output_schema: Option<String>,
}

/// One finding in a script.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Problem {
    /// `error` or `warning`.
    pub severity: String,
    /// 1-based; 0 when it concerns the whole script.
    pub line: u32,
    pub column: u32,
    pub message: String,
}
