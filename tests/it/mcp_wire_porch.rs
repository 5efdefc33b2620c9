//! The porch of the agents' door: keys, places, lengths, and everything that is no message.

use flowstead::service::{Actor, Door, KeyRequest};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, User, answer};
use crate::mcp_client::{MODERN, initialize, legacy, message, modern, modern_request, post};

/// A 401 and why: its `WWW-Authenticate` and the reason in its body.
fn refused(answer: Answer) -> (String, String) {
    let challenge = answer.header("www-authenticate").to_owned();
    assert!(challenge.starts_with("Bearer realm=\"flowstead\""), "{challenge}");
    assert!(!challenge.contains("resource_metadata"), "{challenge}");
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.expect(401);
    assert!(body["error_message"].as_str().is_some_and(|text| text.ends_with('.')), "{body}");
    (challenge, body["details"]["reason"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn without_a_key_every_method_is_401_before_anything_else() {
    let app = TestApp::new().start().await;
    let nobody = app.nobody();
    for method in ["GET", "POST", "DELETE", "PUT", "OPTIONS"] {
        let (challenge, reason) = refused(answer(nobody.request(method, "/mcp?unknown=1").body("{")).await);
        assert_eq!((challenge.as_str(), reason.as_str()), ("Bearer realm=\"flowstead\"", "missing"), "{method}");
    }
    refused(answer(nobody.request("POST", "/mcp").header("host", "evil.example").header("origin", "http://evil.example")).await);
}

#[tokio::test]
async fn a_key_that_does_not_hold_is_401_and_the_body_says_why() {
    let app = TestApp::new().manual_clock().user("anna").start().await;
    let system = Actor::system(Door::Cli);
    let user_id = app.service.user_list(&system).await.unwrap().into_iter().find(|(name, ..)| name == "anna").unwrap().1;
    let request = || KeyRequest { user_id, name: "other".into(), ..KeyRequest::default() };
    let revoked = app.service.key_create(&system, request()).await.unwrap();
    let expired = app.service.key_create(&system, request()).await.unwrap();
    let ask = async |key: &str| refused(answer(post(&User::with_key(&app.url, key)).body("{}")).await);
    assert!(User::with_key(&app.url, &revoked.token).get("/auth/me").await.status == 200, "it holds at first");
    app.service.key_revoke(&system, revoked.row.id().unwrap()).await.unwrap();
    let elsewhere = TestApp::new().start().await;
    let cases =
        [(revoked.token.as_str(), "revoked"), (elsewhere.admin().key().unwrap(), "unknown"), ("cldm_x_y", "malformed"), ("", "malformed")];
    for (key, expected) in cases {
        let (challenge, reason) = ask(key).await;
        assert_eq!(reason, expected, "{key}");
        assert!(challenge.contains("error=\"invalid_token\", error_description=\""), "{challenge}");
    }
    app.clock.advance(std::time::Duration::from_secs(91 * 24 * 3600));
    assert_eq!(ask(&expired.token).await.1, "expired");
}

#[tokio::test]
async fn a_key_comes_as_bearer_or_in_its_own_header_and_a_session_works_too() {
    let app = TestApp::new().start().await;
    let nobody = app.nobody();
    let login = json!({"user_name": "admin", "password": app.admin_password});
    let session = nobody.post("/auth/login", login).await.expect(200)["session_id"].as_str().unwrap().to_owned();
    let key = app.admin().key().unwrap().to_owned();
    for (name, value) in
        [("authorization", format!("Bearer {key}")), ("x-cloudomation-api-key", key), ("x-cloudomation-session-id", session.clone())]
    {
        let request = post(&nobody).header(name, value).json(&message(1, "ping", &json!({})));
        assert_eq!(answer(request).await.result(), json!({}), "{name}");
    }
    let by_cookie = || post(&nobody).header("cookie", format!("flowstead_session={session}")).json(&message(1, "ping", &json!({})));
    assert_eq!(answer(by_cookie()).await.rpc_error(403).0, -32600, "browsers send cookies along from anywhere");
    assert_eq!(answer(by_cookie().header("sec-fetch-site", "same-origin")).await.result(), json!({}));
}

#[tokio::test]
async fn there_is_no_oauth_and_who_looks_for_it_is_told_without_a_key() {
    let app = TestApp::new().start().await;
    for path in [
        "//.well-known/oauth-protected-resource",
        "//.well-known/oauth-protected-resource/api/latest/mcp",
        "//.well-known/oauth-authorization-server",
        "//.well-known/oauth-authorization-server/api/latest/mcp",
        "//.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
    ] {
        for user in [&app.nobody(), app.admin()] {
            let answer = user.get(path).await;
            assert_eq!((answer.header("content-type"), answer.header("www-authenticate")), ("application/json", ""), "{path}");
            assert!(answer.refusal(404, "not_found").contains("API key"), "{path}");
        }
    }
}

#[tokio::test]
async fn hosts_and_origins_are_ours_or_local() {
    let app = TestApp::new().config(|config| config.server.public_url = "https://flows.example.com".into()).start().await;
    let ask =
        async |name: &'static str, value: &str| answer(post(app.admin()).header(name, value).json(&message(1, "ping", &json!({})))).await;
    for host in ["localhost", "127.0.0.1:1234", "[::1]:80", "flows.example.com", "Flows.Example.com:443"] {
        assert_eq!(ask("host", host).await.result(), json!({}), "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "flows.example.com.evil.example", "169.254.169.254"] {
        assert_eq!(ask("host", host).await.rpc_error(403).0, -32600, "{host}");
    }
    for origin in ["http://localhost:5173", "http://127.0.0.1", "https://flows.example.com"] {
        assert_eq!(ask("origin", origin).await.result(), json!({}), "{origin}");
    }
    for origin in
        ["http://evil.example", "null", "http://flows.example.com", "https://flows.example.com:8443", "http://localhost.evil.example"]
    {
        assert_eq!(ask("origin", origin).await.rpc_error(403).0, -32600, "{origin}");
    }
}

#[tokio::test]
async fn what_is_no_message_is_refused_as_json_rpc() {
    let app = TestApp::new().start().await;
    for (body, code) in [("{", -32700), ("", -32700), ("not json", -32700), ("[]", -32600), (r#"[{"jsonrpc":"2.0"}]"#, -32600)] {
        assert_eq!(answer(post(app.admin()).body(body)).await.rpc_error(400).0, code, "{body}");
    }
    let null = json!({"jsonrpc": "2.0", "id": null, "method": "tools/list"});
    let refused = answer(post(app.admin()).json(&null)).await;
    assert_eq!(refused.body["id"], Value::Null);
    assert_eq!(refused.rpc_error(400).0, -32600);
    let text = app.admin().request("POST", "/mcp").header("content-type", "text/plain").body("{}");
    assert_eq!(answer(text).await.rpc_error(415).0, -32600);
}

#[tokio::test]
async fn wrong_parameters_of_a_known_method_are_named() {
    let app = TestApp::new().start().await;
    for params in [json!({"name": 5}), json!({"name": "get_record", "arguments": []})] {
        let (code, text) = legacy(app.admin(), "tools/call", &params).await.rpc_error(200);
        assert!(code == -32602 && text.contains("invalid type"), "{code} {text}");
    }
    let request = post(app.admin()).header("mcp-protocol-version", MODERN).header("mcp-method", "tools/call").header("mcp-name", "x");
    let mut params = crate::mcp_client::with_meta(&json!({"name": "x"}));
    params["arguments"] = json!([]);
    let (code, text) = answer(request.json(&message(1, "tools/call", &params))).await.rpc_error(200);
    assert!(code == -32602 && text.contains("invalid type"), "{code} {text}");
}

#[tokio::test]
async fn whatever_a_client_accepts_it_is_served() {
    let app = TestApp::new().start().await;
    for accept in ["*/*", "application/json", "text/html", "text/event-stream", ""] {
        let request = app.admin().request("POST", "/mcp").header("content-type", "application/json; charset=utf-8");
        let request = if accept.is_empty() { request } else { request.header("accept", accept) };
        let answer = answer(request.body(message(1, "tools/list", &json!({})).to_string())).await;
        assert_eq!(answer.header("content-type"), "application/json", "{accept}");
        assert!(answer.result()["tools"].is_array(), "{accept}");
    }
    let request = modern_request(app.admin(), "tools/list", &json!({})).header("accept", "*/*");
    assert!(answer(request).await.result()["tools"].is_array());
}

#[tokio::test]
async fn get_is_405_and_delete_204_without_a_session() {
    let app = TestApp::new().start().await;
    let got = app.admin().get("/mcp").await;
    assert_eq!(got.header("allow"), "POST");
    assert_eq!(got.rpc_error(405).0, -32600);
    let deleted = app.admin().delete("/mcp").await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    let of_modern = app.admin().request("DELETE", "/mcp").header("mcp-protocol-version", MODERN);
    assert_eq!(answer(of_modern).await.rpc_error(405).0, -32600);
}

#[tokio::test]
async fn notifications_and_responses_of_older_clients_are_202_and_empty() {
    let app = TestApp::new().start().await;
    for body in [
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}),
        json!({"jsonrpc": "2.0", "id": 1, "result": {}}),
    ] {
        let taken = answer(post(app.admin()).json(&body)).await;
        assert_eq!((taken.status, taken.text.as_str()), (202, ""), "{body}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_as_json_rpc() {
    let app = TestApp::new().config(|config| config.server.body_limit_bytes = 1000).start().await;
    let long = message(1, "tools/call", &json!({"name": "x", "arguments": {"a": "b".repeat(2000)}}));
    let (code, text) = answer(post(app.admin()).json(&long)).await.rpc_error(413);
    assert!(code == -32600 && text.contains("1000 bytes"), "{code} {text}");
}

#[tokio::test]
async fn headers_and_meta_of_the_newest_revision_are_checked() {
    let app = TestApp::new().start().await;
    let list = || message(1, "tools/list", &crate::mcp_client::with_meta(&json!({})));
    let ask = async |version: &str, method: &str, body: &Value| {
        answer(post(app.admin()).header("mcp-protocol-version", version).header("mcp-method", method).json(body)).await
    };
    assert_eq!(ask(MODERN, "tools/call", &list()).await.rpc_error(400).0, -32020);
    assert_eq!(ask("2025-11-25", "tools/list", &list()).await.rpc_error(400).0, -32020);
    assert_eq!(answer(post(app.admin()).json(&list())).await.rpc_error(400).0, -32020);
    assert_eq!(ask(MODERN, "tools/list", &message(1, "tools/list", &json!({}))).await.rpc_error(400).0, -32602);
    assert_eq!(
        ask(MODERN, "tools/destroy", &message(1, "tools/destroy", &crate::mcp_client::with_meta(&json!({})))).await.rpc_error(404).0,
        -32601
    );
    assert_eq!(modern(app.admin(), "initialize", &initialize(MODERN, &json!({}))["params"]).await.rpc_error(404).0, -32601);
}

#[tokio::test]
async fn an_unknown_revision_is_refused_with_the_list_that_discover_gives() {
    let app = TestApp::new().start().await;
    let supported = modern(app.admin(), "server/discover", &json!({})).await.result()["supportedVersions"].clone();
    let mut params = crate::mcp_client::with_meta(&json!({}));
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2030-01-01");
    for params in [params, json!({})] {
        let request = post(app.admin()).header("mcp-protocol-version", "2030-01-01").header("mcp-method", "tools/list");
        let refused = answer(request.json(&message(1, "tools/list", &params))).await;
        assert_eq!(refused.body["error"]["data"], json!({"supported": supported, "requested": "2030-01-01"}));
        assert_eq!(refused.rpc_error(400).0, -32022);
    }
}

#[tokio::test]
async fn a_door_that_is_switched_off_says_so() {
    let app = TestApp::new().config(|config| config.mcp.enabled = false).start().await;
    assert!(legacy(app.admin(), "ping", &json!({})).await.refusal(404, "not_found").contains("mcp.enabled"));
    refused(answer(post(&app.nobody()).body("{}")).await);
}
