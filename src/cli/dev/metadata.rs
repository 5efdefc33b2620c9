//! Inline metadata of a script (PEP 723): the comment block `# /// script`, of which `[tool.flowstead]` is ours.

use serde_json::Value;
use toml::Table;

use crate::error::did_you_mean;

/// What the block may say for a flow.
const KEYS: [&str; 5] = ["name", "description", "input_schema", "output_schema", "timeout_sec"];

/// What a script's block says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) input_schema: Option<Value>,
    pub(super) output_schema: Option<Value>,
    /// How long a call as a tool waits, seconds.
    pub(super) timeout_sec: Option<i64>,
}

/// What is wrong with a block, and where.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    /// From 1.
    pub(super) line: usize,
    pub(super) message: String,
}

impl Metadata {
    /// Reads the block of a script; a script without one says nothing.
    pub(super) fn read(script: &str) -> Result<Metadata, Fault> {
        let Some((first, text)) = block(script)? else { return Ok(Metadata::default()) };
        let at = |line: usize, message: String| Fault { line: first + line, message };
        let table: Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count());
            at(line + 1, format!("The block '# /// script' is not valid TOML: {}.", error.message()))
        })?;
        let own = table.get("tool").and_then(|tool| tool.get("flowstead"));
        let own = own.and_then(toml::Value::as_table).cloned().unwrap_or_default();
        // The line of a key, for what is wrong with its value.
        let line_of =
            |key: &str| text.lines().position(|line| line.trim_start_matches(['[', '"']).contains(key)).map_or(0, |line| line + 1);
        let refuse = |key: &str, message: String| at(line_of(key), message);
        if let Some(key) = own.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let near = did_you_mean(key, KEYS);
            return Err(refuse(key, format!("[tool.flowstead] has no key '{key}'; it takes {}.{near}", KEYS.join(", "))));
        }
        let text_of = |key: &str| match own.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(refuse(key, format!("'{key}' of [tool.flowstead] must be text."))),
        };
        let schema_of =
            |key: &str| own.get(key).map(|value| schema(value).map_err(|why| refuse(key, format!("'{key}' of [tool.flowstead] {why}"))));
        let timeout = match own.get("timeout_sec") {
            None => None,
            Some(toml::Value::Integer(seconds)) if *seconds > 0 => Some(*seconds),
            Some(_) => {
                return Err(refuse("timeout_sec", "'timeout_sec' of [tool.flowstead] must be a whole number of seconds above 0.".into()));
            }
        };
        Ok(Metadata {
            name: text_of("name")?.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()),
            description: text_of("description")?,
            input_schema: schema_of("input_schema").transpose()?,
            output_schema: schema_of("output_schema").transpose()?,
            timeout_sec: timeout,
        })
    }
}

/// A schema, as a table or as JSON in a string.
fn schema(value: &toml::Value) -> Result<Value, String> {
    match value {
        toml::Value::String(text) => serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}.")),
        toml::Value::Table(_) => serde_json::to_value(value).map_err(|error| format!("is no JSON: {error}.")),
        _ => Err("must be a table, or JSON in a string.".to_owned()),
    }
}

/// The number of the block's first line and the TOML in it. As PEP 723 has it, the block ends with the last `# ///`
/// before something else than a comment.
fn block(script: &str) -> Result<Option<(usize, String)>, Fault> {
    let lines: Vec<&str> = script.lines().map(str::trim_end).collect();
    let mut begins = lines.iter().enumerate().filter(|(_, line)| **line == "# /// script").map(|(at, _)| at);
    let Some(begin) = begins.next() else { return Ok(None) };
    let inside: Vec<&str> = lines[begin + 1..].iter().copied().take_while(|line| *line == "#" || line.starts_with("# ")).collect();
    let Some(end) = inside.iter().rposition(|line| *line == "# ///") else {
        return Err(Fault { line: begin + 1, message: "The block '# /// script' has no end: close it with a line '# ///'.".to_owned() });
    };
    if let Some(second) = begins.find(|at| *at > begin + end) {
        return Err(Fault { line: second + 1, message: "There is a second block '# /// script'; one is allowed.".to_owned() });
    }
    let text: Vec<&str> = inside[..end].iter().map(|line| line.strip_prefix("# ").unwrap_or("")).collect();
    Ok(Some((begin + 1, text.join("\n"))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_block_is_read() {
        let script = "\"\"\"Doc.\"\"\"\n# /// script\n# requires-python = \">=3.11\"\n# dependencies = [\"requests<3\"]\n#\n# [tool.flowstead]\n\
                      # name = \"greeter\"\n# timeout_sec = 30\n# output_schema = '{\"type\": \"object\"}'\n# [tool.flowstead.input_schema]\n\
                      # type = \"object\"\n# properties.name = { type = \"string\" }\n# ///\nimport x\n";
        let metadata = Metadata::read(script).unwrap();
        assert_eq!((metadata.name.as_deref(), metadata.timeout_sec), (Some("greeter"), Some(30)));
        assert_eq!(metadata.input_schema, Some(json!({"type": "object", "properties": {"name": {"type": "string"}}})));
        assert_eq!(metadata.output_schema, Some(json!({"type": "object"})));
        assert_eq!(Metadata::read("import x\n# nothing here\n").unwrap(), Metadata::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (script, line, says) in [
            ("# /// script\n# x = 1\nimport y\n", 1, "no end"),
            ("# /// script\n# x = 1\n# y = = 2\n# ///\n", 3, "not valid TOML"),
            ("# /// script\n# [tool.flowstead]\n# nam = \"x\"\n# ///\n", 3, "Did you mean 'name'?"),
            ("# /// script\n# [tool.flowstead]\n# input_schema = \"{\"\n# ///\n", 3, "not JSON"),
            ("# /// script\n# [tool.flowstead]\n# name = 3\n# ///\n", 3, "must be text"),
            ("# /// script\n# [tool.flowstead]\n# timeout_sec = \"3\"\n# ///\n", 3, "seconds"),
            ("# /// script\n# x = 1\n# ///\n\n# /// script\n# ///\n", 5, "second"),
        ] {
            let fault = Metadata::read(script).unwrap_err();
            assert!(fault.line == line && fault.message.contains(says), "{script}: {fault:?}");
        }
    }
}
