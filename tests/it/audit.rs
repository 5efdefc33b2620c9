//! The audit log from outside: every door leaves its entries, and the command line checks them all.

use flowstead::service::{Actor, Door, Selector, StartRequest, Target};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use crate::mcp_client::legacy;
use crate::server::Server;

/// Runs `flowstead <arguments>` on the server's data folder: whether it succeeded, and what it said.
async fn flowstead(server: &Server, arguments: &[&str]) -> (bool, String) {
    let program = env!("CARGO_BIN_EXE_flowstead");
    let ran = tokio::process::Command::new(program).args(arguments).arg("--data").arg(server.folder()).output().await;
    let ran = ran.expect("the binary can be started");
    (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr))
}

async fn entries(user: &User, filter: &Value) -> Vec<Value> {
    let asked = user.request("GET", "/audit").query(&[("filter", filter.to_string()), ("order", "-seq".to_owned())]);
    let page = crate::client::answer(asked).await.expect(200);
    page["items"].as_array().expect("a list").clone()
}

fn named(name: &str) -> Value {
    json!({ "field": "record_name", "op": "eq", "value": name })
}

/// Beside what it looks at and what its answer waits for.
#[tokio::test]
async fn a_request_and_its_entry_are_written_in_one_unit() {
    let app = TestApp::new().start().await;
    let (service, actor) = (&app.service, Actor::system(Door::Cli));
    let flow = app.admin().flow("waits", "def handler(system, this):\n    pass\n").await;
    let mut request = StartRequest::new(Target::Flow(Selector::parse(&flow)), Value::Null);
    request.run = false;
    let started = service.execution_start(&actor, request).await.expect("it is made");
    started.commit.wait().await.expect("it is on disk");
    // The second changes nothing, and is told of all the same.
    for units in [3, 2] {
        service.settled().await.expect("all is on disk");
        let before = service.store().watermark();
        let asked = service.execution_pause(&actor, started.id).await.expect("it is asked for");
        asked.commit.wait().await.expect("it is on disk");
        assert_eq!(service.store().watermark() - before, units);
    }
    let asked = service.execution_resume(&actor, started.id).await.expect("it is asked for");
    asked.commit.wait().await.expect("it is on disk");
    let told = entries(app.admin(), &json!({ "field": "record_id", "op": "eq", "value": started.id.to_string() })).await;
    let told: Vec<&str> = told.iter().rev().filter_map(|entry| entry["operation"].as_str()).collect();
    assert_eq!(told, ["start", "pause", "pause", "resume"]);
    app.admin().get(&format!("/execution/{}/wait?plain=true", started.id)).await.expect(200);
}

#[tokio::test]
async fn every_door_leaves_its_entries_and_the_command_line_checks_them() {
    let mut server = Server::start().await;
    let user = User::with_key(&server.url, &server.key);
    user.make("setting", json!({ "name": "by rest", "value": 1 })).await;
    let arguments = json!({ "record_type": "SETTING", "name": "by mcp", "payload": { "value": 1 } });
    legacy(&user, "tools/call", &json!({ "name": "create_record", "arguments": arguments })).await.expect(200);
    let script = "def handler(system, this):\n    system.setting('by flow').save(value=1)\n    this.flow('child')\n";
    server.flow("child", "def handler(system, this):\n    pass\n", &Value::Null).await;
    server.flow("parent", script, &Value::Null).await;
    server.run("parent", &Value::Null).await;
    assert!(flowstead(&server, &["user", "create", "anna"]).await.0);
    for (name, door) in [("by rest", "rest"), ("by mcp", "mcp"), ("by flow", "flow"), ("anna", "cli")] {
        let found = entries(&user, &named(name)).await;
        assert_eq!((&found[0]["door"], &found[0]["operation"], found.len()), (&json!(door), &json!("create"), 1), "{name}");
    }
    let starts = entries(&user, &json!({ "field": "operation", "op": "eq", "value": "start" })).await;
    assert_eq!(starts.iter().map(|e| e["record_name"].clone()).collect::<Vec<_>>(), [json!("parent")], "children tell of themselves");
    assert_eq!(starts[0]["address"], "127.0.0.1");

    let (ok, said) = flowstead(&server, &["audit", "verify"]).await;
    assert!(ok && said.contains("all as they were written"), "{said}");
    let head = said.split_whitespace().last().expect("it ends with the head").to_owned();
    user.make("setting", json!({ "name": "later", "value": 1 })).await;
    let (ok, said) = flowstead(&server, &["audit", "verify", "--expect", &head]).await;
    assert!(ok, "{said}");
    let (ok, said) = flowstead(&server, &["audit", "verify", "--expect", &format!("2:{}", "00".repeat(32))]).await;
    assert!(!ok && said.contains("Entry 2 is not the one that was expected"), "{said}");

    // Through a restart and a new key.
    server.stop().await;
    let (ok, said) = flowstead(&server, &["key-file", "rotate"]).await;
    assert!(ok && said.contains("Key number 2 is in use"), "{said}");
    server.restart().await;
    let (ok, said) = flowstead(&server, &["audit", "verify", "--expect", &head]).await;
    assert!(ok, "{said}");
    server.stop().await;
    std::fs::rename(server.folder().join("server.key"), server.folder().join("elsewhere.key")).expect("the file is there");
    let (ok, said) = flowstead(&server, &["audit", "verify"]).await;
    assert!(!ok && said.contains("is missing"), "{said}");
    std::fs::rename(server.folder().join("elsewhere.key"), server.folder().join("server.key")).expect("the file is there");
}
