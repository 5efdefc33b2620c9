//! Python source as text: docstrings, filled lines, the imports that a stub needs.

/// The longest line of a stub.
const WIDTH: usize = 120;

/// Words or items filled into lines that begin with `indent` blanks.
pub(super) fn fill<'a>(words: impl IntoIterator<Item = &'a str>, indent: usize) -> String {
    let mut text = String::new();
    let mut column = 0;
    for word in words {
        let length = word.chars().count();
        if column == 0 || column + 1 + length > WIDTH {
            if column > 0 {
                text.push('\n');
            }
            text.push_str(&" ".repeat(indent));
            column = indent + length;
        } else {
            text.push(' ');
            column += 1 + length;
        }
        text.push_str(word);
    }
    text
}

/// A docstring; the first paragraph is its summary. Paragraphs that begin with `>>>` are kept as they are.
pub(super) fn docstring(paragraphs: &[String], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut parts = Vec::new();
    for (index, paragraph) in paragraphs.iter().filter(|p| !p.is_empty()).enumerate() {
        let safe = paragraph.replace('\\', "\\\\").replace("\"\"\"", "'''");
        if safe.starts_with(">>>") {
            parts.push(safe.lines().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n"));
        } else if index == 0 {
            let opened = format!("\"\"\"{safe}");
            parts.push(fill(opened.split_whitespace(), indent));
        } else {
            parts.push(fill(safe.split_whitespace(), indent));
        }
    }
    let one_line = parts.len() == 1 && !parts[0].contains('\n') && parts[0].chars().count() + 3 <= WIDTH;
    // A quote just before the closing ones would end the docstring too early.
    let close = if one_line && !parts[0].ends_with('"') { "\"\"\"".to_owned() } else { format!("\n{pad}\"\"\"") };
    format!("{}{close}\n", parts.join("\n\n"))
}

/// `from module import a, b` of the names that `body` uses, a line per module.
pub(super) fn imports(body: &str, known: &[(&str, &[&str])]) -> String {
    let mut text = String::new();
    for (module, names) in known {
        let used: Vec<&str> = names.iter().copied().filter(|name| uses(body, name)).collect();
        if !used.is_empty() {
            text.push_str(&format!("from {module} import {}\n", used.join(", ")));
        }
    }
    text
}

/// Whether `name` stands in `body` as a word of its own, outside of strings' inner words as well as it can be told.
pub(super) fn uses(body: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    body.match_indices(name).any(|(at, _)| {
        let before = body[..at].chars().next_back();
        let after = body[at + name.len()..].chars().next();
        !before.is_some_and(|c| is_word(c) || matches!(c, '\'' | '`' | '.' | '<')) && !after.is_some_and(|c| is_word(c) || c == '\'')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_docstring_that_ends_with_a_quote_closes_on_the_next_line() {
        assert_eq!(docstring(&["Say \"yes\"".to_owned()], 4), "    \"\"\"Say \"yes\"\n    \"\"\"\n");
        assert_eq!(docstring(&["Say yes.".to_owned()], 4), "    \"\"\"Say yes.\"\"\"\n");
    }

    #[test]
    fn a_name_is_used_only_as_a_word_of_its_own() {
        assert!(uses("def flow(self) -> Flow: ...", "Flow"));
        assert!(!uses("class Workflow: ...", "Flow"));
        assert!(!uses("Literal['Flow']", "Flow"));
    }
}
