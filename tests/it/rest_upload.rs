//! Promised uploads: an address that takes a file's content once and soon, without a key, as who asked for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{User, answer};

/// Asks for an upload and gives its path below the interface's base.
async fn promised(user: &User, body: Value) -> String {
    path(&user.post("/file/upload", body).await.expect(201))
}

fn path(upload: &Value) -> String {
    let url = upload["upload_url"].as_str().expect("an upload has an address");
    let (root, path) = url.split_once("/api/latest").expect("it is one of this interface");
    assert!(root.starts_with("http://127.0.0.1:"), "{url}");
    path.to_owned()
}

#[tokio::test]
async fn a_promised_upload_takes_one_content_without_a_key() {
    let app = TestApp::new().start().await;
    let (admin, nobody) = (app.admin(), app.nobody());
    let promise = json!({"name": "in/ü.txt", "size": 10, "content_type": "text/plain", "description": "sent"});
    let upload = admin.post("/file/upload", promise).await.expect(201);
    assert_eq!((&upload["method"], &upload["limit_bytes"]), (&json!("PUT"), &json!(10)));
    admin.get("/file/in%2F%C3%BC.txt?by=name").await.refusal(404, "not_found");
    let path = path(&upload);
    answer(nobody.request("PUT", &path).body("eleven bytes")).await.refusal(413, "too_large");
    let made = answer(nobody.request("PUT", &format!("{path}?plain=true")).body("hello")).await.expect(201);
    assert_eq!((&made["name"], &made["content_type"], &made["description"]), (&json!("in/ü.txt"), &json!("text/plain"), &json!("sent")));
    let me = admin.get("/auth/me").await.expect(200);
    assert_eq!((&made["created_by"], &made["content_size_bytes"]), (&me["identity_id"], &json!(5)));
    answer(nobody.request("PUT", &path).body("again")).await.refusal(409, "conflict");
    let read = admin.get("/file/in%2F%C3%BC.txt/content?by=name").await;
    assert_eq!((read.text.as_str(), read.header("content-type")), ("hello", "text/plain"));
    let entries = admin.get("/audit?plain=true&order=-seq&limit=1").await.expect(200);
    assert_eq!((&entries[0]["operation"], &entries[0]["record_name"]), (&json!("create"), &json!("in/ü.txt")), "{entries}");
}

#[tokio::test]
async fn of_two_who_send_at_once_one_is_refused() {
    let app = TestApp::new().start().await;
    let path = promised(app.admin(), json!({"name": "x"})).await;
    let send = |body: &'static str| answer(app.nobody().request("PUT", &path).body(body.repeat(500_000)));
    let (one, other) = tokio::join!(send("one"), send("two"));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409], "{} {}", one.text, other.text);
    let kept = app.admin().get("/file/x/content?by=name").await.text;
    assert!(kept.starts_with(if one.status == 201 { "oneone" } else { "twotwo" }));
}

#[tokio::test]
async fn an_address_is_good_for_a_while_and_only_as_it_was_given() {
    let app = TestApp::new().manual_clock().start().await;
    let (admin, nobody) = (app.admin(), app.nobody());
    let path = promised(admin, json!({"name": "x"})).await;
    let (_, token) = path.rsplit_once('/').expect("a path");
    let [id, end, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let later = end.parse::<i64>().expect("seconds") + 1;
    let other = promised(admin, json!({"name": "y"})).await;
    let other_id = other.rsplit('/').next().and_then(|token| token.split('.').next()).expect("an id");
    for forged in [
        format!("{id}.{later}.{signature}"),
        format!("{other_id}.{end}.{signature}"),
        format!("{id}.{end}.{}", signature.replace(|c: char| c.is_ascii_digit(), "f")),
        format!("{id}.{end}.{}", &signature[1..]),
        format!("{id}.{end}"),
        format!("{}.{end}.{signature}", id.to_uppercase()),
        "rubble".to_owned(),
        "%00.1.x".to_owned(),
    ] {
        answer(nobody.request("PUT", &format!("/upload/{forged}")).body("x")).await.refusal(403, "forbidden");
    }
    app.clock.advance(Duration::from_secs(899));
    answer(nobody.request("PUT", &path).body("in time")).await.expect(201);
    app.clock.advance(Duration::from_secs(2));
    let late = answer(nobody.request("PUT", &other).body("late")).await.refusal(403, "forbidden");
    assert!(late.contains("good until"), "{late}");
    assert_eq!(app.service.sweep().await.expect("a sweep"), 2, "what nobody can use goes");
    admin.get("/file/y?by=name").await.refusal(404, "not_found");
}

#[tokio::test]
async fn what_could_not_be_written_is_not_promised() {
    let app =
        TestApp::new().user("stranger").user_with("reader", &["User"]).config(|config| config.server.file_limit_bytes = 1000).start().await;
    let admin = app.admin();
    admin.make("file", json!({"name": "there"})).await;
    admin.post("/file/upload", json!({"name": "x", "size": 1001})).await.refusal(413, "too_large");
    admin.post("/file/upload", json!({"size": 1})).await.refusal(422, "invalid");
    admin.post("/file/upload", json!({"name": "x", "sice": 1})).await.refusal(422, "invalid");
    admin.post("/file/upload", json!({"name": "x", "project_name": "none"})).await.refusal(404, "not_found");
    admin.post("/file/upload?if_exists=error", json!({"name": "there"})).await.refusal(409, "conflict");
    app.nobody().post("/file/upload", json!({"name": "x"})).await.refusal(401, "unauthenticated");
    for name in ["there", "x"] {
        app.user("reader").post("/file/upload", json!({"name": name})).await.refusal(403, "forbidden");
    }
    app.user("stranger").post("/file/upload", json!({"name": "x"})).await.refusal(403, "forbidden");
    app.user("stranger").post("/file/upload", json!({"name": "there"})).await.refusal(409, "conflict");

    let path = promised(admin, json!({"name": "there"})).await;
    answer(app.nobody().request("PUT", &path).body(vec![0; 1001])).await.refusal(413, "too_large");
    answer(app.nobody().request("PUT", &path).body("new")).await.expect(200);
    assert_eq!(admin.get("/file/there/content?by=name").await.text, "new");
    admin.post("/file/upload", json!({"name": "there", "project_id": null, "size": 0})).await.expect(201);
}

#[tokio::test]
async fn who_has_lost_the_right_meanwhile_writes_nothing() {
    let app = TestApp::new().user_with("writer", &["Developer"]).start().await;
    let (admin, nobody) = (app.admin(), app.nobody());
    let me = app.user("writer").get("/auth/me").await.expect(200);
    let key = admin.post("/api_key", json!({"name": "short", "user_id": me["identity_id"]})).await.expect(201);
    let by_key = User::with_key(&app.url, key["token"].as_str().expect("a token"));
    let (revoked, demoted) = (promised(&by_key, json!({"name": "a"})).await, promised(app.user("writer"), json!({"name": "b"})).await);
    admin.delete(&format!("/api_key/{}", key["api_key"]["id"].as_str().expect("an id"))).await.expect(204);
    answer(nobody.request("PUT", &revoked).body("x")).await.refusal(403, "forbidden");

    let of_writer = json!({"field": "identity_id", "op": "eq", "value": me["identity_id"]}).to_string();
    let held = answer(admin.request("GET", "/identity_role?plain=true").query(&[("filter", of_writer)])).await.expect(200);
    for role in held.as_array().expect("a list") {
        admin.delete(&format!("/identity_role/{}", role["id"].as_str().expect("an id"))).await.expect(204);
    }
    answer(nobody.request("PUT", &demoted).body("x")).await.refusal(403, "forbidden");
    assert_eq!(admin.get("/file").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn an_agent_gets_an_address_for_what_is_too_large_for_a_call() {
    let app = TestApp::new().config(|config| config.server.public_url = "https://flows.example.com/".to_owned()).start().await;
    let agent = app.agent("admin");
    let upload = agent.ok("create_upload", json!({"name": "data.csv", "size": 3, "content_type": "text/csv"})).await;
    let url = upload["upload_url"].as_str().expect("an address");
    let path = url.strip_prefix("https://flows.example.com/api/latest").expect("as clients reach this server");
    assert!(upload["example"].as_str().is_some_and(|example| example.contains(url)), "{upload}");
    answer(app.nobody().request("PUT", path).body("a,b")).await.expect(201);
    let refused = agent.refused("create_upload", json!({"name": "data.csv"}), "conflict").await;
    assert!(refused.line["hint"].as_str().is_some_and(|hint| hint.contains("overwrite")), "{refused:?}");
    agent.ok("create_upload", json!({"name": "data.csv", "if_exists": "overwrite"})).await;
}
