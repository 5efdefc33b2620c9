//! Large answers: cut between values, and read to their end by the calls that the answers name.

use flowstead_wire::Content;
use serde_json::{Value, json};

use crate::agent::{Agent, call, text};
use crate::app::TestApp;
use crate::mcp_tool::{cancel, flow, go_on};

const LARGE: &str = "
def handler(system, this, inputs):
    return {
        'rows': [{'n': n, 'text': 'x' * 90} for n in range(1000)],
        'essay': 'word ' * 4000,
        'count': 1000,
    }
";
const TALKER: &str = "
def handler(system, this):
    this.log('early', level='error')
    for n in range(100):
        this.log('line', n=n)
    this.log('x' * 20000)
    this.step('one', lambda: 1)
    this.step('two', lambda: 2)
";

/// Everything at a path, put together from as many calls as it takes.
async fn whole(agent: &Agent, first: Value) -> (String, Vec<Value>) {
    let (mut letters, mut items) = (String::new(), Vec::new());
    let mut page = first;
    loop {
        match &page["value"] {
            Value::String(text) => letters.push_str(text),
            Value::Array(list) => items.extend(list.clone()),
            other => panic!("{other} is no part"),
        }
        let Some(cut) = page.get("cuts").map(|cuts| cuts[0].clone()) else { return (letters, items) };
        assert!(page["truncated"] == true && cut["shown"].as_u64() < cut["length"].as_u64(), "{cut}");
        page = go_on(agent, &cut["next"]).await;
    }
}

#[tokio::test]
async fn a_large_output_is_cut_and_read_to_its_end() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "large", json!({"script": LARGE})).await;
    let result = agent.send(call("run_flow", json!({"flow_name": "large"}))).await.expect("a tool");
    assert!(text(&result).len() < 12_000, "{}", text(&result).len());
    let run = result.structured.clone().expect("a success");
    assert_eq!((&run["truncated"], &run["output_value"]["count"]), (&json!(true), &json!(1000)), "small values stay whole");
    let link = result.content.iter().any(|block| matches!(block, Content::Link(link) if link.uri.ends_with("/output")));
    assert!(link, "{:?}", result.content);
    let cut = |path: &str| run["cuts"].as_array().unwrap().iter().find(|cut| cut["path"] == path).cloned().expect("it is cut");
    assert_eq!((&cut("/rows")["length"], &cut("/rows")["unit"]), (&json!(1000), &json!("items")));
    let id = &run["execution_id"];
    let (_, rows) = whole(&agent, agent.ok("get_execution", json!({"execution_id": id, "path": "rows"})).await).await;
    assert!(rows.len() == 1000 && rows.iter().enumerate().all(|(n, row)| row["n"] == n), "{}", rows.len());
    let (essay, _) = whole(&agent, agent.ok("get_execution", json!({"execution_id": id, "path": "output_value.essay"})).await).await;
    assert_eq!(essay, "word ".repeat(4000));
    let one = agent.ok("get_execution", json!({"execution_id": id, "path": "rows[999].n"})).await;
    assert_eq!(one["value"], 999, "{one}");
    let at_once = agent.ok("get_execution", json!({"execution_id": id, "path": "/essay", "max_chars": 50_000})).await;
    assert_eq!(at_once["value"].as_str().map(str::len), Some(20_000));
    let refused = agent.refused("get_execution", json!({"execution_id": id, "path": "row"}), "not_found").await;
    assert!(refused.sentence.contains("Did you mean 'rows'?"), "{refused:?}");
}

#[tokio::test]
async fn a_long_script_is_read_in_pieces() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let script = format!("{}def handler(system, this):\n    pass\n", "# a comment\n".repeat(2000));
    let id = flow(&agent, "long", json!({"script": script})).await;
    let record = agent.ok("get_record", json!({"record_type": "FLOW", "record_id": id})).await;
    assert!(record["truncated"] == true && record["record"]["script"].as_str().unwrap().len() <= 8_000, "{}", record["cuts"]);
    assert!(record["record"]["script"].as_str().unwrap().ends_with('\n'), "cut at the end of a line");
    let (all, _) = whole(&agent, agent.ok("get_record", json!({"record_type": "FLOW", "record_id": id, "path": "/script"})).await).await;
    assert_eq!(all, script);
    let scripts = agent.ok("list_records", json!({"record_type": "FLOW", "fields": ["id", "script"]})).await;
    let next = &scripts["cuts"][0]["next"];
    assert_eq!((&next["tool"], &next["arguments"]["record_id"]), (&json!("get_record"), &id), "{next}");
}

#[tokio::test]
async fn a_page_that_is_too_large_ends_early_and_says_where_it_goes_on() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    for n in 0..8 {
        let payload = json!({"value": "y".repeat(7_000)});
        agent.ok("create_record", json!({"record_type": "SETTING", "name": format!("s{n}"), "payload": payload})).await;
    }
    let mut page = agent.ok("list_records", json!({"record_type": "SETTING", "order": "name", "fields": ["name", "value"]})).await;
    let mut names = Vec::new();
    loop {
        assert!(page.to_string().len() < 32_000, "{}", page.to_string().len());
        names.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page.get("next").cloned() else { break };
        page = go_on(&agent, &next).await;
    }
    assert_eq!(names, (0..8).map(|n| format!("s{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_log_shows_its_end_and_every_error() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "talker", json!({"script": TALKER})).await;
    let run = agent.ok("run_flow", json!({"flow_name": "talker"})).await;
    let id = &run["execution_id"];
    let log = agent.ok("get_execution_logs", json!({"execution_id": id})).await;
    let entries = log["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["message"], &entries[0]["seq"]), (51, &json!("early"), &json!(1)), "{log}");
    let cut = &log["cuts"][0];
    assert_eq!((&cut["path"], &cut["length"], &cut["seq"]), (&json!("/message"), &json!(20_000), &json!(102)), "{cut}");
    let entry = go_on(&agent, &cut["next"]).await;
    assert_eq!(entry["entries"][0]["message"].as_str().map(str::len), Some(20_000));
    let page = go_on(&agent, &log["from_the_beginning"]).await;
    assert_eq!((page["entries"].as_array().map(Vec::len), &page["has_more"]), (Some(100), &json!(true)));
    let rest = agent.ok("get_execution_logs", json!({"execution_id": id, "after": page["next_after"]})).await;
    assert_eq!((rest["entries"].as_array().map(Vec::len), &rest["has_more"]), (Some(2), &json!(false)));
    let shown = agent.ok("get_execution_logs", json!({"execution_id": id, "contains": "line", "limit": 2, "format": "text"})).await;
    assert!(shown["text"].as_str().unwrap().lines().count() == 2 && shown["text"].as_str().unwrap().contains("{\"n\":1}"), "{shown}");
    agent.refused("get_execution_logs", json!({"execution_id": id, "tail": 2, "after": 1}), "invalid").await;
    agent.refused("get_execution_logs", json!({"execution_id": id, "level": "eror"}), "invalid").await;
}

#[tokio::test]
async fn steps_are_read_in_bounded_pages() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "talker", json!({"script": TALKER})).await;
    let run = agent.ok("run_flow", json!({"flow_name": "talker"})).await;
    let first = agent.ok("get_execution_events", json!({"execution_id": run["execution_id"], "max_events": 1})).await;
    assert_eq!((first["events"].as_array().map(Vec::len), &first["has_more"]), (Some(1), &json!(true)), "{first}");
    let after = json!({"execution_id": run["execution_id"], "after": first["next_after"], "max_ms": 60_000});
    let rest = agent.ok("get_execution_events", after).await;
    assert_eq!((&rest["has_ended"], &rest["events"][0]["target"]), (&json!(true), &json!("two")), "{rest}");
}

#[tokio::test]
async fn a_wait_for_many_ends_with_the_first_or_with_all() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "quick", json!({"script": "def handler(system, this):\n    return {'ok': True}\n"})).await;
    flow(&agent, "slow", json!({"script": "def handler(system, this):\n    this.sleep(3600)\n"})).await;
    let slow = agent.ok("run_flow", json!({"flow_name": "slow", "wait_sec": 0})).await["execution_id"].clone();
    let quick = agent.ok("run_flow", json!({"flow_name": "quick", "wait_sec": 0})).await["execution_id"].clone();
    let any = agent.ok("wait_for_executions", json!({"execution_ids": [slow, quick, quick], "mode": "any"})).await;
    assert_eq!((&any["ended"][0]["execution_id"], &any["ended"][0]["output_value"]), (&quick, &json!({"ok": true})), "{any}");
    assert_eq!(any["next"]["arguments"]["execution_ids"], json!([slow]), "{any}");
    let paused = agent.ok("control_execution", json!({"execution_id": slow, "action": "pause"})).await;
    assert_eq!(paused["had_ended"], false, "{paused}");
    agent.ok("control_execution", json!({"execution_id": slow, "action": "resume"})).await;
    let retry = agent.refused("control_execution", json!({"execution_id": slow, "action": "retry"}), "conflict").await;
    assert!(retry.sentence.contains("has not ended") && retry.line["hint"].as_str().unwrap().contains("run_flow"), "{retry:?}");
    cancel(&agent, &slow).await;
    let strange = json!(["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"]);
    let refused = agent.refused("wait_for_executions", json!({"execution_ids": strange}), "not_found").await;
    assert_eq!(refused.line["details"]["missing"], strange, "all that are not there are named: {refused:?}");
    agent.refused("wait_for_executions", json!({"execution_ids": []}), "invalid").await;
    agent.refused("wait_for_executions", json!({"execution_ids": ["x"]}), "invalid").await;
}
