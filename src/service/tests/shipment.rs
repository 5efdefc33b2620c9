//! Shipped roles of a store that an older server made.

use serde_json::json;

use super::*;
use crate::service::shipped::TRIGGER;

const FACT: &str = "shipped_roles";

impl World {
    async fn role(&self, name: &str) -> Option<Uuid> {
        self.service.record_get(&self.admin, of("ROLE"), &Selector::Name(name.into()), None).await.ok().map(|found| found.id)
    }

    /// `OPERATION TYPE project` of what the role allows, with the id of the row.
    async fn allowed(&self, name: &str) -> Vec<(String, Uuid)> {
        let filter = Some(json!({ "field": "role_id", "op": "eq", "value": self.role(name).await }));
        let request = ListRequest { filter, limit: Some(1000), ..ListRequest::default() };
        let rows = self.service.record_list(&self.admin, of("ROLE_PERMISSION"), &request).await.unwrap().items;
        let text = |row: &Map<String, Value>, column: &str| row[column].as_str().unwrap_or("any").to_owned();
        let shown = |row: &Map<String, Value>| format!("{} {}", text(row, "operation"), text(row, "permission_record_type"));
        rows.iter().map(|row| (shown(row), row["id"].as_str().unwrap().parse().unwrap())).collect()
    }

    async fn allows(&self, name: &str, wanted: &str) -> bool {
        self.allowed(name).await.iter().any(|(shown, _)| shown == wanted)
    }

    async fn take(&self, name: &str, wanted: &str) {
        let (_, id) = self.allowed(name).await.into_iter().find(|(shown, _)| shown == wanted).expect("it is allowed");
        self.service.record_delete(&self.admin, of("ROLE_PERMISSION"), &Selector::Id(id), false).await.unwrap().wait().await.unwrap();
    }

    async fn remove(&self, name: &str) {
        let role = Selector::Id(self.role(name).await.expect("it is there"));
        self.service.record_delete(&self.admin, of("ROLE"), &role, true).await.unwrap().wait().await.unwrap();
    }

    /// The store as one that was never shipped `gone` of the role, and remembers that.
    async fn older(&self, name: &str, gone: (&str, &str)) {
        self.take(name, &format!("{} {}", if gone.0.is_empty() { "any" } else { gone.0 }, gone.1)).await;
        let mut fact: Value = serde_json::from_str(&self.service.store().meta(FACT, "{}").await.unwrap()).unwrap();
        let list = fact[name]["permissions"].as_array_mut().unwrap();
        list.retain(|pair| pair != &json!([gone.0, gone.1]));
        self.service.store().meta_set(FACT, &fact.to_string()).await.unwrap();
    }

    async fn start_again(&self) {
        assert!(self.service.seed().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_shipped_role_gains_what_a_newer_server_ships_with_it_and_keeps_what_was_added() {
    let world = World::new().await;
    world.older("Admin", ("READ", "AUDIT")).await;
    let admin = world.role("Admin").await;
    world
        .make(&world.admin, "ROLE_PERMISSION", json!({ "role_id": admin, "operation": "CREATE", "permission_record_type": "WORKSPACE" }))
        .await
        .unwrap();
    let before = world.allowed("Admin").await.len();
    world.start_again().await;
    assert!(world.allows("Admin", "READ AUDIT").await);
    assert_eq!(world.allowed("Admin").await.len(), before + 1);
    world.start_again().await;
    assert_eq!(world.allowed("Admin").await.len(), before + 1, "once");
    let filter = Some(json!({ "field": "record_id", "op": "eq", "value": admin }));
    let entries = world.service.record_list(&world.admin, of("AUDIT"), &ListRequest { filter, ..ListRequest::default() }).await.unwrap();
    assert_eq!(entries.items.last().unwrap()["details"]["shipped_permissions"], json!([["READ", "AUDIT"]]));
}

#[tokio::test]
async fn a_role_that_was_narrowed_or_renamed_by_hand_stays_as_it_is() {
    let world = World::new().await;
    for role in ["Admin", "Operator"] {
        world.older(role, ("", "WEBHOOK")).await;
    }
    world.take("Admin", "any FLOW").await;
    world.change(&world.admin, "ROLE", world.role("Operator").await.unwrap(), json!({ "name": "Night shift" })).await.unwrap();
    world.start_again().await;
    assert!(!world.allows("Admin", "any WEBHOOK").await && !world.allows("Admin", "any FLOW").await);
    assert!(!world.allows("Night shift", "any WEBHOOK").await);
    assert!(world.role("Operator").await.is_none());
}

#[tokio::test]
async fn a_permission_limited_to_a_project_by_hand_counts_as_narrowed() {
    let world = World::new().await;
    world.older("User", ("READ", "PLUGIN")).await;
    let project = world.project("p").await;
    let (_, id) = world.allowed("User").await.into_iter().find(|(shown, _)| shown == "READ FLOW").unwrap();
    world.change(&world.admin, "ROLE_PERMISSION", id, json!({ "project_id": project })).await.unwrap();
    world.start_again().await;
    assert!(!world.allows("User", "READ PLUGIN").await);
}

#[tokio::test]
async fn what_was_taken_away_by_hand_does_not_come_back() {
    let world = World::new().await;
    world.take("User", "READ SETTING").await;
    world.remove("Agent runner").await;
    world.start_again().await;
    assert!(!world.allows("User", "READ SETTING").await);
    assert!(world.role("Agent runner").await.is_none());
}

#[tokio::test]
async fn a_role_that_is_new_is_made_unless_somebody_has_one_of_that_name() {
    for is_taken in [false, true] {
        let world = World::new().await;
        world.remove(TRIGGER).await;
        let mut fact: Value = serde_json::from_str(&world.service.store().meta(FACT, "{}").await.unwrap()).unwrap();
        fact.as_object_mut().unwrap().shift_remove(TRIGGER);
        world.service.store().meta_set(FACT, &fact.to_string()).await.unwrap();
        if is_taken {
            world.make(&world.admin, "ROLE", json!({ "name": TRIGGER })).await.unwrap();
        }
        world.start_again().await;
        assert_eq!(world.allowed(TRIGGER).await.len(), if is_taken { 0 } else { 4 });
    }
}

/// Stores that are older than the memory of what was shipped: what no role knows of yet is new.
#[tokio::test]
async fn a_store_that_remembers_nothing_gains_the_types_that_none_of_its_roles_names() {
    let world = World::new().await;
    for role in ["User", "Developer", "Operator", "Admin", "Agent runner", "Agent author"] {
        for (shown, _) in world.allowed(role).await {
            if shown.ends_with(" SCHEMA") || shown.ends_with(" OAUTH") {
                world.take(role, &shown).await;
            }
        }
    }
    world.take("User", "READ SETTING").await;
    let admin = world.role("Admin").await;
    world
        .make(&world.admin, "ROLE_PERMISSION", json!({ "role_id": admin, "operation": "CREATE", "permission_record_type": "WORKSPACE" }))
        .await
        .unwrap();
    world.remove("Agent runner").await;
    world.remove(TRIGGER).await;
    world.service.store().meta_set(FACT, "{}").await.unwrap();
    world.start_again().await;
    assert!(world.allows("User", "READ SCHEMA").await && world.allows("Developer", "any SCHEMA").await);
    assert!(world.allows("Operator", "any OAUTH").await);
    assert!(!world.allows("User", "READ SETTING").await, "a type that its roles name is not new");
    assert!(!world.allows("Admin", "any OAUTH").await, "who changed it by hand minds it by hand");
    assert!(world.role("Agent runner").await.is_none() && world.role(TRIGGER).await.is_some());
}
