//! `flowstead dev`: files become flows and tools, and what happens to a file happens to its flow.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::cli_bridge::Bridge;
use crate::client::User;
use crate::server::BUNDLES;

const DEADLINE: Duration = Duration::from_secs(120);

const HELLO: &str = "\"\"\"Greets someone.\"\"\"\nfrom typing import TypedDict\n\nclass Who(TypedDict):\n    name: str\n    \"\"\"Who is greeted\"\"\"\n\n\
                     def handler(system, this, inputs: Who) -> dict[str, str]:\n    return {'greeting': 'Hello, ' + inputs['name']}\n";

/// A running `flowstead dev` and what it printed first.
struct Dev {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
    key: String,
}

impl Dev {
    async fn start(folder: &Path) -> Dev {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flowstead"))
            .arg("dev")
            .arg(folder)
            .args(["--listen", "127.0.0.1:0"])
            .env(BUNDLES, "false")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary can be started");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut dev = Dev { child, lines, url: String::new(), key: String::new() };
        let endpoint = dev.until("MCP endpoint: ").await.pop().unwrap();
        dev.url = endpoint["MCP endpoint: ".len()..].trim_end_matches("/api/latest/mcp").to_owned();
        let key = dev.until("API key: ").await.pop().unwrap();
        dev.key.push_str(&key["API key: ".len()..]);
        dev
    }

    /// The lines up to the first that begins so.
    async fn until(&mut self, start: &str) -> Vec<String> {
        let mut seen = Vec::new();
        let reading = async {
            while let Some(line) = self.lines.next_line().await.expect("text") {
                seen.push(line);
                if seen.last().is_some_and(|line| line.trim_start().starts_with(start)) {
                    return true;
                }
            }
            false
        };
        let found = tokio::time::timeout(DEADLINE, reading).await;
        assert!(matches!(found, Ok(true)), "no line begins with '{start}': {seen:#?}");
        seen
    }

    fn client(&self) -> User {
        User::with_key(&self.url, &self.key)
    }

    async fn stop(mut self) {
        kill(Pid::from_raw(self.child.id().expect("it runs").cast_signed()), Signal::SIGTERM).expect("it can be told to stop");
        let status = tokio::time::timeout(DEADLINE, self.child.wait()).await.expect("it stops in time").unwrap();
        assert!(status.success(), "{status}");
    }
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[tokio::test]
async fn a_file_is_a_flow_and_a_tool_from_the_moment_it_is_saved() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "hello.py", HELLO);
    write(folder.path(), "lib.py", "x = 1\n");
    let mut dev = Dev::start(folder.path()).await;
    dev.until("flow hello: loaded, tool hello").await;
    dev.until("lib.py: skipped").await;
    assert_eq!(std::fs::read_to_string(folder.path().join(".flowstead/.gitignore")).unwrap(), "*\n");
    assert!(folder.path().join(".cloudomation/flow_api/system.pyi").exists());

    let mut agent = Bridge::start(&dev.url, &dev.key);
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let begun = agent.ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})).await;
    assert_eq!(begun["result"]["serverInfo"]["name"], "flowstead", "{begun}");
    agent.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let tools = agent.ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).await;
    let tools = tools["result"]["tools"].as_array().expect("a list of tools").clone();
    let tool = tools.iter().find(|tool| tool["name"] == "hello").expect("the flow is a tool");
    assert_eq!((&tool["description"], &tool["inputSchema"]["required"]), (&json!("Greets someone."), &json!(["name"])), "{tool}");
    let call = json!({"name": "hello", "arguments": {"name": "Ada"}});
    let called = agent.ask(json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": call})).await;
    assert_eq!(called["result"]["structuredContent"]["greeting"], "Hello, Ada", "{called}");
    agent.finish().await;

    write(
        folder.path(),
        "more/count.py",
        "# /// script\n# dependencies = []\n# [tool.flowstead]\n# name = \"counter\"\n# ///\ndef handler(system, this): pass\n",
    );
    dev.until("flow counter: loaded").await;
    dev.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_with_its_line_and_gone_files_take_their_flows_along() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "hello.py", HELLO);
    write(folder.path(), "other.py", "def handler(system, this, inputs): pass\n");
    let mut dev = Dev::start(folder.path()).await;
    dev.until("flow other: loaded").await;

    write(folder.path(), "hello.py", "def handler(system, this, inputs):\n    x = (1,\n");
    dev.until("flow hello: does not work yet").await;
    dev.until("hello.py:2:9: error: '(' was never closed.").await;
    assert_eq!(dev.until("x = (1,").await.len(), 1);
    assert_eq!(dev.until("^").await[0].find('^'), Some(4 + 8));
    write(folder.path(), "hello.py", "import nothing_of_this_name\ndef handler(system, this, inputs: int): pass\n");
    dev.until("hello.py:1: error: Importing the script failed: ModuleNotFoundError").await;
    write(folder.path(), "hello.py", HELLO);
    dev.until("flow hello: loaded").await;

    std::fs::remove_file(folder.path().join("hello.py")).unwrap();
    dev.until("flow hello: removed").await;
    let names = async |dev: &Dev| -> Vec<Value> {
        let flows = dev.client().get("/flow?plain=true&order=name&fields=name").await.expect(200);
        let tools = dev.client().get("/mcp_user_tool?plain=true&order=name&fields=name").await.expect(200);
        [flows, tools].iter().flat_map(|list| list.as_array().unwrap().iter().map(|record| record["name"].clone())).collect()
    };
    assert_eq!(names(&dev).await, ["other", "other"]);
    let key = dev.key.clone();
    dev.stop().await;

    // A file that went away meanwhile, and one that came back.
    std::fs::remove_file(folder.path().join("other.py")).unwrap();
    write(folder.path(), "hello.py", HELLO);
    let mut dev = Dev::start(folder.path()).await;
    assert_eq!(dev.key, key, "agents keep their key");
    dev.until("flow hello: loaded, tool hello").await;
    write(folder.path(), "last.py", "def handler(system, this): pass\n");
    dev.until("flow last: loaded").await;
    assert_eq!(names(&dev).await, ["hello", "last", "hello", "last"]);
    dev.stop().await;
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused() {
    let folder = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_flowstead")).arg("dev").arg(folder.path().join("no")).output().await.unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("There is no folder"));
}
