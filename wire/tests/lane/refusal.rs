//! What is refused, and how: always JSON-RPC, with the status and the code of the era.

use http::Request;
use serde_json::{Value, json};

use crate::fake::{ANNA, MODERN, Reply, World, legacy, message, modern, post};

fn assert_error(reply: &Reply, status: u16, code: i64) {
    let (given, found, message) = reply.error();
    assert_eq!((given, found), (status, code), "{message}");
    assert!(reply.header("content-type").starts_with("application/json"), "{reply:?}");
}

#[tokio::test]
async fn what_is_no_message_is_told_so() {
    let world = World::new();
    for (body, code) in [("{", -32700), ("", -32700), ("[]", -32600), ("[{}]", -32600), ("5", -32600), ("{}", -32600)] {
        assert_error(&world.send(ANNA, post(&[], body)).await, 400, code);
    }
    let null = json!({"jsonrpc": "2.0", "id": null, "method": "ping"}).to_string();
    assert_error(&world.send(ANNA, post(&[], null)).await, 400, -32600);
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"echo","arguments":{{"a":{}{}}}}}}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    assert_eq!(world.send(ANNA, post(&[], deep)).await.error().0, 400);
    let mut request = legacy("ping", &json!({}));
    request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_error(&world.send(ANNA, request).await, 415, -32600);
}

#[tokio::test]
async fn a_known_method_with_wrong_parameters_is_not_an_unknown_method() {
    let world = World::new();
    for (method, params) in [
        ("tools/call", json!({"name": 5})),
        ("tools/call", json!({"name": "echo", "arguments": []})),
        ("resources/read", json!({})),
        ("prompts/get", json!({"name": "greet", "arguments": "all"})),
    ] {
        let (status, code, text) = world.legacy(method, &params).await.error();
        assert_eq!((status, code), (200, -32602), "{method}: {text}");
        assert!(text.contains(method), "{text}");
    }
    let (_, code, text) = world.modern("prompts/get", json!({"name": "greet", "arguments": "all"})).await.error();
    assert_eq!(code, -32602, "{text}");
}

#[tokio::test]
async fn an_unknown_method_is_404_for_modern_clients_and_200_for_older_ones() {
    let world = World::new();
    assert_error(&world.modern("tools/destroy", json!({})).await, 404, -32601);
    assert_error(&world.legacy("tools/destroy", &json!({})).await, 200, -32601);
}

#[tokio::test]
async fn what_a_revision_took_away_is_an_unknown_method_in_it() {
    let world = World::new();
    let begin = json!({"protocolVersion": MODERN, "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}});
    for (method, params) in [
        ("ping", json!({})),
        ("initialize", begin),
        ("resources/subscribe", json!({"uri": "fake://one"})),
        ("resources/unsubscribe", json!({"uri": "fake://one"})),
        ("logging/setLevel", json!({"level": "debug"})),
    ] {
        assert_error(&world.modern(method, params).await, 404, -32601);
    }
    // And what came new is unknown in those before.
    assert_error(&world.legacy("subscriptions/listen", &json!({"notifications": {}})).await, 200, -32601);
}

#[tokio::test]
async fn a_modern_request_needs_its_meta() {
    let world = World::new();
    let headers = [("mcp-protocol-version", MODERN), ("mcp-method", "tools/list")];
    assert_error(&world.send(ANNA, post(&headers, message("tools/list", &json!({})).to_string())).await, 400, -32602);
    let meta = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": MODERN}});
    let reply = world.send(ANNA, post(&headers, message("tools/list", &meta).to_string())).await;
    assert_error(&reply, 400, -32602);
    assert!(reply.error().2.contains("clientCapabilities"), "{reply:?}");
}

#[tokio::test]
async fn headers_that_contradict_the_message_are_refused() {
    let world = World::new();
    for (name, value) in [("mcp-protocol-version", "2025-11-25"), ("mcp-method", "tools/call"), ("mcp-name", "other")] {
        let mut request = modern("tools/call", json!({"name": "echo"}));
        if name == "mcp-method" {
            request = modern("tools/list", json!({}));
        }
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_error(&world.send(ANNA, request).await, 400, -32020);
    }
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let mut request = modern("tools/call", json!({"name": "echo"}));
        request.headers_mut().remove(name);
        assert_error(&world.send(ANNA, request).await, 400, -32020);
    }
    let mut request = modern("tools/call", json!({"name": "écho"}));
    request.headers_mut().insert("mcp-name", "=?base64?w6ljaG8=?=".parse().unwrap());
    assert_error(&world.send(ANNA, request).await, 200, -32602);
}

#[tokio::test]
async fn an_unknown_revision_is_refused_with_the_list_that_discover_gives() {
    let world = World::new();
    let supported = world.modern("server/discover", json!({})).await.result()["supportedVersions"].clone();
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2030-01-01", "io.modelcontextprotocol/clientCapabilities": {}});
    let headers = [("mcp-protocol-version", "2030-01-01"), ("mcp-method", "tools/list")];
    let modern = world.send(ANNA, post(&headers, message("tools/list", &json!({"_meta": meta})).to_string())).await;
    let legacy = world.send(ANNA, post(&[("mcp-protocol-version", "1999-01-01")], message("tools/list", &json!({})).to_string())).await;
    for (reply, asked) in [(modern, "2030-01-01"), (legacy, "1999-01-01")] {
        assert_error(&reply, 400, -32022);
        let data = &reply.messages()[0]["error"]["data"];
        assert_eq!((&data["supported"], &data["requested"]), (&supported, &json!(asked)));
    }
}

#[tokio::test]
async fn a_panic_and_an_internal_fault_are_a_500_that_tells_nothing() {
    let world = World::new();
    for tool in ["panics", "breaks"] {
        for reply in [world.modern("tools/call", json!({"name": tool})).await, world.legacy("tools/call", &json!({"name": tool})).await] {
            assert_error(&reply, 500, -32603);
            assert_eq!(reply.messages()[0]["id"], 7);
            assert!(!reply.text.contains("secret"), "{}", reply.text);
        }
    }
    assert!(world.legacy("tools/list", &json!({})).await.result()["tools"].is_array(), "the next request is served");
}

#[tokio::test]
async fn get_without_a_session_and_other_methods_are_405() {
    let world = World::new();
    for method in ["GET", "PUT", "PATCH", "HEAD"] {
        let reply = world.send(ANNA, Request::builder().method(method).uri("/mcp").body(bytes::Bytes::new()).unwrap()).await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, "POST"), "{method}");
        assert_eq!(serde_json::from_str::<Value>(&reply.text).unwrap()["error"]["code"], -32600, "{method}");
    }
}
