//! What a script says about its packages: the inline metadata of PEP 723.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use toml::{Table, Value};

use crate::error::{Error, Result};

const OPENING: &str = "# /// script";
const CLOSING: &str = "# ///";

/// The block of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// PEP 508 requirements; none means that it wants the standard library alone.
    pub dependencies: Vec<String>,
}

/// The metadata of a script; `None` if it has no block. An error tells the line.
pub fn metadata(script: &str) -> Result<Option<Metadata>> {
    if !script.contains(OPENING) {
        return Ok(None);
    }
    let lines: Vec<&str> = script.lines().map(str::trim_end).collect();
    let mut found = None;
    let mut at = 0;
    while at < lines.len() {
        if lines[at] != OPENING {
            at += 1;
            continue;
        }
        let comments = lines[at + 1..].iter().take_while(|line| **line == "#" || line.starts_with("# ")).count();
        let block = &lines[at + 1..at + 1 + comments];
        let Some(end) = block.iter().rposition(|line| *line == CLOSING) else {
            return Err(wrong(at + 1, "The block '# /// script' is not closed by a line '# ///'; each line of it begins with '#'."));
        };
        if found.is_some() {
            return Err(wrong(at + 1, "There is a second block '# /// script'; a script has one."));
        }
        found = Some(read(&block[..end], at + 1)?);
        at += end + 2;
    }
    Ok(found)
}

fn read(block: &[&str], line: usize) -> Result<Metadata> {
    let text: String = block.iter().map(|line| line.strip_prefix("# ").unwrap_or("")).collect::<Vec<_>>().join("\n");
    let table: Table = text.parse().map_err(|e: toml::de::Error| {
        let within = e.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        wrong(line + within, &format!("The block '# /// script' is not TOML: {}.", e.message().trim_end_matches('.')))
    })?;
    if let Some(wanted) = table.get("requires-python") {
        let wanted = wanted.as_str().ok_or_else(|| wrong(line, "'requires-python' must be a text such as '>=3.11'."))?;
        python(wanted).map_err(|text| wrong(line, &text))?;
    }
    let list = || wrong(line, "'dependencies' must be a list of texts such as 'requests>=2.31'.");
    let dependencies = match table.get("dependencies") {
        None => Vec::new(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(|text| text.trim().to_owned()).ok_or_else(list)).collect::<Result<_>>()?
        }
        Some(_) => return Err(list()),
    };
    Ok(Metadata { dependencies })
}

fn python(wanted: &str) -> Result<(), String> {
    let specifiers = VersionSpecifiers::from_str(wanted).map_err(|e| format!("'requires-python' is no range of versions: {e}"))?;
    let have = env!("FLOWSTEAD_PYTHON_VERSION");
    let version = Version::from_str(have).map_err(|e| e.to_string())?;
    if specifiers.contains(&version) {
        return Ok(());
    }
    Err(format!("The script wants Python {wanted}, and flows run on Python {have} here."))
}

fn wrong(line: usize, text: &str) -> Error {
    Error::invalid(format!("Line {line}: {text}")).field("/script")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str) -> Option<Vec<String>> {
        metadata(script).unwrap().map(|metadata| metadata.dependencies)
    }

    #[test]
    fn the_block_of_the_specification_is_read() {
        let script = "#!/usr/bin/env python\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\n#   \"requests<3\",\n#   \
                      \"rich\",\n# ]\n# ///\n\nimport requests\n";
        assert_eq!(of(script), Some(vec!["requests<3".to_owned(), "rich".to_owned()]));
        assert_eq!(of(&script.replace('\n', "\r\n")), of(script));
    }

    #[test]
    fn a_script_without_a_block_says_nothing_and_an_empty_block_says_none() {
        assert_eq!(of("import os\n"), None);
        assert_eq!(of("text = '''\n  # /// script\n'''\n"), None);
        assert_eq!(of("# /// script\n# ///\n"), Some(Vec::new()));
        assert_eq!(of("# /// script\n# [tool.other]\n# x = 1\n# ///\n"), Some(Vec::new()));
    }

    #[test]
    fn what_is_wrong_with_a_block_is_told_with_its_line() {
        for (script, says) in [
            ("x = 1\n# /// script\n# dependencies = []\nx = 2\n", "Line 2: The block '# /// script' is not closed"),
            ("# /// script\n# dependencies = [\n# ///\n", "is not TOML"),
            ("# /// script\n# dependencies = 'requests'\n# ///\n", "must be a list"),
            ("# /// script\n# dependencies = [1]\n# ///\n", "must be a list"),
            ("# /// script\n# ///\n\n# /// script\n# ///\n", "Line 4: There is a second block"),
            ("# /// script\n# requires-python = '>=9'\n# ///\n", "wants Python >=9"),
            ("# /// script\n# requires-python = 'new'\n# ///\n", "no range of versions"),
        ] {
            let error = metadata(script).unwrap_err();
            assert!(error.message().contains(says), "{script}: {error}");
            assert_eq!(error.field_pointer(), Some("/script"));
        }
    }
}
