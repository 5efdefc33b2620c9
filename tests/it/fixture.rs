//! Records of every type, made anew for whoever needs one to act on.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

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
        _ => json!({"name": fresh_name()}),
    }
}

/// A change that a record of this type takes.
pub fn change(of: &str) -> Value {
    match of {
        "role_permission" => json!({"operation": "UPDATE"}),
        "identity_role" => json!({"propagate": true}),
        "api_key" => json!({"name": fresh_name()}),
        "record_metadata" => json!({"data": 2}),
        _ => json!({"description": "changed"}),
    }
}

/// The id of a new record of this type; of the one workspace, which cannot be made.
pub async fn record(admin: &User, of: &str) -> String {
    if of == "workspace" {
        let list = admin.get("/workspace?plain=true").await.expect(200);
        return list[0]["id"].as_str().expect("there is a workspace").to_owned();
    }
    let body = Box::pin(body(admin, of)).await;
    let made = admin.post(&format!("/{of}"), body).await.expect(201);
    made[of]["id"].as_str().unwrap_or_else(|| panic!("{made} has no id")).to_owned()
}
