//! Records of every type, made anew for whoever needs one to act on.

use std::sync::atomic::{AtomicU64, Ordering};

use flowstead::records;
use flowstead::service::{Row, Service};
use flowstead::store::{Unit, Write};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::User;

/// A name that no other record has.
pub fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("fixture {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A name that no other record has and that one of this type may have.
pub fn fresh_name_of(of: &str) -> String {
    match of {
        "mcp_user_tool" => fresh_name().replace(' ', "_"),
        _ => fresh_name(),
    }
}

/// What creates a record of this type, with its parents made first.
pub async fn body(admin: &User, of: &str) -> Value {
    match of {
        "role_permission" => json!({"role_id": record(admin, "role").await, "operation": "READ", "permission_record_type": "FLOW"}),
        "identity_role" => json!({"identity_id": record(admin, "user").await, "role_id": record(admin, "role").await}),
        "api_key" => json!({"name": fresh_name(), "user_id": record(admin, "user").await}),
        "record_metadata" => json!({"record_id": record(admin, "setting").await, "key": "k", "data": 1}),
        "execution" => json!({"script": "def handler(system, this):\n    pass\n", "run": false}),
        "flow" => json!({"name": fresh_name(), "script": "def handler(system, this):\n    pass\n"}),
        "setting" => json!({"name": fresh_name(), "value": 1}),
        "mcp_user_tool" => json!({"name": fresh_name_of(of), "flow_id": record(admin, "flow").await}),
        "bundle_repository" => json!({"name": fresh_name(), "url": "https://git.example.com/bundles"}),
        "schema" => json!({"name": fresh_name(), "value": {"type": "integer"}}),
        "connector" => json!({"name": fresh_name(), "connector_type": "REST"}),
        "schedule" => json!({"name": fresh_name(), "flow_id": record(admin, "flow").await, "configuration": {"interval_seconds": 60}}),
        "scheduler" => json!({"name": fresh_name(), "script": "def handler(system, this, inputs):\n    pass\n"}),
        "webhook" | "wrapper" => json!({"name": fresh_name(), "flow_id": record(admin, "flow").await}),
        "object_template_attribute" => {
            json!({"object_template_id": record(admin, "object_template").await, "name": fresh_name(), "datatype": "STRING"})
        }
        "custom_object" => json!({"name": fresh_name(), "object_template_id": record(admin, "object_template").await}),
        "plugin_action" => json!({"plugin_id": record(admin, "plugin").await, "name": fresh_name(), "action_record_type": "FLOW"}),
        "record_tag" => json!({"record_id": record(admin, "setting").await, "tag_id": record(admin, "tag").await}),
        "resource_wrapper" => json!({"resource_id": record(admin, "flow").await, "wrapper_id": record(admin, "wrapper").await}),
        "oauth" => json!({"name": fresh_name(), "provider": "google", "client_id": "flows"}),
        "vault_config" | "devolutions_config" => json!({"name": fresh_name(), "url": "https://vault.example.com"}),
        "ldap_config" => json!({"name": fresh_name(), "url": "ldaps://ldap.example.com", "base_dn": "dc=example,dc=com"}),
        "sync_config" => json!({"name": fresh_name(), "remote_url": "https://git.example.com/flows.git"}),
        "message" => json!({"subject": fresh_name()}),
        _ => json!({"name": fresh_name()}),
    }
}

/// The name of an enabled webhook that needs no key.
pub async fn open_webhook(admin: &User) -> String {
    let mut webhook = body(admin, "webhook").await;
    webhook["is_enabled"] = json!(true);
    webhook["is_key_required"] = json!(false);
    admin.make("webhook", webhook.clone()).await;
    webhook["name"].as_str().expect("a webhook has a name").to_owned()
}

/// A change that a record of this type takes.
pub fn change(of: &str) -> Value {
    match of {
        "role_permission" => json!({"operation": "UPDATE"}),
        "identity_role" => json!({"propagate": true}),
        "api_key" => json!({"name": fresh_name()}),
        "record_metadata" => json!({"data": 2}),
        "record_tag" => json!({}),
        "resource_wrapper" => json!({"position": 1}),
        _ => json!({"description": "changed"}),
    }
}

/// The id of a new record of this type; of the one there is, where none can be made.
pub async fn record(admin: &User, of: &str) -> String {
    if matches!(of, "workspace" | "organization" | "audit") {
        let list = admin.get(&format!("/{of}?plain=true")).await.expect(200);
        return list[0]["id"].as_str().expect("there is one").to_owned();
    }
    let body = Box::pin(body(admin, of)).await;
    let made = admin.post(&format!("/{of}"), body).await.expect(201);
    made[of]["id"].as_str().unwrap_or_else(|| panic!("{made} has no id")).to_owned()
}

/// The id of a new record of this type, whoever makes it: those that the server keeps are put into the store.
pub async fn any_record(service: &Service, admin: &User, of: &'static str) -> String {
    let Some(ty) = records::find(of).filter(|ty| ty.is_kept() && of != "audit") else { return record(admin, of).await };
    let id = Uuid::now_v7().to_string();
    let mut row = Row::new();
    let own: &[(&str, Value)] = match of {
        "process" => &[("name", json!("slot 1")), ("kind", json!("slot")), ("status", json!("idle"))],
        "savepoint" => &[("execution_id", json!(record(admin, "execution").await)), ("name", json!("here")), ("seq", json!(1))],
        "record_version" => &[
            ("record_id", json!(record(admin, "setting").await)),
            ("parent_type", json!("SETTING")),
            ("number", json!(99)),
            ("operation", json!("update")),
            ("content", json!({})),
        ],
        other => panic!("{other} is kept by the server: say what a row of it has"),
    };
    let stamp = "2026-11-21T09:00:00.000000+00:00";
    let head = [("id", json!(id)), ("version", json!(1)), ("created_at", json!(stamp)), ("modified_at", json!(stamp))];
    for (column, value) in head.iter().chain(own) {
        row.set(*column, value.clone());
    }
    let write = Write::Insert { table: ty.singular, key: &["id"], row };
    service.store().submit(Unit { writes: vec![write], lazy: false }).wait().await.expect("the row is written");
    id
}
