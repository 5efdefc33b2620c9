//! The list of built-in tools: what is in it, how large it is, and who is shown what.

use std::fmt::Write;

use flowstead_wire::Tool;
use serde_json::{Value, json};

use crate::app::TestApp;

/// Tokens that all definitions together may take from every conversation; one is about four bytes.
const TOKENS: usize = 3_500;

#[tokio::test]
async fn the_tools_are_the_ones_in_git_and_leave_room_for_the_work() {
    let app = TestApp::new().start().await;
    let tools: Vec<Value> = app.agent("admin").tools().await.iter().map(Tool::as_listed).collect();
    let tokens = json!(tools).to_string().len() / 4;
    println!("{} tools, about {tokens} tokens of at most {TOKENS}", tools.len());
    assert!(tokens < TOKENS, "the definitions take {tokens} tokens");
    insta::assert_json_snapshot!("tools", tools);
}

#[tokio::test]
async fn every_tool_has_a_schema_that_every_client_takes() {
    let app = TestApp::new().start().await;
    for tool in app.agent("admin").tools().await {
        let schema = Value::Object((*tool.input_schema).clone());
        jsonschema::draft202012::new(&schema).unwrap_or_else(|e| panic!("{}: {e}", tool.name));
        assert_eq!(schema["type"], "object", "{}", tool.name);
        for word in ["anyOf", "oneOf", "allOf", "$ref", "$schema"] {
            assert!(!schema.to_string().contains(&format!("\"{word}\"")), "{} has {word}", tool.name);
        }
        let description = &tool.description;
        assert!(description.ends_with('.') && description.matches(['.', ':']).count() >= 2, "{}: {description}", tool.name);
        assert!(tool.name.len() <= 40 && tool.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", tool.name);
        assert!(!(tool.annotations.read_only && tool.annotations.destructive), "{}", tool.name);
    }
}

#[tokio::test]
async fn who_could_never_use_a_tool_is_not_shown_it_and_cannot_call_it() {
    let roles = ["User", "Operator", "Agent runner", "Agent author", "Developer", "Admin"];
    let mut builder = TestApp::new().user("nobody in particular");
    for role in roles {
        builder = builder.user_with(role, &[role]);
    }
    let app = builder.start().await;
    let all: Vec<String> = app.agent("admin").tools().await.into_iter().map(|tool| tool.name).collect();
    let mut matrix = String::new();
    for name in ["nobody in particular"].into_iter().chain(roles).chain(["admin"]) {
        let agent = app.agent(name);
        let shown: Vec<String> = agent.tools().await.into_iter().map(|tool| tool.name).collect();
        for tool in &all {
            let is_known = agent.call(tool, json!({"no such argument": 1})).await.is_some();
            assert_eq!(is_known, shown.contains(tool), "{tool} as {name}");
        }
        let _ = writeln!(matrix, "{name}: {} of {}", shown.len(), all.len());
        for tool in all.iter().filter(|tool| !shown.contains(tool)) {
            let _ = writeln!(matrix, "    not {tool}");
        }
    }
    insta::assert_snapshot!("tool_rights", matrix);
}
