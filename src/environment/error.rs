//! What the installer says, as an error for the author of a flow.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use serde_json::json;

use crate::error::{Error, Kind};

/// Longest explanation, in characters.
const SHOWN: usize = 2_000;
/// What stands in the explanation where the machine lacks something.
const LACKING: [&str; 3] = ["No space left on device", "Read-only file system", "Cannot allocate memory"];
/// What stands there where the network does.
const UNREACHED: [&str; 5] = ["Failed to fetch", "error sending request", "dns error", "operation timed out", "network was disabled"];

/// Whether the same may go well in a moment, with nothing changed but the machine.
pub fn is_passing(error: &Error) -> bool {
    error.detail_value().is_some_and(|details| details["passing"] == true)
}

/// The error of an installer that failed. `asked` are the author's requirements.
pub(super) fn of(status: ExitStatus, said: &str, asked: &[String]) -> Error {
    if let Some(signal) = status.signal() {
        return passing(format!("The installation of packages was killed by signal {signal}."));
    }
    let why = explanation(said);
    let which = match named(&why, asked) {
        Some(one) => format!("The requirement '{one}' cannot be met"),
        None => format!("The requirements {} cannot be met", list(asked)),
    };
    let text = format!("{which}: {why}");
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if says(&LACKING) {
        passing(text)
    } else if says(&UNREACHED) {
        Error::new(Kind::Unavailable, text)
    } else {
        Error::invalid(text)
    }
}

fn passing(text: String) -> Error {
    Error::new(Kind::Unavailable, text).details(json!({ "passing": true }))
}

pub(super) fn too_slow(seconds: u64, asked: &[String]) -> Error {
    let text = format!("Installing {} took longer than {seconds} seconds (environments.timeout_seconds) and was ended.", list(asked));
    Error::new(Kind::Unavailable, text)
}

fn list(asked: &[String]) -> String {
    asked.iter().map(|one| format!("'{one}'")).collect::<Vec<_>>().join(", ")
}

/// The only requirement whose package stands in the explanation.
fn named<'a>(why: &str, asked: &'a [String]) -> Option<&'a String> {
    let words: Vec<&str> = why.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).collect();
    let is_named = |one: &&String| {
        let end = one.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(one.len());
        words.iter().any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(&one[..end]))
    };
    let mut found = asked.iter().filter(is_named);
    match (found.next(), found.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// One paragraph: causes without the frame that a terminal shows them in, and without what is said of the run itself.
fn explanation(said: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for line in said.lines().map(str::trim) {
        let line = line.trim_start_matches(['×', '╰', '─', '▶', '│', '├', ' ']);
        let line = line.strip_prefix("error: ").or_else(|| line.strip_prefix("cause: ")).unwrap_or(line);
        let is_news = ["Using CPython", "Resolved ", "Prepared ", "Downloaded ", "warning: ", "Downloading "];
        if !line.is_empty() && line != "^" && !is_news.iter().any(|news| line.starts_with(news)) {
            parts.push(line);
        }
    }
    let text = parts.join(" ");
    let text = if text.is_empty() { "the installer did not say why.".to_owned() } else { text };
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: i32 = 1 << 8;

    #[test]
    fn an_error_names_the_requirement_and_says_why() {
        let said = "Using CPython 3.13.0 interpreter at: /x\nerror: No solution found when resolving dependencies\n  cause: Because nosuch was not \
                    found in the provided package locations and you require nosuch, we can conclude that your requirements are unsatisfiable.\n";
        let error = of(ExitStatus::from_raw(FAILED), said, &["alpha".into(), "nosuch>=1".into()]);
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.message().starts_with("The requirement 'nosuch>=1' cannot be met: No solution found"), "{error}");
        assert!(!error.message().contains("CPython"), "{error}");
    }

    #[test]
    fn a_conflict_names_all_and_a_fault_of_the_machine_is_passing() {
        let said = "error: No solution found\n  cause: Because beta depends on alpha<2 and you require alpha>=2, no.\n";
        let error = of(ExitStatus::from_raw(FAILED), said, &["beta".into(), "alpha>=2".into()]);
        assert!(error.message().starts_with("The requirements 'beta', 'alpha>=2' cannot be met"), "{error}");
        let full = of(ExitStatus::from_raw(FAILED), "error: failed to write: No space left on device (os error 28)", &[]);
        assert!(full.kind() == Kind::Unavailable && is_passing(&full));
        assert!(is_passing(&of(ExitStatus::from_raw(9), "", &[])));
        let away = of(ExitStatus::from_raw(FAILED), "error: Request failed\n  cause: Failed to fetch: `https://x`", &[]);
        assert!(away.kind() == Kind::Unavailable && !is_passing(&away));
    }
}
