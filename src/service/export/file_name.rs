//! Names of records as names of files: safe on every system, and readable back.

use std::collections::HashSet;
use std::fmt::Write as _;

/// Longest stem, bytes; with its endings a file name stays under the 255 that systems allow.
const LONGEST: usize = 180;
/// What stays of a longer one.
const CUT: usize = 150;
/// Names that Windows keeps for devices, whatever the ending.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul"];

/// The stem of a record's files: letters, digits and a few signs as they are, all else as `%` and two hex digits of its UTF-8.
/// One that would be too long is cut, and ends with `~` and a hash: then only the document says the name.
pub fn stem(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let is_device = is_device(name);
    for (at, c) in name.char_indices() {
        let is_kept = c.is_alphanumeric() || " _-.,+=@()".contains(c);
        let is_awkward_first = at == 0 && (is_device || " -.".contains(c));
        if is_kept && !is_awkward_first {
            out.push(c);
        } else {
            escape(c, &mut out);
        }
    }
    if out.len() > LONGEST {
        let mut end = (0..=CUT).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        // Not in the middle of an escape.
        while let Some(at) = out[..end].rfind('%').filter(|at| end - at < 3) {
            end = at;
        }
        out.truncate(end);
        return marked(&out, name);
    }
    out
}

/// The name that a stem stands for; `None` for one that was cut, or is none of ours.
pub fn name(stem: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(stem.len());
    let mut rest = stem;
    while let Some(at) = rest.find(['%', '~']) {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let digits = rest[at..].strip_prefix('%').and_then(|digits| digits.get(..2))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_port = (stem.starts_with("com") || stem.starts_with("lpt")) && stem.chars().count() == 4;
    DEVICES.contains(&stem.as_str()) || is_port
}

fn escape(c: char, out: &mut String) {
    let mut bytes = [0; 4];
    for byte in c.encode_utf8(&mut bytes).bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
}

fn marked(stem: &str, name: &str) -> String {
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{stem}~{}", &hash[..12])
}

/// Stems of one folder: two that differ in case alone would be one file on some systems.
#[derive(Default)]
pub(super) struct Stems(HashSet<String>);

impl Stems {
    /// The stem of `name`, which no other name of the folder has.
    pub(super) fn take(&mut self, name: &str) -> String {
        let plain = stem(name);
        if self.0.insert(plain.to_lowercase()) {
            return plain;
        }
        let marked = marked(&plain, name);
        self.0.insert(marked.to_lowercase());
        marked
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_safe_and_come_back() {
        for (given, file) in [
            ("hello", "hello"),
            ("reports/2026: a?", "reports%2F2026%3A a%3F"),
            ("..", "%2E."),
            ("../../x", "%2E.%2F..%2Fx"),
            ("con", "%63on"),
            ("NUL.txt", "%4EUL.txt"),
            ("COM1", "%43OM1"),
            ("conman", "conman"),
            ("grüße", "grüße"),
            ("e\u{301}", "e%CC%81"),
            ("50%~", "50%25%7E"),
            ("-rf", "%2Drf"),
        ] {
            assert_eq!(stem(given), file);
            assert_eq!(name(file).as_deref(), Some(given));
        }
    }

    #[test]
    fn long_names_are_cut_and_stay_apart() {
        let (a, b) = ("ä".repeat(127) + "a", "ä".repeat(127) + "b");
        assert!(stem(&a).len() < 200 && stem(&a) != stem(&b));
        assert_eq!(name(&stem(&a)), None, "only the document says it");
        let escapes = stem(&"/".repeat(128));
        assert!(escapes.len() < 200 && escapes.split('~').next().unwrap().len().is_multiple_of(3), "{escapes}");
    }

    #[test]
    fn names_that_differ_in_case_alone_are_two_files() {
        let mut stems = Stems::default();
        let (one, two) = (stems.take("Report"), stems.take("report"));
        assert_eq!(one, "Report");
        assert!(two.starts_with("report~"), "{two}");
    }

    proptest! {
        #[test]
        fn a_stem_is_one_part_of_a_path_and_says_its_name(given in "\\PC{1,128}") {
            let stem = stem(&given);
            prop_assert!(!stem.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']) && stem.len() < 200 && !stem.starts_with('.'));
            prop_assert!(stem.contains('~') || name(&stem).as_deref() == Some(given.as_str()));
        }
    }
}
