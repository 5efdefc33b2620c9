//! The agents' door on the raw wire: the ways in, of both eras.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::answer;
use crate::mcp_client::{LEGACY, MODERN, initialize, legacy, message, modern, post};

#[tokio::test]
async fn every_revision_of_the_first_era_is_agreed_on_and_an_unknown_one_gets_the_newest() {
    let app = TestApp::new().start().await;
    for (asked, agreed) in LEGACY.map(|v| (v, v)).into_iter().chain([(MODERN, "2025-11-25"), ("1999-01-01", "2025-11-25")]) {
        let answer = answer(post(app.admin()).json(&initialize(asked, &json!({})))).await;
        assert_eq!(answer.header("mcp-session-id"), "", "a client that cannot be asked gets no session");
        let result = answer.result();
        assert_eq!(result["protocolVersion"], agreed, "asked for {asked}");
        assert_eq!((&result["serverInfo"]["name"], &result["serverInfo"]["title"]), (&json!("flowstead"), &json!("Flowstead")));
        assert!(result["instructions"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

#[tokio::test]
async fn discover_names_all_revisions_and_is_private() {
    let app = TestApp::new().start().await;
    let result = modern(app.admin(), "server/discover", &json!({})).await.result();
    let mut versions = LEGACY.to_vec();
    versions.push(MODERN);
    assert_eq!(result["supportedVersions"], json!(versions));
    assert_eq!((&result["resultType"], &result["cacheScope"]), (&json!("complete"), &json!("private")));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "flowstead");
    assert!(result["instructions"].as_str().is_some_and(|text| !text.is_empty()));
    for news in ["tools", "prompts", "resources"] {
        assert_eq!(result["capabilities"][news]["listChanged"], true, "{news}");
    }
}

#[tokio::test]
async fn lists_are_private_for_modern_clients_and_complete_for_older_ones() {
    let app = TestApp::new().start().await;
    for (method, field) in [
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ] {
        let result = modern(app.admin(), method, &json!({})).await.result();
        assert!(result[field].is_array(), "{result}");
        assert_eq!((&result["cacheScope"], &result["resultType"]), (&json!("private"), &json!("complete")), "{method}");
        assert!(result["ttlMs"].as_u64().is_some(), "{method}");
        let result = legacy(app.admin(), method, &json!({})).await.result();
        assert!(result[field].is_array() && result.get("resultType").is_none(), "{result}");
        let (code, message) = legacy(app.admin(), method, &json!({"cursor": "x"})).await.rpc_error(200);
        assert_eq!(code, -32602, "{message}");
    }
}

#[tokio::test]
async fn a_request_without_a_version_header_is_served() {
    let app = TestApp::new().start().await;
    assert!(answer(post(app.admin()).json(&message(1, "tools/list", &Value::Null))).await.result()["tools"].is_array());
    assert_eq!(answer(post(app.admin()).json(&message(1, "ping", &json!({})))).await.result(), json!({}));
}

#[tokio::test]
async fn the_door_is_switched_by_a_note_on_the_workspace_while_the_server_runs() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let workspace = app.service.workspace_id().expect("the first start makes it");
    let note = json!({ "record_id": workspace, "key": "mcp_enabled", "data": false });
    let made = admin.post("/record_metadata?plain=true", note).await.expect(201);
    assert_eq!(made["problem"], Value::Null, "{made}");
    let refused = answer(post(admin).json(&initialize("2025-11-25", &json!({})))).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    assert!(refused.text.contains("switched off"), "{refused:?}");
    let path = format!("/record_metadata/{}?plain=true", made["id"].as_str().expect("an id"));
    let odd = admin.patch(&path, json!({ "data": "no" })).await.expect(200);
    assert!(odd["problem"].as_str().is_some_and(|text| text.contains("mcp_enabled is true or false")), "{odd}");
    assert_eq!(answer(post(admin).json(&initialize("2025-11-25", &json!({})))).await.status, 200);
    admin.patch(&path, json!({ "data": false })).await.expect(200);
    assert_eq!(answer(post(admin).json(&initialize("2025-11-25", &json!({})))).await.status, 404);
    admin.delete(path.trim_end_matches("?plain=true")).await.expect(204);
    assert_eq!(answer(post(admin).json(&initialize("2025-11-25", &json!({})))).await.status, 200);
}
