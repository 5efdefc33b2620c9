//! Both eras at one address.

use serde_json::json;

use crate::fake::{ANNA, BERT, MODERN, World, legacy, message, modern, post};

#[tokio::test]
async fn instructions_are_those_of_who_asks_in_both_eras() {
    let world = World::new();
    let begin = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
    for (who, text) in [(ANNA, "You are anna."), (BERT, "You are bert.")] {
        let result = world.send(who, post(&[], message("initialize", &begin).to_string())).await.result();
        assert_eq!((&result["instructions"], &result["protocolVersion"]), (&json!(text), &json!("2025-06-18")));
        let result = world.send(who, modern("server/discover", json!({}))).await.result();
        assert_eq!(result["instructions"], text);
    }
}

#[tokio::test]
async fn news_are_promised_only_where_they_can_arrive() {
    let world = World::new();
    let begin =
        |capabilities| json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": {"name": "c", "version": "1"}});
    let stateless = world.legacy("initialize", &begin(json!({}))).await.result()["capabilities"].clone();
    assert_eq!((stateless["tools"].get("listChanged"), stateless["resources"].get("subscribe")), (None, None));
    let session = world.legacy("initialize", &begin(json!({"elicitation": {}}))).await.result()["capabilities"].clone();
    assert_eq!((&session["tools"]["listChanged"], &session["resources"]["subscribe"]), (&json!(true), &json!(true)));
    let modern = world.modern("server/discover", json!({})).await.result()["capabilities"].clone();
    assert_eq!((&modern["tools"]["listChanged"], &modern["resources"]["subscribe"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn behaviour_learns_the_era_and_properties_keep_their_order() {
    let world = World::new();
    for (reply, name) in [(world.modern("tools/list", json!({})).await, "modern"), (world.legacy("tools/list", &json!({})).await, "legacy")]
    {
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.result()["tools"][1]["name"], name);
        assert!(reply.text.find("zeta") < reply.text.find("alpha"), "{}", reply.text);
    }
}

#[tokio::test]
async fn capabilities_are_those_of_the_request() {
    let world = World::new();
    let extensions = json!({"io.modelcontextprotocol/tasks": {}});
    let meta = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}, "extensions": extensions}});
    let result = world.modern("tools/call", json!({"name": "capable", "_meta": meta})).await.result();
    assert_eq!(result["content"][0]["text"], "true true Modern");
    let result = world.legacy("tools/call", &json!({"name": "capable"})).await.result();
    assert_eq!(result["content"][0]["text"], "false false Legacy");
}

#[tokio::test]
async fn a_session_id_means_nothing_to_the_newest_revision() {
    let world = World::new();
    let mut request = modern("tools/list", json!({}));
    request.headers_mut().insert("mcp-session-id", "gone".parse().unwrap());
    assert!(world.send(ANNA, request).await.result()["tools"].is_array());
}

#[tokio::test]
async fn a_resource_that_is_not_there_has_the_code_of_its_era() {
    let world = World::new();
    assert_eq!(world.modern("resources/read", json!({"uri": "fake://x"})).await.error().1, -32602);
    assert_eq!(world.legacy("resources/read", &json!({"uri": "fake://x"})).await.error().1, -32002);
}

#[tokio::test]
async fn log_levels_are_taken_note_of_where_there_still_are_such() {
    let world = World::new();
    assert_eq!(world.legacy("logging/setLevel", &json!({"level": "debug"})).await.result(), json!({}));
    assert_eq!(world.modern("logging/setLevel", json!({"level": "debug"})).await.error().1, -32601);
}

#[tokio::test]
async fn completion_goes_through_in_both_eras() {
    let world = World::new();
    let params = json!({"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "who", "value": "an"}});
    let expected = json!({"values": ["an!"], "total": 1, "hasMore": false});
    assert_eq!(world.modern("completion/complete", params.clone()).await.result()["completion"], expected);
    assert_eq!(world.legacy("completion/complete", &params).await.result()["completion"], expected);
}

#[tokio::test]
async fn notifications_and_responses_of_older_clients_are_taken_without_a_word() {
    let world = World::new();
    for body in [
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}),
        json!({"jsonrpc": "2.0", "method": "notifications/unheard_of", "params": 5}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
        json!({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}}),
    ] {
        let reply = world.send(ANNA, post(&[], body.to_string())).await;
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), (202, ""), "{body}");
    }
    let body = json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string();
    let reply = world.send(ANNA, post(&[("mcp-protocol-version", MODERN)], body)).await;
    assert_eq!(reply.error().0, 400, "the newest revision has no responses of clients");
}

#[tokio::test]
async fn a_request_without_a_version_is_of_the_first_era() {
    let world = World::new();
    let reply = world.send(ANNA, post(&[], message("tools/list", &json!({})).to_string())).await;
    assert_eq!(reply.result()["tools"][1]["name"], "legacy");
    assert_eq!(world.send(ANNA, legacy("ping", &json!({}))).await.result(), json!({}));
}
