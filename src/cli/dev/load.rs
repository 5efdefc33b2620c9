//! The files of the folder as flows and tools of the server: what was saved is loaded, what is gone goes to the trash.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::protocol::Problem;
use crate::records::{self, RecordType};
use crate::service::{Actor, RecordWrite, Selector, Service};

use super::folder::File;
use super::metadata::Metadata;

/// Longest name of a tool, characters.
const TOOL_NAME: usize = 48;

/// The flows of one folder in one project.
pub(super) struct Loader {
    service: Service,
    actor: Actor,
    project: Uuid,
    /// By path below the folder.
    loaded: BTreeMap<PathBuf, Loaded>,
}

/// A file as it was last looked at.
struct Loaded {
    text: std::result::Result<String, String>,
    /// Name of the flow that was made of it.
    flow: Option<String>,
}

/// What a script is and what is wrong with it.
struct Read {
    metadata: Metadata,
    description: Option<String>,
    input_schema: Value,
    output_schema: Value,
    problems: Vec<Problem>,
}

impl Loader {
    /// Flows go into the project of this name, which is made if there is none.
    pub(super) async fn new(service: Service, actor: Actor, project: &str) -> Result<Loader> {
        let columns = columns([("name", project.into())]);
        let project = service.record_create(&actor, RecordWrite::new(type_of("PROJECT")?, columns)).await?.id;
        Ok(Loader { service, actor, project, loaded: BTreeMap::new() })
    }

    /// Names of the flows that are loaded.
    pub(super) fn flows(&self) -> Vec<&str> {
        self.loaded.values().filter_map(|loaded| loaded.flow.as_deref()).collect()
    }

    /// Brings the server to what is in the folder, and says what that changed.
    pub(super) async fn load(&mut self, files: Vec<File>) -> Result<()> {
        let gone: Vec<PathBuf> = self.loaded.keys().filter(|path| !files.iter().any(|file| file.path == **path)).cloned().collect();
        for path in gone {
            if let Some(flow) = self.loaded.remove(&path).and_then(|loaded| loaded.flow) {
                self.discard(&flow).await;
                println!("flow {flow}: removed, since {} is gone", path.display());
            }
        }
        for File { path, text } in files {
            if self.loaded.get(&path).is_some_and(|known| known.text == text) {
                continue;
            }
            let before = self.loaded.remove(&path).and_then(|known| known.flow);
            let flow = match &text {
                Ok(script) => self.load_file(&path, script).await,
                Err(error) => {
                    println!("{}: skipped, it cannot be read: {error}", path.display());
                    None
                }
            };
            if let Some(before) = before.filter(|before| flow.as_ref() != Some(before)) {
                self.discard(&before).await;
                println!("flow {before}: removed, since {} is no longer it", path.display());
            }
            self.loaded.insert(path, Loaded { text, flow });
        }
        self.service.store().barrier().await
    }

    /// Makes a flow of a file; what is wrong with it is said, with its place. The name of the flow, if there is one.
    async fn load_file(&self, path: &Path, script: &str) -> Option<String> {
        let shown = path.display();
        if !has_handler(script) {
            println!("{shown}: skipped, it has no `def handler(system, this, inputs)`");
            return None;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("flow").to_owned();
        let read = self.read(script, &stem).await;
        let name = read.metadata.name.clone().unwrap_or(stem);
        if let Some((other, _)) = self.loaded.iter().find(|(_, loaded)| loaded.flow.as_deref() == Some(&name)) {
            println!("{shown}: skipped, {} is the flow {name} already; give it another `name` in [tool.flowstead]", other.display());
            return None;
        }
        let saved = self.save(&name, script, &read).await;
        let is_broken = read.problems.iter().any(|problem| problem.severity == "error");
        match &saved {
            Ok(tool) if !is_broken => println!("flow {name}: loaded{tool}"),
            Ok(_) => println!("flow {name}: does not work yet"),
            Err(error) => println!("flow {name}: not loaded: {}", error.message()),
        }
        for problem in &read.problems {
            print!("{}", place(path, script, problem));
        }
        // One that could not be saved stays as it was, and stays this file's.
        Some(name)
    }

    async fn read(&self, script: &str, name: &str) -> Read {
        let mut problems = Vec::new();
        let metadata = Metadata::read(script).unwrap_or_else(|fault| {
            problems.push(problem("error", fault.line, fault.message));
            Metadata::default()
        });
        let mut description = None;
        let (mut input_schema, mut output_schema) = (metadata.input_schema.clone(), metadata.output_schema.clone());
        match self.service.script_describe(&self.actor, (script, name), Some(self.project)).await {
            Ok(checked) => {
                problems.extend(checked.problems);
                let found = checked.description.unwrap_or_default();
                let parse = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
                input_schema = input_schema.or_else(|| parse(found.input_schema));
                output_schema = output_schema.or_else(|| parse(found.output_schema));
                description = found.text;
            }
            Err(error) => problems.push(problem("error", 0, error.message().to_owned())),
        }
        let description = metadata.description.clone().or(description);
        Read { metadata, description, input_schema: json!(input_schema), output_schema: json!(output_schema), problems }
    }

    /// Saves flow and tool; the answer is what to say about the tool.
    async fn save(&self, name: &str, script: &str, read: &Read) -> Result<String> {
        let columns = columns([
            ("name", name.into()),
            ("project_id", self.project.to_string().into()),
            ("script", script.into()),
            ("description", json!(read.description)),
            ("input_schema", read.input_schema.clone()),
            ("output_schema", read.output_schema.clone()),
        ]);
        let flow = self.service.record_create(&self.actor, RecordWrite::new(type_of("FLOW")?, columns)).await?.id;
        let Some(tools) = records::find("MCP_USER_TOOL") else { return Ok(String::new()) };
        let tool = tool_name(name);
        let description = read.description.clone().unwrap_or_else(|| format!("Runs the flow {name}."));
        let mut columns = columns_of_tool(&tool, flow, self.project, &description);
        if let Some(seconds) = read.metadata.timeout_sec {
            columns.insert("timeout_sec".to_owned(), seconds.into());
        }
        let saved = match self.service.record_create(&self.actor, RecordWrite::new(tools, columns)).await {
            Ok(saved) => saved,
            Err(error) => return Ok(format!(", but not as a tool: {}", error.message())),
        };
        let shown = self.service.record_show(&self.actor, tools, saved.row).await?;
        Ok(match shown.get("problem").and_then(Value::as_str) {
            Some(problem) => format!(", but not as a tool: {problem}"),
            None => format!(", tool {tool}"),
        })
    }

    /// Puts a flow and its tool into the trash.
    pub(super) async fn discard(&self, name: &str) {
        let tool = tool_name(name);
        for (of, name) in [(records::find("MCP_USER_TOOL"), tool.as_str()), (records::find("FLOW"), name)] {
            let Some(of) = of else { continue };
            // It may be gone already: somebody else can delete records, too.
            if let Err(error) = self.service.record_delete(&self.actor, of, &Selector::Name(name.to_owned()), false).await {
                tracing::debug!(%error, name, "a record of a file that is gone could not be deleted");
            }
        }
    }
}

fn type_of(name: &str) -> Result<&'static RecordType> {
    records::find(name).ok_or_else(|| Error::internal(format!("the registry has no {name}")))
}

fn columns<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn columns_of_tool(name: &str, flow: Uuid, project: Uuid, description: &str) -> Map<String, Value> {
    columns([
        ("name", name.into()),
        ("flow_id", flow.to_string().into()),
        ("project_id", project.to_string().into()),
        ("description", description.into()),
        ("is_enabled", true.into()),
    ])
}

/// Whether a script defines a handler, or seems to; whether it really does is for the check to say.
fn has_handler(script: &str) -> bool {
    script.lines().map(str::trim).any(|line| {
        let defined = ["def handler", "async def handler", "handler =", "handler:"].iter().any(|start| line.starts_with(start));
        defined || (line.starts_with("from ") && line.ends_with(" handler"))
    })
}

/// A name that a tool may have: a letter, then letters, digits, `_` and `-`.
fn tool_name(flow: &str) -> String {
    let plain = flow.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' });
    let name: String = plain.skip_while(|c| !c.is_ascii_alphabetic()).take(TOOL_NAME).collect();
    if name.is_empty() { "flow".to_owned() } else { name }
}

fn problem(severity: &str, line: usize, message: String) -> Problem {
    Problem { severity: severity.to_owned(), line: u32::try_from(line).unwrap_or(0), column: 0, message }
}

/// A problem as compilers show it: file, line, column, message, then the line with a caret below.
fn place(path: &Path, script: &str, problem: &Problem) -> String {
    let Problem { severity, line, column, message } = problem;
    let shown = path.display();
    let place = match (line, column) {
        (0, _) => format!("{shown}"),
        (line, 0) => format!("{shown}:{line}"),
        (line, column) => format!("{shown}:{line}:{column}"),
    };
    let mut text = format!("  {place}: {severity}: {message}\n");
    let source = (*line as usize).checked_sub(1).and_then(|at| script.lines().nth(at));
    if let Some(source) = source {
        let _ = writeln!(text, "    {}", source.trim_end());
        if let Some(before) = (*column as usize).checked_sub(1) {
            // Tabs stay tabs, or the caret would stand elsewhere.
            let blank: String = source.chars().take(before).map(|c| if c == '\t' { c } else { ' ' }).collect();
            let _ = writeln!(text, "    {blank}^");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_named_after_its_flow_as_far_as_tools_may() {
        for (flow, tool) in [("hello", "hello"), ("2nd try", "nd_try"), ("grüße-1", "gr__e-1"), ("__x", "x"), ("123", "flow")] {
            assert_eq!(tool_name(flow), tool, "{flow}");
        }
        assert_eq!(tool_name(&"x".repeat(99)).len(), TOOL_NAME);
    }

    #[test]
    fn a_problem_is_shown_below_its_line() {
        let problem = Problem { severity: "error".into(), line: 2, column: 4, message: "No.".into() };
        assert_eq!(place(Path::new("a.py"), "x\n\tab(c\n", &problem), "  a.py:2:4: error: No.\n    \tab(c\n    \t  ^\n");
        let whole = Problem { line: 0, column: 0, ..problem };
        assert_eq!(place(Path::new("a.py"), "x", &whole), "  a.py: error: No.\n");
    }

    #[test]
    fn scripts_without_a_handler_are_told_from_flows() {
        for script in ["def handler(a, b): pass", "x = 1\nasync def handler(a):\n  pass", "handler = other", "from lib import handler"] {
            assert!(has_handler(script), "{script}");
        }
        assert!(!has_handler("def handle(): pass\n# def handler(\nhandlers = 3"));
    }
}
