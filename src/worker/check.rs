//! The check of a script that is no execution: is it sound, and what does it say about itself.

use pyo3::prelude::*;

use crate::protocol::{Check, Checked, Description, FrameKind, Problem};

use super::process::Resource;
use super::wire;

/// Severity, line, column, message, whether it is a deprecation.
type Finding = (String, u32, u32, String, bool);
/// Findings without the deprecation, text, input schema, output schema.
type Found = (Vec<(String, u32, u32, String)>, Option<String>, Option<String>, Option<String>);

/// Memory of a script that is imported for its hints, bytes.
const MEMORY: u64 = 1 << 30;
/// CPU seconds of the same. The server has a limit on the time that passes, too.
const CPU: u64 = 10;

/// Looks a script over and reports. `false` if the slot must not be used again.
pub(super) fn check(py: Python<'_>, check: &Check) -> bool {
    let mut checked = compile(py, check).unwrap_or_else(|error| failed(&error, true));
    let describe = check.describe && !checked.problems.iter().any(|problem| problem.severity == "error");
    if describe {
        match describe_it(py, check) {
            Ok((problems, description)) => {
                checked.problems.extend(problems);
                checked.description = Some(description);
            }
            Err(error) => checked.problems.extend(failed(&error, false).problems),
        }
    }
    if let Ok(text) = serde_json::to_vec(&checked) {
        let _ = wire::send(py, FrameKind::Checked, 0, &text);
    }
    !describe
}

/// Nothing in the script runs.
fn compile(py: Python<'_>, check: &Check) -> PyResult<Checked> {
    let found = py.import("flow_api._check")?.call_method1("check", (&check.script, &check.script_name))?;
    let found: Vec<Finding> = found.extract()?;
    let has_deprecation = found.iter().any(|(.., is_deprecation)| *is_deprecation);
    let problems: Vec<Problem> =
        found.into_iter().map(|(severity, line, column, message, _)| Problem { severity, line, column, message }).collect();
    let has_syntax_error = problems.iter().any(|p| p.severity == "error" && p.line > 0);
    Ok(Checked { has_syntax_error, has_deprecation, problems, description: None })
}

/// The script may be imported for this, within limits that are not lifted again.
fn describe_it(py: Python<'_>, check: &Check) -> PyResult<(Vec<Problem>, Description)> {
    // A slot that cannot be limited is still ended by the server in time.
    let _ = Resource::Memory.tighten(MEMORY);
    let _ = Resource::Cpu.cap(super::process::usage().cpu_ms.div_ceil(1000) + CPU);
    let found = py.import("flow_api._describe")?.call_method1("describe", (&check.script, &check.script_name))?;
    let (problems, text, input_schema, output_schema): Found = found.extract()?;
    let problems = problems.into_iter().map(|(severity, line, column, message)| Problem { severity, line, column, message }).collect();
    Ok((problems, Description { text, input_schema, output_schema }))
}

fn failed(error: &PyErr, has_syntax_error: bool) -> Checked {
    let message = format!("The script cannot be checked: {error}.");
    let problem = Problem { severity: "error".to_owned(), line: 0, column: 0, message };
    Checked { problems: vec![problem], has_syntax_error, ..Checked::default() }
}
