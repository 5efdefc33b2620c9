//! The session of an agent that the README shows: played against a real server, rendered, and compared with the page.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::server::Server;

const BEGIN: &str = "<!-- agent session: UPDATE_README=1 cargo test --test it agent_session -->\n";
const END: &str = "<!-- end of the agent session -->\n";
/// Columns of what is shown.
const WIDTH: usize = 120;
const REVISION: &str = "2026-07-28";

const FIRST: &str = r#"PRICES = {"apple": 0.4, "pear": 0.6}

def handler(system, this, inputs):
    total = 0
    for item in inputs["items"]:
        this.log("pricing", item=item)
        total += PRICES[item]
    return {"total": total}
"#;

const SECOND: &str = r#"PRICES = {"apple": 0.4, "pear": 0.6}

def handler(system, this, inputs):
    known = [item for item in inputs["items"] if item in PRICES]
    return {
        "total": sum(PRICES[item] for item in known),
        "unpriced": [item for item in inputs["items"] if item not in PRICES],
    }
"#;

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods, reason = "asks the person who runs the test, not the surroundings of the server")]
async fn the_agent_session_in_the_readme_is_what_an_agent_gets() {
    let server = Server::start().await;
    let played = play(&server).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("README.md has the place where the session begins");
    let (shown, after) = rest.split_once(END).expect("README.md has the place where the session ends");
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{played}{END}{after}")).unwrap();
    } else {
        assert!(
            shown == played,
            "the agent session in README.md is out of date: run `UPDATE_README=1 cargo test --test it agent_session`."
        );
    }
}

async fn play(server: &Server) -> String {
    let hello = "def handler(system, this, inputs):\n    return {\"greeting\": \"Hello\"}\n";
    server.flow("hello", hello, &json!({ "description": "Greets." })).await;
    let mut session = Session::new(server);
    session.say("What flows are there?");
    session.call("list_records", json!({ "record_type": "FLOW", "fields": ["name", "description"] })).await;

    session.say("None that prices an order, so it writes one:");
    session.script(FIRST);
    let items = json!({ "type": "array", "items": { "type": "string" } });
    let given = json!({ "type": "array", "items": { "type": "string" }, "description": "Names of fruit, one for each piece." });
    let flow = json!({
        "script": FIRST,
        "description": "Prices an order.",
        "input_schema": { "type": "object", "properties": { "items": given }, "required": ["items"], "additionalProperties": false },
        "output_schema": {
            "type": "object",
            "properties": { "total": { "type": "number" }, "unpriced": items },
            "required": ["total"]
        }
    });
    let made = session.call("create_record", json!({ "record_type": "FLOW", "name": "price-order", "payload": flow })).await;
    let flow_id = made["record"]["id"].as_str().unwrap_or_else(|| panic!("no flow was made: {made}")).to_owned();

    session.say("It has it looked over before the first run:");
    session.call("validate_flow", json!({ "flow_name": "price-order" })).await;

    session.say("It runs it, and the run fails:");
    let order = json!({ "items": ["apple", "plum"] });
    let failed = session.call("run_flow", json!({ "flow_name": "price-order", "input_value": order })).await;
    let execution = failed["execution_id"].as_str().unwrap_or_else(|| panic!("the failure names no execution: {failed}")).to_owned();

    session.say("The sentence says where; the log says with what:");
    session.call("get_execution_logs", json!({ "execution_id": execution, "format": "text" })).await;

    session.say("One call tells what it needs to go on, whatever the trouble is:");
    session.call("explain_execution", json!({ "execution_id": execution })).await;

    session.say("Orders may name what has no price. It corrects the flow and runs it again:");
    session.script(SECOND);
    session.call("update_record", json!({ "record_type": "FLOW", "name": "price-order", "payload": { "script": SECOND } })).await;
    session.call("run_flow", json!({ "flow_name": "price-order", "input_value": order })).await;

    session.say("Now others shall use it. A user tool makes it one of the server's tools, with the flow's schemas:");
    let tool = json!({ "flow_id": flow_id, "description": "Prices an order and says what has no price.", "is_enabled": true });
    session.call("create_record", json!({ "record_type": "MCP_USER_TOOL", "name": "price_order", "payload": tool })).await;
    session.listed("price_order").await;
    let answer = session.call("price_order", json!({ "items": ["pear", "pear", "plum"] })).await;
    assert_eq!(answer, json!({ "total": 1.2, "unpriced": ["plum"] }));
    session.page
}

/// A client, and the page it leaves behind.
struct Session<'a> {
    server: &'a Server,
    page: String,
    /// Ids in the order of their first appearance.
    ids: Vec<String>,
}

impl Session<'_> {
    fn new(server: &Server) -> Session<'_> {
        Session { server, page: String::new(), ids: Vec::new() }
    }

    fn say(&mut self, text: &str) {
        let _ = write!(self.page, "\n{text}\n\n");
    }

    /// Two blocks in a row have a line between them.
    fn part(&mut self) {
        if self.page.ends_with("```\n") {
            self.page.push('\n');
        }
    }

    fn script(&mut self, text: &str) {
        let _ = write!(self.page, "```python\n{text}```\n");
    }

    /// A result of `tools/call` or another method, in the era without sessions.
    async fn ask(&self, method: &str, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": REVISION,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let mut request = self.server.request("POST", "/mcp").header("accept", "application/json, text/event-stream");
        request = request.header("mcp-protocol-version", REVISION).header("mcp-method", method);
        if let Some(name) = params["name"].as_str() {
            request = request.header("mcp-name", name);
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer: Value = request.json(&body).send().await.unwrap().json().await.unwrap();
        assert!(answer["result"].is_object(), "{method} was answered with {answer}");
        answer["result"].clone()
    }

    /// Calls a tool and shows both sides; gives what the answer's data is, of an error its line of JSON.
    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        let text = result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{tool} answered no text: {result}"));
        let (sentence, line) = if result["isError"] == true { text.split_once('\n').unwrap_or((text, "null")) } else { ("", text) };
        let data: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{tool} answered no JSON: {text}"));
        let sentence = if sentence.is_empty() { String::new() } else { format!("{}\n", self.stable_text(sentence)) };
        let (arguments, shown) = (self.stable(arguments), self.stable(data.clone()));
        self.part();
        let _ = write!(self.page, "```text\n> {tool} {}\n{sentence}{}\n```\n", lines_of(&arguments, 0), lines_of(&shown, 0));
        data
    }

    /// Shows how a tool is listed.
    async fn listed(&mut self, name: &str) {
        let result = self.ask("tools/list", json!({})).await;
        let tools = result["tools"].as_array().unwrap();
        let tool = tools.iter().find(|t| t["name"] == name).unwrap_or_else(|| panic!("{name} is not listed: {result}"));
        let tool = self.stable(tool.clone());
        self.part();
        let _ = write!(self.page, "```text\n> tools/list\n{}\n```\n", lines_of(&tool, 0));
    }

    /// The same value at every run: ids counted, times and durations fixed, scripts only named.
    fn stable(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) if text.contains("def handler") => "(the script above)".into(),
            Value::String(text) => self.stable_text(&text).into(),
            Value::Array(all) => all.into_iter().map(|v| self.stable(v)).collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| {
                    let value = if key == "duration_ms" && value.is_number() { 12.into() } else { self.stable(value) };
                    (key, value)
                })
                .collect(),
            other => other,
        }
    }

    fn stable_text(&mut self, text: &str) -> String {
        // Newer Pythons underline more of a line.
        let kept: Vec<&str> = text.split('\n').filter(|l| l.trim().is_empty() || !l.trim().chars().all(|c| "~^ ".contains(c))).collect();
        let text = kept.join("\n");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(next) = rest.chars().next() {
            let taken = if rest.get(..36).is_some_and(|t| uuid::Uuid::parse_str(t).is_ok()) {
                out.push_str(&self.number(&rest[..36]));
                36
            } else if rest.get(..20).is_some_and(is_time) {
                out.push_str("2026-11-21T09:15:00");
                19
            } else {
                out.push(next);
                next.len_utf8()
            };
            rest = &rest[taken..];
            // The fraction of a second and the zone, after a time.
            if taken == 19 {
                rest = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            }
        }
        out
    }

    fn number(&mut self, id: &str) -> String {
        let at = self.ids.iter().position(|known| known == id).unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        });
        format!("01a1fd00-0000-7000-8000-{:012}", at + 1)
    }
}

/// Whether a text begins as `2026-11-21T09:15:00` does, with one more character.
fn is_time(text: &str) -> bool {
    text.bytes().zip("dddd-dd-ddTdd:dd:dd".bytes()).all(|(c, p)| if p == b'd' { c.is_ascii_digit() } else { c == p })
}

/// JSON on as few lines as the page is wide.
fn lines_of(value: &Value, indent: usize) -> String {
    let line = value.to_string();
    if line.len() + indent <= WIDTH {
        return line;
    }
    let inner = " ".repeat(indent + 2);
    let (open, parts, close) = match value {
        Value::Object(map) => (
            '{',
            map.iter().map(|(k, v)| format!("{inner}{}: {}", Value::from(k.as_str()), lines_of(v, indent + 2))).collect::<Vec<_>>(),
            '}',
        ),
        Value::Array(all) => ('[', all.iter().map(|v| format!("{inner}{}", lines_of(v, indent + 2))).collect(), ']'),
        _ => return line,
    };
    format!("{open}\n{}\n{}{close}", parts.join(",\n"), " ".repeat(indent))
}
