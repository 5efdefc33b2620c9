//! Records and subrecords through the generic tools: written, found, refused.

use serde_json::{Value, json};

use crate::app::TestApp;

fn hint(refused: &crate::agent::Refused) -> &str {
    refused.line["hint"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_name_that_exists_is_an_error_that_names_its_record() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let make = |value: u64| json!({"record_type": "SETTING", "name": "limit", "payload": {"value": value}});
    let id = agent.ok("create_record", make(1)).await["record"]["id"].clone();
    let refused = agent.refused("create_record", make(2), "conflict").await;
    assert_eq!(refused.line["details"]["existing"]["id"], id, "{refused:?}");
    assert!(hint(&refused).contains("update_record") && hint(&refused).contains(id.as_str().unwrap()), "{refused:?}");
    let mut overwrite = make(3);
    overwrite["if_exists"] = json!("overwrite");
    let written = agent.ok("create_record", overwrite).await;
    assert_eq!((&written["created"], &written["record"]["id"]), (&json!(false), &id), "{written}");
    let read = agent.ok("get_record", json!({"record_type": "SETTING", "name": "limit", "fields": "value"})).await;
    assert_eq!(read["record"], json!({"value": 3}));
}

#[tokio::test]
async fn a_change_of_what_another_has_changed_is_refused() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let made = agent.ok("create_record", json!({"record_type": "SETTING", "name": "a", "payload": {"value": 1}})).await;
    let change =
        |value: u64| json!({"record_type": "SETTING", "name": "a", "payload": {"value": value}, "if_version": made["record"]["version"]});
    agent.ok("update_record", change(2)).await;
    let refused = agent.refused("update_record", change(3), "precondition_failed").await;
    assert!(hint(&refused).contains("if_version"), "{refused:?}");
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_what_is_near() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    agent.ok("create_record", json!({"record_type": "SETTING", "name": "invoices", "payload": {"value": 1}})).await;
    let refused = agent.refused("get_record", json!({"record_type": "SETTING", "name": "invoces"}), "not_found").await;
    assert!(refused.sentence.contains("Did you mean 'invoices'?"), "{refused:?}");
    let refused = agent.refused("list_records", json!({"record_type": "SETING"}), "not_found").await;
    assert!(refused.sentence.contains("Did you mean 'SETTING'?"), "{refused:?}");
    let refused = agent.refused("list_records", json!({"record_type": "RECORD_METADATA"}), "invalid").await;
    assert!(refused.sentence.contains("subrecord"), "{refused:?}");
    let refused = agent.refused("get_record", json!({"record_type": "SETTING", "name": "zzz"}), "not_found").await;
    assert!(hint(&refused).contains("list_records"), "{refused:?}");
    let refused = agent.refused("get_record", json!({"record_type": "EXECUTION", "name": "x"}), "invalid").await;
    assert!(refused.sentence.contains("no unique names"), "{refused:?}");
    let unknown = json!({"record_type": "SETTING", "name": "b", "payload": {"valeu": 1}});
    let refused = agent.refused("create_record", unknown, "invalid").await;
    assert!(refused.sentence.contains("Did you mean 'value'?") && refused.line["field"] == "/payload/valeu", "{refused:?}");
}

#[tokio::test]
async fn a_filter_that_is_wrong_is_told_where() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let filter = json!({"and": [{"field": "name", "op": "eq", "value": "x"}, {"field": "nme", "op": "eq", "value": "x"}]});
    let refused = agent.refused("list_records", json!({"record_type": "SETTING", "filter_": filter}), "invalid").await;
    assert!(refused.line["field"].as_str().unwrap().starts_with("/filter_/and/1"), "{refused:?}");
    assert!(refused.sentence.contains("Did you mean 'name'?"), "{refused:?}");
    let wrapped = json!({"status": ["RUNNING"], "filter_": {"field": "name", "op": "is", "value": "x"}});
    let refused = agent.refused("list_executions", wrapped, "invalid").await;
    assert!(refused.line["field"].as_str().unwrap().starts_with("/filter_/op"), "{refused:?}");
    let refused = agent.refused("list_executions", json!({"status": "RUNING"}), "invalid").await;
    assert!(refused.line["details"]["near"].to_string().contains("RUNNING"), "{refused:?}");
    let refused = agent.refused("list_executions", json!({"order": "-nothing"}), "invalid").await;
    assert_eq!(refused.line["field"], "/order", "{refused:?}");
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    for n in 0..5 {
        agent.ok("create_record", json!({"record_type": "SETTING", "name": format!("s{n}"), "payload": {"value": n}})).await;
    }
    let first = agent.ok("list_records", json!({"record_type": "SETTING", "order": "name", "limit": 3, "fields": ["name"]})).await;
    assert_eq!(first, json!({"items": [{"name": "s0"}, {"name": "s1"}, {"name": "s2"}], "total": 5, "next_offset": 3}));
    let rest =
        agent.ok("list_records", json!({"record_type": "SETTING", "order": "name", "limit": 3, "offset": 3, "fields": "name"})).await;
    assert_eq!((rest["items"].as_array().map(Vec::len), rest.get("next_offset")), (Some(2), None), "{rest}");
    let all = agent.ok("list_records", json!({"record_type": "SETTING", "fields": ["*"]})).await;
    assert!(all["items"][0].get("created_at").is_some(), "{all}");
    let usual = agent.ok("list_records", json!({"record_type": "SETTING"})).await;
    assert!(usual["items"][0].get("value").is_none(), "values can be long: {usual}");
}

#[tokio::test]
async fn notes_on_a_record_are_made_read_changed_and_removed() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let made = agent.ok("create_record", json!({"record_type": "SETTING", "name": "a", "payload": {"value": 1}})).await;
    let parent = &made["record"]["id"];
    let note = json!({"subrecord_type": "RECORD_METADATA", "payload": {"record_id": parent, "key": "owner", "data": {"team": "x"}}});
    let id = agent.ok("create_subrecord", note.clone()).await["record"]["id"].clone();
    agent.refused("create_subrecord", note, "conflict").await;
    let list = agent.ok("list_subrecords", json!({"subrecord_type": "RECORD_METADATA", "parent_record_id": parent})).await;
    assert_eq!((&list["total"], &list["items"][0]["key"]), (&json!(1), &json!("owner")), "{list}");
    let change = json!({"subrecord_type": "RECORD_METADATA", "id": id, "payload": {"data": 2}});
    agent.ok("update_subrecord", change).await;
    let one = json!({"subrecord_type": "RECORD_METADATA", "id": id});
    assert_eq!(agent.ok("get_subrecord", one.clone()).await["record"]["data"], 2);
    agent.ok("delete_subrecord", one.clone()).await;
    let refused = agent.refused("get_subrecord", one, "not_found").await;
    assert!(hint(&refused).contains("list_subrecords"), "{refused:?}");
    let beside = json!({"subrecord_type": "RECORD_METADATA", "parent_record_id": parent, "payload": {"key": "k", "data": null}});
    agent.ok("create_subrecord", beside).await;
    let logs = agent.refused("list_subrecords", json!({"subrecord_type": "EXECUTION_LOG"}), "invalid").await;
    assert!(logs.sentence.contains("get_execution_logs"), "{logs:?}");
}

#[tokio::test]
async fn a_deleted_record_says_how_it_comes_back() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let made = agent.ok("create_record", json!({"record_type": "SETTING", "name": "a", "payload": {"value": 1}})).await;
    let deleted = agent.ok("delete_record", json!({"record_type": "SETTING", "name": "a"})).await;
    let undo = deleted["undo"].as_str().expect("a way back");
    let path = undo.split_once("/api/latest").and_then(|(_, rest)| rest.split_once(' ')).expect("a path").0;
    app.admin().post(path, Value::Null).await.expect(200);
    let read = agent.ok("get_record", json!({"record_type": "SETTING", "name": "a"})).await;
    assert_eq!(read["record"]["id"], made["record"]["id"]);
}

#[tokio::test]
async fn what_has_a_way_of_its_own_is_not_made_by_the_generic_tool() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let refused = agent.refused("create_record", json!({"record_type": "EXECUTION", "payload": {}}), "invalid").await;
    assert!(refused.sentence.contains("run_flow"), "{refused:?}");
    let refused = agent.refused("create_subrecord", json!({"subrecord_type": "API_KEY", "payload": {}}), "invalid").await;
    assert!(refused.sentence.contains("REST"), "an agent mints no keys: {refused:?}");
}

#[tokio::test]
async fn types_are_listed_and_described_in_schemas_that_hold() {
    let app = TestApp::new().user_with("runner", &["Agent runner"]).start().await;
    let types = app.agent("runner").ok("list_record_types", json!({})).await;
    let flow = types["items"].as_array().unwrap().iter().find(|line| line["record_type"] == "FLOW").expect("it reads flows");
    assert_eq!(flow["operations"], json!(["READ"]), "{flow}");
    let agent = app.agent("admin");
    for line in agent.ok("list_record_types", json!({})).await["items"].as_array().unwrap() {
        let described = agent.ok("describe_record_type", json!({"record_type": line["record_type"]})).await;
        assert!(described.to_string().len() < 31_000, "{}", line["record_type"]);
        for mode in ["create", "update", "read"] {
            assert!(described[mode].is_null() || described[mode]["properties"].is_object(), "{} {mode}", line["record_type"]);
        }
    }
    let only = agent.ok("describe_record_type", json!({"record_type": "FLOW", "mode": "create"})).await;
    assert!(only["create"]["properties"]["script"].is_object() && only.get("read").is_none(), "{only}");
}

#[tokio::test]
async fn a_script_is_checked_before_and_after_it_is_saved() {
    let app = TestApp::new().user_with("runner", &["Agent runner"]).start().await;
    let agent = app.agent("admin");
    let broken = "def handler(system, this:\n    pass\n";
    let checked = agent.ok("validate_flow", json!({"script": broken})).await;
    assert_eq!((&checked["valid"], &checked["problems"][0]["line"]), (&json!(false), &json!(1)), "{checked}");
    let made = agent.ok("create_record", json!({"record_type": "FLOW", "name": "broken", "payload": {"script": broken}})).await;
    assert!(made["warning"].as_str().is_some_and(|text| text.contains("validate_flow")), "{made}");
    assert_eq!(agent.ok("validate_flow", json!({"flow_name": "broken"})).await["valid"], false);
    let fine = "def handler(system, this):\n    pass\n";
    assert_eq!(agent.ok("validate_flow", json!({"script": fine})).await["valid"], true);
    let runner = app.agent("runner");
    runner.ok("validate_flow", json!({"flow_name": "broken"})).await;
    let refused = runner.refused("validate_flow", json!({"script": fine}), "forbidden").await;
    assert!(refused.sentence.contains("CREATE on FLOW"), "{refused:?}");
}
