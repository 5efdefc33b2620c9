//! Records of any type over HTTP: created, read, changed, deleted, restored, cloned.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::answer;

#[tokio::test]
async fn a_record_is_created_read_changed_and_deleted() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let made = admin.post("/setting", json!({"name": "  colour ", "value": {"r": 1.5}})).await.expect(201);
    let id = made["setting"]["id"].as_str().unwrap();
    assert_eq!(made["setting"]["name"], "colour");
    assert_eq!(admin.get(&format!("/setting/{id}")).await.expect(200), made);
    assert_eq!(admin.get("/setting/colour?by=name&plain=True").await.expect(200), made["setting"]);

    let changed = admin.patch(&format!("/setting/{id}"), json!({"description": "of the door"})).await.expect(200);
    assert_eq!((&changed["setting"]["version"], &changed["setting"]["value"]), (&json!(2), &json!({"r": 1.5})));
    admin.delete(&format!("/setting/{id}")).await.expect(204);
    admin.get("/setting/colour?by=name").await.refusal(404, "not_found");
    assert!(
        admin.get(&format!("/setting/{id}?trash=true")).await.expect(200)["setting"]["deleted_at"].is_string(),
        "what is in the bin can be looked at"
    );
}

#[tokio::test]
async fn a_name_that_exists_is_overwritten_unless_that_is_an_error() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let first = admin.post("/setting?plain=1", json!({"name": "x", "value": 1})).await.expect(201);
    let again = admin.post("/setting?plain=1", json!({"name": "x", "value": 2})).await.expect(200);
    assert_eq!((&again["id"], &again["value"]), (&first["id"], &json!(2)));
    admin.post("/setting?if_exists=error", json!({"name": "x", "value": 3})).await.refusal(409, "conflict");
    assert_eq!(admin.get("/setting/x?by=name&plain=true").await.expect(200)["value"], 2);
}

#[tokio::test]
async fn the_trash_bin_gives_back_what_it_took_unless_the_name_is_taken() {
    let app = TestApp::new().user("stranger").start().await;
    let admin = app.admin();
    let id = admin.make("setting", json!({"name": "x", "value": 1})).await;
    admin.delete(&format!("/setting/{id}")).await.expect(204);
    assert_eq!(admin.get("/setting").await.expect(200)["total"], 0);
    assert_eq!(admin.get("/setting?trash=true").await.expect(200)["items"][0]["id"], json!(id));
    assert!(admin.get(&format!("/setting/{id}")).await.refusal(404, "not_found").contains("in the trash bin"));
    for one in [format!("/setting/{id}?trash=true&plain=true"), "/setting/x?by=name&trash=true&plain=true".to_owned()] {
        let trashed = admin.get(&one).await.expect(200);
        assert!(trashed["id"] == json!(id) && trashed["deleted_at"].is_string(), "{trashed}");
    }
    app.user("stranger").get(&format!("/setting/{id}?trash=true")).await.refusal(404, "not_found");
    let restored = admin.post(&format!("/setting/{id}/restore?plain=true"), Value::Null).await.expect(200);
    admin.get(&format!("/setting/{id}?trash=true")).await.refusal(404, "not_found");
    assert_eq!((&restored["deleted_at"], &restored["value"]), (&Value::Null, &json!(1)));

    admin.delete(&format!("/setting/{id}")).await.expect(204);
    let other = admin.make("setting", json!({"name": "x", "value": 2})).await;
    assert_ne!(other, id, "an upsert never revives a record in the trash bin");
    admin.post(&format!("/setting/{id}/restore"), Value::Null).await.refusal(409, "conflict");
    admin.delete(&format!("/setting/{other}?permanently=true")).await.expect(204);
    admin.post(&format!("/setting/{other}/restore"), Value::Null).await.refusal(404, "not_found");
}

#[tokio::test]
async fn a_clone_has_the_same_columns_but_what_the_body_overrides() {
    let app = TestApp::new().start().await;
    let id = app.admin().make("setting", json!({"name": "x", "value": 1, "description": "d"})).await;
    let clone = app.admin().post(&format!("/setting/{id}/clone?plain=true"), json!({"name": "y", "value": 2})).await.expect(201);
    assert_ne!(clone["id"], json!(id));
    assert_eq!((&clone["name"], &clone["value"], &clone["description"]), (&json!("y"), &json!(2), &json!("d")));
}

#[tokio::test]
async fn a_lost_update_is_refused_and_a_known_version_is_not_sent_again() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let id = admin.make("setting", json!({"name": "x", "value": 1})).await;
    let path = format!("/setting/{id}");
    let tag = admin.get(&path).await.header("etag").to_owned();
    assert_eq!(tag, "\"1\"");
    let write = |tag: &str, value: i64| answer(admin.request("PATCH", &path).header("if-match", tag).json(&json!({"value": value})));
    let written = write(&tag, 2).await;
    assert_eq!(written.header("etag"), "\"2\"");
    written.expect(200);
    write(&tag, 3).await.refusal(412, "precondition_failed");
    write("*", 4).await.expect(200);
    write("\"not-a-version\"", 5).await.refusal(412, "precondition_failed");
    assert_eq!(admin.get(&path).await.expect(200)["setting"]["value"], 4);

    let known = answer(admin.request("GET", &path).header("if-none-match", "\"3\"")).await;
    assert_eq!((known.status, known.text.as_str()), (304, ""));
}

#[tokio::test]
async fn subrecords_have_the_same_routes_and_go_with_their_parent() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let setting = admin.make("setting", json!({"name": "x", "value": 1})).await;
    let made = admin.post("/record_metadata?plain=true", json!({"record_id": setting, "key": "owner", "data": ["anna"]})).await.expect(201);
    let id = made["id"].as_str().unwrap();
    admin.patch(&format!("/record_metadata/{id}"), json!({"data": 5})).await.expect(200);
    assert_eq!(admin.get(&format!("/record_metadata/{id}?plain=true")).await.expect(200)["data"], 5);
    admin.get(&format!("/record_metadata/{id}?by=name")).await.refusal(400, "malformed");
    admin.delete(&format!("/setting/{setting}?permanently=true")).await.expect(204);
    admin.get(&format!("/record_metadata/{id}")).await.refusal(404, "not_found");
}

#[tokio::test]
async fn fields_choose_columns_and_sealed_ones_are_never_shown() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let id = admin.make("user", json!({"name": "anna", "password": "a long enough one"})).await;
    let user = admin.get(&format!("/user/{id}?plain=true")).await.expect(200);
    assert_eq!((user.get("password"), &user["has_password"]), (None, &json!(true)));
    let some = admin.get(&format!("/user/{id}?plain=true&fields=name,id")).await.expect(200);
    assert_eq!(some, json!({"name": "anna", "id": id}));
    let refused = admin.get(&format!("/user/{id}?fields=nam")).await;
    assert!(refused.refusal(422, "invalid").contains("'name'"));
    admin.get(&format!("/user/{id}?fields=password")).await.refusal(422, "invalid");
}

#[tokio::test]
async fn what_an_actor_may_not_read_does_not_exist_and_what_it_may_not_change_is_forbidden() {
    let app = TestApp::new().user("stranger").user_with("reader", &["User"]).start().await;
    let id = app.admin().make("setting", json!({"name": "x", "value": 1})).await;
    let path = format!("/setting/{id}");
    let unseen = app.user("stranger").get(&path).await.refusal(404, "not_found");
    let absent = app.user("stranger").get("/setting/00000000-0000-7000-8000-000000000000").await.refusal(404, "not_found");
    assert_eq!(unseen.replace(&id, ""), absent.replace("00000000-0000-7000-8000-000000000000", ""));
    app.user("stranger").patch(&path, json!({"value": 2})).await.refusal(404, "not_found");
    assert_eq!(app.user("stranger").get("/setting").await.expect(200)["total"], 0);
    app.user("stranger").post("/setting", json!({"name": "x", "value": 2})).await.refusal(409, "conflict");

    app.user("reader").get(&path).await.expect(200);
    let forbidden = app.user("reader").patch(&path, json!({"value": 2})).await.refusal(403, "forbidden");
    assert!(forbidden.contains("UPDATE") && forbidden.contains("SETTING"), "{forbidden}");
}

#[tokio::test]
async fn a_record_that_was_changed_meanwhile_is_not_deleted_by_who_says_what_it_has_seen() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let id = admin.make("setting", json!({"name": "x", "value": 1})).await;
    let path = format!("/setting/{id}");
    let seen = admin.get(&path).await.header("etag").to_owned();
    admin.patch(&path, json!({"value": 2})).await.expect(200);
    let delete = |path: &str, tag: &str| answer(admin.request("DELETE", path).header("if-match", tag));
    delete(&path, &seen).await.refusal(412, "precondition_failed");
    delete(&format!("{path}?permanently=true"), &seen).await.refusal(412, "precondition_failed");
    let now = admin.get(&path).await.header("etag").to_owned();
    delete(&path, &now).await.expect(204);
    delete(&format!("{path}?permanently=true"), "*").await.expect(204);
}
