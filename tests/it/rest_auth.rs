//! Logins, sessions and keys over HTTP.

use std::time::Duration;

use serde_json::json;

use crate::app::TestApp;
use crate::client::{User, answer};

#[tokio::test]
async fn a_login_opens_a_session_that_works_by_header_and_by_cookie() {
    let app = TestApp::new().start().await;
    let nobody = app.nobody();
    let login = nobody.post("/auth/login", json!({"user_name": "admin", "password": app.admin_password})).await;
    let cookie = login.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let body = login.expect(200);
    assert_eq!(body["name"], "admin");
    let session = body["session_id"].as_str().unwrap();

    let by_header = answer(nobody.request("GET", "/auth/me").header("x-cloudomation-session-id", session)).await.expect(200);
    assert_eq!(by_header["identity_id"], body["identity_id"]);
    let pair = cookie.split(';').next().unwrap();
    answer(nobody.request("GET", "/auth/me").header("cookie", pair)).await.expect(200);

    answer(nobody.request("POST", "/auth/logout").header("x-cloudomation-session-id", session)).await.expect(204);
    answer(nobody.request("GET", "/auth/me").header("cookie", pair)).await.refusal(401, "unauthenticated");
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_read_the_same() {
    let app = TestApp::new().start().await;
    let message = async |user: &str| {
        let body = json!({"user_name": user, "password": "not-it"});
        app.nobody().post("/auth/login", body).await.refusal(401, "unauthenticated")
    };
    assert_eq!(message("admin").await, message("no-such-user").await);
}

#[tokio::test]
async fn too_many_wrong_passwords_are_told_how_long_to_wait() {
    let app = TestApp::new().manual_clock().start().await;
    let wrong = json!({"user_name": "admin", "password": "not-it"});
    for _ in 0..5 {
        app.nobody().post("/auth/login", wrong.clone()).await.refusal(401, "unauthenticated");
    }
    let refused = app.nobody().post("/auth/login", wrong).await;
    let seconds: u64 = refused.header("retry-after").parse().expect("a number of seconds");
    refused.refusal(429, "throttled");
    app.clock.advance(Duration::from_secs(seconds));
    app.nobody().post("/auth/login", json!({"user_name": "admin", "password": app.admin_password})).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_after_seven_idle_days() {
    let app = TestApp::new().manual_clock().start().await;
    let login = app.nobody().post("/auth/login", json!({"user_name": "admin", "password": app.admin_password})).await.expect(200);
    let session = login["session_id"].as_str().unwrap();
    let me = || answer(app.nobody().request("GET", "/auth/me").header("x-cloudomation-session-id", session));
    let day = Duration::from_secs(24 * 3600);
    for _ in 0..3 {
        app.clock.advance(6 * day);
        me().await.expect(200);
    }
    app.clock.advance(7 * day + Duration::from_secs(1));
    me().await.refusal(401, "unauthenticated");
}

#[tokio::test]
async fn a_write_by_cookie_needs_our_origin_and_a_write_by_key_does_not() {
    let app = TestApp::new().start().await;
    let login = app.nobody().post("/auth/login", json!({"user_name": "admin", "password": app.admin_password})).await;
    let pair = login.header("set-cookie").split(';').next().unwrap().to_owned();
    let host = app.url.strip_prefix("http://").unwrap();
    let write = |origin: Option<String>| {
        let request = app.nobody().request("POST", "/setting").header("cookie", pair.as_str()).json(&json!({"name": "x", "value": 1}));
        answer(match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        })
    };
    write(None).await.refusal(403, "forbidden");
    write(Some("http://evil.example".into())).await.refusal(403, "forbidden");
    write(Some(format!("http://{host}"))).await.expect(201);
    let by_key = app.admin().request("POST", "/setting").header("origin", "http://evil.example").json(&json!({"name": "y", "value": 1}));
    answer(by_key).await.expect(201);
}

#[tokio::test]
async fn a_key_works_in_both_headers_and_not_after_it_was_revoked() {
    let app = TestApp::new().start().await;
    let made = app.admin().post("/api_key", json!({"name": "ci", "expires_at": "never"})).await.expect(201);
    let (token, id) = (made["token"].as_str().unwrap(), made["api_key"]["id"].as_str().unwrap());
    assert!(token.starts_with(&format!("cldm_{}_", made["api_key"]["prefix"].as_str().unwrap())));
    assert_eq!(made["api_key"]["expires_at"], json!(null));
    assert!(made["api_key"].get("secret_hash").is_none(), "{made}");
    User::with_key(&app.url, token).get("/auth/me").await.expect(200);
    let by_header = || answer(app.nobody().request("GET", "/auth/me").header("x-cloudomation-api-key", token));
    assert_eq!(by_header().await.expect(200)["api_key_id"], id);

    app.admin().delete(&format!("/api_key/{id}")).await.expect(204);
    by_header().await.refusal(401, "unauthenticated");
    let listed = app.admin().get(&format!("/api_key/{id}?plain=true")).await.expect(200);
    assert!(listed["revoked_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(token));
}

#[tokio::test]
async fn a_key_with_scopes_does_less_than_its_user_and_mints_no_keys() {
    let app = TestApp::new().start().await;
    let scopes = json!([{"operation": "READ", "record_type": "SETTING"}]);
    let made = app.admin().post("/api_key", json!({"name": "narrow", "scopes": scopes})).await.expect(201);
    let narrow = User::with_key(&app.url, made["token"].as_str().unwrap());
    app.admin().make("setting", json!({"name": "x", "value": 1})).await;
    assert_eq!(narrow.get("/setting").await.expect(200)["total"], 1);
    narrow.post("/setting", json!({"name": "x", "value": 2})).await.refusal(403, "forbidden");
    narrow.post("/api_key", json!({"name": "wider"})).await.refusal(403, "forbidden");
    assert_eq!(narrow.get("/flow").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn bad_keys_and_bad_requests_for_keys_are_refused() {
    let app = TestApp::new().start().await;
    for key in ["", "cldm_", "cldm_aaaaaaaa_bbbb", "nonsense"] {
        answer(app.nobody().request("GET", "/auth/me").header("x-cloudomation-api-key", key)).await.refusal(401, "unauthenticated");
    }
    let refused = app.admin().post("/api_key", json!({"name": "x", "expire_at": "never"})).await.expect(422);
    assert_eq!((&refused["field"], &refused["details"]["near"][0]), (&json!("/expire_at"), &json!("expires_at")));
    assert_eq!(app.admin().post("/api_key", json!({"name": "x", "expires_at": "soon"})).await.expect(422)["field"], "/expires_at");
    assert_eq!(app.admin().post("/api_key", json!({"name": "x", "user_id": "admin"})).await.expect(422)["field"], "/user_id");
    assert_eq!(app.admin().post("/api_key", json!({})).await.expect(422)["field"], "/name");
}
