//! Every record type through its whole life: made, read, changed, found, deleted, brought back; and who may.

use std::fmt::Write;

use flowstead::records::{RecordType, TYPES};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use crate::fixture;

fn query(filter: &Value) -> String {
    let mut out = String::from("filter=");
    for byte in filter.to_string().bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
    out
}

async fn found(user: &User, of: &RecordType, id: &str) -> bool {
    let filter = query(&json!({"field": "id", "op": "eq", "value": id}));
    let list = user.get(&format!("/{}?{filter}", of.singular)).await.expect(200);
    assert_eq!(list["total"], list["items"].as_array().map(Vec::len).unwrap_or_default(), "{}", of.name);
    list["total"] == 1
}

/// What was sent is what is shown.
fn assert_shown(of: &RecordType, shown: &Value, sent: &Value) {
    for (column, value) in sent.as_object().expect("a body is an object") {
        if let Some(seen) = shown.get(column) {
            assert_eq!(seen, value, "{}.{column}", of.name);
        }
    }
}

async fn life(admin: &User, reader: &User, of: &'static RecordType) {
    let name = of.singular;
    let body = fixture::body(admin, name).await;
    let made = admin.post(&format!("/{name}?plain=true"), body.clone()).await.expect(201);
    assert_shown(of, &made, &body);
    let id = made["id"].as_str().expect("a record has an id").to_owned();
    let path = format!("/{name}/{id}");
    assert_eq!(admin.get(&format!("{path}?plain=true")).await.expect(200), made, "{name}");
    assert!(found(admin, of, &id).await && found(reader, of, &id).await, "{name}");

    let change = fixture::change(name);
    reader.patch(&path, change.clone()).await.refusal(403, "forbidden");
    let changed = admin.patch(&format!("{path}?plain=true"), change.clone()).await.expect(200);
    assert_shown(of, &changed, &change);
    let whole = admin.get(&format!("{path}?plain=true")).await.expect(200);
    assert_eq!(
        admin.patch(&format!("{path}?plain=true"), whole.clone()).await.expect(200),
        whole,
        "{name}: sent back whole, nothing changes"
    );

    if of.field("is_readonly").is_some() {
        admin.patch(&path, json!({"is_readonly": true})).await.expect(200);
        admin.patch(&path, json!({"description": "no"})).await.refusal(403, "forbidden");
        admin.delete(&path).await.refusal(403, "forbidden");
        admin.patch(&path, json!({"is_readonly": false})).await.expect(200);
    }
    reader.delete(&path).await.refusal(403, "forbidden");
    admin.delete(&path).await.expect(204);
    admin.get(&path).await.refusal(404, "not_found");
    assert!(!found(admin, of, &id).await, "{name}");
    if of.has_trash() {
        let back = admin.post(&format!("{path}/restore?plain=true"), Value::Null).await.expect(200);
        assert_eq!((&back["id"], &back["deleted_at"]), (&json!(id), &Value::Null), "{name}");
        admin.delete(&format!("{path}?permanently=true")).await.expect(204);
        admin.get(&format!("{path}?trash=true")).await.refusal(404, "not_found");
    }
}

#[tokio::test]
async fn every_type_is_made_read_changed_found_deleted_and_brought_back() {
    let app = TestApp::new().user("reader").start().await;
    let admin = app.admin();
    let reads_all = admin.make("role", json!({"name": "reads all"})).await;
    admin.make("role_permission", json!({"role_id": reads_all, "operation": "READ"})).await;
    let me = app.user("reader").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": reads_all})).await;
    let types: Vec<_> = TYPES.iter().filter(|of| of.is_created()).collect();
    assert!(types.len() > 30);
    for of in types {
        life(admin, app.user("reader"), of).await;
    }
}

#[tokio::test]
async fn what_is_no_value_of_a_column_is_refused_with_its_place() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = fixture::record(admin, "flow").await;
    let template = fixture::record(admin, "object_template").await;
    let plugin = fixture::record(admin, "plugin").await;
    for (of, body, pointer) in [
        ("tag", json!({"name": "t", "color": "red"}), "/color"),
        ("bundle_repository", json!({"name": "t", "url": "example.com"}), "/url"),
        ("secret", json!({"name": "t", "allowed_hosts": ["https://a.example"]}), "/allowed_hosts"),
        ("connector", json!({"name": "t", "connector_type": "REST", "value": [1]}), "/value"),
        ("connector", json!({"name": "t", "connector_type": "SOAPY"}), "/connector_type"),
        ("schema", json!({"name": "t", "value": {"type": "strin"}}), "/value/type"),
        ("wrapper", json!({"name": "t", "flow_id": flow, "input_schema": {"type": 5}}), "/input_schema/type"),
        ("schedule", json!({"name": "t", "flow_id": flow, "configuration": {"cron": "soon"}}), "/configuration/cron"),
        ("plugin_action", json!({"plugin_id": plugin, "name": "t", "action_record_type": "FLOWS"}), "/action_record_type"),
        ("object_template_attribute", json!({"object_template_id": template, "name": "t", "datatype": "BLOB"}), "/datatype"),
        (
            "object_template_attribute",
            json!({"object_template_id": template, "name": "t", "datatype": "STRING", "reference_record_type": "FLOW"}),
            "/reference_record_type",
        ),
        (
            "object_template_attribute",
            json!({"object_template_id": template, "name": "t", "datatype": "OBJECT_TEMPLATE_REFERENCE"}),
            "/reference_object_template_id",
        ),
    ] {
        let refused = admin.post(&format!("/{of}"), body.clone()).await;
        assert_eq!((refused.status, refused.body["field"].as_str()), (422, Some(pointer)), "{of} {body}: {}", refused.body);
    }
}

#[tokio::test]
async fn a_pair_is_one_row_however_often_it_is_made() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    for of in TYPES.iter().filter(|of| of.pair().is_some()) {
        let body = fixture::body(admin, of.singular).await;
        let first = admin.post(&format!("/{}?plain=true", of.singular), body.clone()).await.expect(201);
        let second = admin.post(&format!("/{}?plain=true", of.singular), body.clone()).await.expect(200);
        assert_eq!(first["id"], second["id"], "{}", of.name);
        admin.post(&format!("/{}?if_exists=error", of.singular), body).await.refusal(409, "conflict");
    }
}

#[tokio::test]
async fn schedules_say_when_they_run_next_and_connectors_which_secrets_they_use() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = fixture::record(admin, "flow").await;
    let body = json!({"name": "nightly", "flow_id": flow, "configuration": {"cron": "0 3 * * *", "timezone": "Europe/Vienna"}});
    let made = admin.post("/schedule?plain=true", body).await.expect(201);
    assert_eq!(made["next_runs"], json!([]), "it is not enabled");
    let id = made["id"].as_str().expect("an id");
    let enabled = admin.patch(&format!("/schedule/{id}?plain=true"), json!({"is_enabled": true})).await.expect(200);
    assert_eq!(enabled["next_runs"].as_array().map(Vec::len), Some(5), "{enabled}");
    let listed = admin.get("/schedule?plain=true&fields=next_runs").await.expect(200);
    assert_eq!(listed[0]["next_runs"], enabled["next_runs"]);

    let value = json!({"url": "https://api.example.com", "headers": {"authorization": "Bearer secret(api token)"}});
    let connector = admin.post("/connector?plain=true", json!({"name": "c", "connector_type": "REST", "value": value})).await.expect(201);
    assert_eq!(connector["secrets"], json!(["api token"]));
}
