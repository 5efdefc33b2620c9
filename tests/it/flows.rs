//! Runs every script of `tests/flows` on a real server and compares how it ended with what its first line says.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::server::{BUNDLES, Server};

/// Executions on their way at a time.
const AT_ONCE: usize = 8;
const MARK: &str = "# expect: ";

/// The first line of a script, after `# expect: `. Keys that are absent are not compared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: String,
    /// The whole `output_value`; `null` compares too.
    #[serde(default, deserialize_with = "given")]
    output: Option<Value>,
    /// Pieces of `status_message`.
    #[serde(default)]
    message_contains: Texts,
    /// What `status_message` must not hold.
    #[serde(default)]
    message_lacks: Texts,
    /// Pieces of log messages, in this order; one entry may hold several.
    #[serde(default)]
    logs_contain: Vec<String>,
    /// Columns of the execution with their whole values.
    #[serde(default)]
    columns: Map<String, Value>,
    #[serde(default)]
    input: Option<Value>,
    #[serde(default)]
    input_schema: Option<Value>,
    #[serde(default)]
    output_schema: Option<Value>,
}

/// One text, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Default for Texts {
    fn default() -> Self {
        Texts::Many(Vec::new())
    }
}

impl Texts {
    fn all(&self) -> &[String] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }
}

fn given<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

struct Script {
    name: String,
    source: String,
    /// `None` for a flow that others start.
    expect: Option<Expect>,
}

#[tokio::test]
async fn every_flow_script_ends_as_its_first_line_says() {
    all_end_as_they_say(wrapping(&[]).await).await;
}

#[tokio::test]
async fn every_flow_script_ends_the_same_when_each_wait_costs_it_its_process() {
    all_end_as_they_say(wrapping(&["[engine]", "max_parked = 0"]).await).await;
}

/// A server with the wrappers that come with it.
async fn wrapping(config: &[&str]) -> Server {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    Server::start_as(folder, config, vec![(BUNDLES.to_owned(), "true".to_owned())]).await
}

async fn all_end_as_they_say(server: Server) {
    let server = Arc::new(server);
    let scripts = scripts();
    assert!(scripts.iter().filter(|s| s.expect.is_some()).count() >= 40, "scripts are missing from tests/flows");
    for script in &scripts {
        let mut columns = Map::new();
        if let Some(expect) = &script.expect {
            for (column, schema) in [("input_schema", &expect.input_schema), ("output_schema", &expect.output_schema)] {
                if let Some(schema) = schema {
                    columns.insert(column.to_owned(), schema.clone());
                }
            }
        }
        server.flow(&script.name, &script.source, &Value::Object(columns)).await;
    }
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut runs = JoinSet::new();
    for script in scripts {
        let Some(expect) = script.expect else { continue };
        let (server, room) = (server.clone(), room.clone());
        runs.spawn(async move {
            let _turn = room.acquire_owned().await.expect("the semaphore is never closed");
            (script.name.clone(), differences(&server, &script.name, &expect).await)
        });
    }
    let mut wrong = Vec::new();
    while let Some(run) = runs.join_next().await {
        let (name, found) = run.expect("a run does not panic");
        wrong.extend(found.into_iter().map(|difference| format!("tests/flows/{name}.py: {difference}")));
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Reads the folder; a file that is no helper must say what it expects.
fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("tests/flows can be listed") {
        let path = entry.expect("tests/flows can be listed").path();
        if path.extension().is_none_or(|e| e != "py") {
            continue;
        }
        let name = path.file_stem().and_then(|s| s.to_str()).expect("file names are text").to_owned();
        let source = std::fs::read_to_string(&path).expect("a script can be read");
        let first = source.lines().next().unwrap_or_default();
        let expect = first
            .strip_prefix(MARK)
            .map(|json| serde_json::from_str(json).unwrap_or_else(|e| panic!("{name}: the first line cannot be read: {e}")));
        assert!(expect.is_some() || name.starts_with("child_"), "{name}: the first line must begin with '{MARK}'");
        found.push(Script { name, source, expect });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

async fn differences(server: &Server, name: &str, expect: &Expect) -> Vec<String> {
    let record = server.run(name, expect.input.as_ref().unwrap_or(&Value::Null)).await;
    let message = record["status_message"].as_str().unwrap_or_default();
    let mut found = Vec::new();
    if record["status"] != expect.status.as_str() {
        found.push(format!("status is {} instead of {}; message: {message}", record["status"], expect.status).replace('\n', "\n    "));
        return found;
    }
    if let Some(output) = &expect.output
        && record["output_value"] != *output
    {
        found.push(format!("output is {} instead of {output}", record["output_value"]));
    }
    for piece in expect.message_contains.all().iter().filter(|p| !message.contains(p.as_str())) {
        found.push(format!("'{piece}' is not in the message: {message}"));
    }
    for piece in expect.message_lacks.all().iter().filter(|p| message.contains(p.as_str())) {
        found.push(format!("'{piece}' is in the message: {message}"));
    }
    for (column, value) in expect.columns.iter().filter(|(column, value)| record[column.as_str()] != **value) {
        found.push(format!("{column} is {} instead of {value}", record[column.as_str()]));
    }
    if !expect.logs_contain.is_empty() {
        let id = record["id"].as_str().unwrap_or_default();
        found.extend(missing_from_log(&server.logs(id).await, &expect.logs_contain));
    }
    found
}

/// The first piece that is not where it should be; the rest would only repeat it.
fn missing_from_log(entries: &[Value], pieces: &[String]) -> Option<String> {
    let texts: Vec<String> = entries.iter().map(|e| format!("{} {}", e["message"].as_str().unwrap_or_default(), e["data"])).collect();
    let mut at = 0;
    for piece in pieces {
        match texts[at..].iter().position(|text| text.contains(piece.as_str())) {
            Some(offset) => at += offset,
            None => return Some(format!("'{piece}' is not in the log after entry {at}: {texts:?}")),
        }
    }
    None
}
