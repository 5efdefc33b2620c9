//! The history of records over HTTP: who changed what and why, and the way back.

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn every_change_of_a_record_is_a_version_with_who_when_and_why() {
    let app = TestApp::new().user("other").start().await;
    let admin = app.admin();
    let script = |line: &str| format!("def handler(system, this):\n    {line}\n    return 1\n");
    let made = admin.post("/flow?plain=true", json!({"name": "f", "script": script("a = 1"), "commit_message": "first"})).await.expect(201);
    let path = format!("/flow/{}", made["id"].as_str().expect("an id"));
    admin.patch(&path, json!({"script": script("a = 2"), "commit_message": "second"})).await.expect(200);
    admin.patch(&path, json!({"script": script("a = 2")})).await.expect(200);
    admin.delete(&path).await.expect(204);
    let trashed = admin.get(&format!("{path}/versions")).await.expect(200);
    assert_eq!(trashed["total"], 3, "a change of nothing is none, and what is in the trash bin keeps its history");
    admin.post(&format!("{path}/restore"), Value::Null).await.expect(200);

    let listed = admin.get("/flow/f/versions?by=name&plain=true").await.expect(200);
    let seen = |n: usize| (listed[n]["operation"].clone(), listed[n]["commit_message"].clone());
    assert_eq!(seen(0), (json!("restore"), Value::Null));
    assert_eq!(seen(2), (json!("update"), json!("second")));
    assert_eq!(seen(3), (json!("create"), json!("first")));
    assert_eq!(listed[3]["created_by"], made["created_by"]);
    assert!(listed[0].get("content").is_none(), "{listed}");

    let diff = admin.get(&format!("{path}/versions/1/diff")).await.expect(200);
    let changes = diff["changes"].as_array().expect("a list");
    assert_eq!((changes.len(), &changes[0]["column"]), (1, &json!("script")), "{diff}");
    assert!(changes[0]["diff"].as_str().is_some_and(|text| text.contains("-    a = 1\n+    a = 2\n")), "{diff}");
    let none = admin.get(&format!("{path}/versions/2/diff?with=4")).await.expect(200);
    assert_eq!(none["changes"], json!([]));

    let back = admin.post(&format!("{path}/versions/1/restore?plain=true"), json!({"commit_message": "as it was"})).await.expect(200);
    assert_eq!((&back["script"], &back["version"]), (&json!(script("a = 1")), &json!(5)));
    let newest = admin.get(&format!("{path}/versions/5?plain=true")).await.expect(200);
    assert_eq!((&newest["commit_message"], &newest["content"]["script"]), (&json!("as it was"), &back["script"]));
    admin.get(&format!("{path}/versions/9")).await.refusal(404, "not_found");
    admin.get(&format!("{path}/versions/x")).await.refusal(400, "malformed");
    app.user("other").get(&format!("{path}/versions")).await.refusal(404, "not_found");
}

#[tokio::test]
async fn a_file_goes_back_to_its_old_content_and_sealed_columns_are_in_no_version() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let id = admin.make("file", json!({"name": "a.txt", "content": "b25l"})).await;
    admin.patch(&format!("/file/{id}"), json!({"content": "dHdv"})).await.expect(200);
    admin.post(&format!("/file/{id}/versions/1/restore"), Value::Null).await.expect(200);
    let content = admin.get(&format!("/file/{id}/content")).await;
    assert_eq!(content.text, "one");

    let user = admin.make("user", json!({"name": "anna", "password": "a long enough password"})).await;
    let version = admin.get(&format!("/user/{user}/versions/1")).await.expect(200);
    assert!(version["record_version"]["content"].get("password").is_none(), "{version}");
}

#[tokio::test]
async fn settings_that_flows_save_have_versions_only_when_they_say_why() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "def handler(system, this):\n    system.setting('s').save(value=1)\n    system.setting('s').save(value=2)\n    \
                  system.setting('s').save(value=3, commit_message='counted')\n";
    admin.flow("counts", script).await;
    let ended = admin.post("/execution?wait=true&plain=true", json!({"flow_name": "counts"})).await.expect(201);
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    let listed = admin.get("/setting/s/versions?by=name&plain=true").await.expect(200);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!((&listed[0]["commit_message"], &listed[0]["number"]), (&json!("counted"), &json!(3)));
}
