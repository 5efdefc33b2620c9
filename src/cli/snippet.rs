//! `flowstead mcp config`: what to paste into an agent's configuration. The snippet alone goes to standard output, so that
//! it can be written to a file; where it belongs is said on standard error.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::http::route::BASE;

use super::client::{self, Remote};

/// Whose configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Client {
    /// Claude Desktop and Claude Code.
    Claude,
    Cursor,
    /// VS Code with its agent mode.
    Vscode,
    Codex,
    /// Whatever reads `mcpServers`.
    Generic,
}

/// A configuration and what a person must know about it.
pub(super) struct Snippet {
    pub(super) text: String,
    /// Where it goes, and what else is to be done; a line each.
    pub(super) hints: Vec<String>,
}

const VARIABLE: &str = "FLOWSTEAD_API_KEY";
const DEFAULT_URL: &str = "http://127.0.0.1:7410";

/// Prints the snippet of a client.
pub(super) fn run(client: Client, remote: Remote) -> Result<()> {
    let program = std::env::current_exe().map_err(|e| Error::internal("this program does not know its own path").source_error(e))?;
    let remote = remote.or_environment();
    let (url, _) = client::address(remote.url.as_deref().unwrap_or(DEFAULT_URL))?;
    let snippet = snippet(client, &url, remote.key.as_deref(), &program.display().to_string());
    for hint in &snippet.hints {
        eprintln!("# {hint}");
    }
    println!("{}", snippet.text);
    Ok(())
}

/// The configuration that connects `client` to the server at `url`. Without a key it names the variable that holds one,
/// in the client's own way of writing that. `program` is the path of this binary.
pub(super) fn snippet(client: Client, url: &str, key: Option<&str>, program: &str) -> Snippet {
    let endpoint = format!("{url}{BASE}/mcp");
    let bearer = |variable: &str| format!("Bearer {}", key.unwrap_or(variable));
    let set_key = format!("Set the variable {VARIABLE} to an API key (flowstead key create --user NAME --name agent).");
    let keyless = |hint: &str| if key.is_none() { vec![hint.to_owned()] } else { Vec::new() };
    let (place, value, more) = match client {
        Client::Claude => {
            let token = bearer(&format!("${VARIABLE}"));
            let add =
                format!("Or for Claude Code: claude mcp add --transport http flowstead {endpoint} --header \"Authorization: {token}\"");
            let environment = json!({VARIABLE: key.unwrap_or("cldm_...")});
            let server = json!({"command": program, "args": ["mcp", "--url", url], "env": environment});
            let mut more = keyless("Put an API key in place of cldm_... (flowstead key create --user NAME --name agent).");
            more.push(add);
            (
                "claude_desktop_config.json of Claude Desktop, or .mcp.json of a project for Claude Code",
                servers("mcpServers", &server),
                more,
            )
        }
        Client::Cursor => {
            let server = json!({"url": endpoint, "headers": {"Authorization": bearer(&format!("${{env:{VARIABLE}}}"))}});
            (".cursor/mcp.json of a project, or ~/.cursor/mcp.json", servers("mcpServers", &server), keyless(&set_key))
        }
        Client::Vscode => {
            let server = json!({"type": "http", "url": endpoint, "headers": {"Authorization": bearer("${input:flowstead-key}")}});
            let mut value = servers("servers", &server);
            if key.is_none() {
                let input = json!({"type": "promptString", "id": "flowstead-key", "description": "Flowstead API key", "password": true});
                value["inputs"] = json!([input]);
            }
            (".vscode/mcp.json of a project", value, keyless("VS Code asks for the key and keeps it."))
        }
        Client::Codex => {
            let text = format!("[mcp_servers.flowstead]\nurl = \"{endpoint}\"\nbearer_token_env_var = \"{VARIABLE}\"");
            let export = key.map_or(set_key, |key| format!("Codex reads the key from its environment: export {VARIABLE}={key}"));
            return Snippet { text, hints: vec!["Goes into ~/.codex/config.toml.".to_owned(), export] };
        }
        Client::Generic => {
            let server =
                json!({"type": "streamable-http", "url": endpoint, "headers": {"Authorization": bearer(&format!("${{{VARIABLE}}}"))}});
            let stdio =
                format!("For a client that only starts programs: command {program}, arguments mcp --url {url}, variable {VARIABLE}.");
            let mut more = keyless(&set_key);
            more.push(stdio);
            ("the client's list of MCP servers", servers("mcpServers", &server), more)
        }
    };
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    let hints = std::iter::once(format!("Goes into {place}.")).chain(more).collect();
    Snippet { text, hints }
}

fn servers(list: &str, server: &Value) -> Value {
    json!({list: {"flowstead": server}})
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const URL: &str = "http://127.0.0.1:7410";

    #[test]
    fn each_client_gets_its_own_form() {
        let mut all = String::new();
        for client in Client::value_variants() {
            for key in [None, Some("cldm_abc_def")] {
                let Snippet { text, hints } = snippet(*client, URL, key, "flowstead");
                let _ = writeln!(all, "== {client:?}, key {key:?}\n# {}\n{text}\n", hints.join("\n# "));
                assert!(key.is_none_or(|key| format!("{text}{}", hints.join("")).contains(key)), "{client:?} misses the key");
            }
        }
        insta::assert_snapshot!("snippets", all);
    }

    #[test]
    fn what_is_printed_is_what_the_client_parses() {
        for client in Client::value_variants() {
            let text = snippet(*client, URL, None, "C:\\flowstead \"new\"").text;
            match client {
                Client::Codex => assert!(text.parse::<toml::Table>().is_ok(), "{text}"),
                _ => assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}"),
            }
        }
    }
}
