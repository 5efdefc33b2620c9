//! The bundle of wrappers that comes with the server: put into a workspace once, and brought up to date while nobody has changed it.

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::actor::{Actor, Door};
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use super::row::id_of;
use crate::error::Result;
use crate::records::RecordType;
use crate::store::{Row, Scope, Tx, Write, blob_hash};

const BUNDLE: &str = "Wrappers";
/// The fact in `meta`: by name of a wrapper the hash of the script that it was shipped with.
const FACT: &str = "shipped_wrappers";

/// A wrapper and its flow, which has the same name with `wrapper ` before it.
struct Shipped {
    name: &'static str,
    description: &'static str,
    script: &'static str,
    input_schema: &'static str,
}

macro_rules! shipped {
    ($name:literal, $description:literal, $schema:literal) => {
        Shipped {
            name: $name,
            description: $description,
            script: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/python/wrappers/", $name, ".flow.py")),
            input_schema: $schema,
        }
    };
}

/// `child_execution_location` is put into each.
const SHIPPED: &[Shipped] = &[
    shipped!(
        "retry",
        "Runs what it is around again when it fails, after a pause that grows.",
        r#"{"max_tries": {"type": "integer", "minimum": 1, "default": 3}, "delay_seconds": {"type": "number", "minimum": 0, "default": 10},
            "backoff": {"type": "number", "minimum": 1, "default": 2}, "max_delay_seconds": {"type": "number", "minimum": 0, "default": 3600}}"#
    ),
    shipped!(
        "cache",
        "Gives the last successful output of what it is around again, while that is young enough.",
        r#"{"max_age_minutes": {"type": "number", "exclusiveMinimum": 0, "default": 60}}"#
    ),
    shipped!(
        "notify",
        "Tells people, or a flow, how what it is around has ended.",
        r#"{"on": {"type": "array", "items": {"enum": ["ENDED_SUCCESS", "ENDED_ERROR", "ENDED_CANCELLED"]}}, "subject": {"type": "string"},
            "message": {"type": "string"}, "run_on_state_change": {"type": "string"}, "status_setting_name": {"type": "string"}}"#
    ),
    shipped!(
        "validate",
        "Holds what goes into what it is around, and what comes out of it, against JSON Schemas.",
        r#"{"input_schema": {"type": "object"}, "output_schema": {"type": "object"}}"#
    ),
    shipped!(
        "interactive",
        "Asks a person what to do when what it is around fails: try it again, go on without it, or fail.",
        r#"{"interactive_limit_minutes": {"type": "number", "exclusiveMinimum": 0, "default": 30}, "subject": {"type": "string"},
            "body": {"type": "string"}, "context": {"type": "string"}}"#
    ),
];

impl Service {
    /// Puts what comes with the server into the workspace. What somebody deleted, renamed or changed stays as it is.
    pub async fn bundles_ship(&self) -> Result<()> {
        let editions: Map<String, Value> =
            SHIPPED.iter().map(|one| (one.name.to_owned(), json!(blob_hash(one.script.as_bytes())))).collect();
        let edition = Value::Object(editions).to_string();
        let known = self.store().meta(FACT, "{}").await?;
        if known == edition {
            return Ok(());
        }
        let before: Map<String, Value> = serde_json::from_str(&known).unwrap_or_default();
        let service = self.clone();
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let mut writes = Vec::new();
                let bundle = service.bundle(tx, &mut writes).await?;
                for one in SHIPPED {
                    service.ship(tx, (one, before.get(one.name).and_then(Value::as_str), bundle), &mut writes).await?;
                }
                writes.push(Write::Upsert {
                    table: "meta",
                    key: &["key"],
                    row: Row::from([("key", json!(FACT)), ("value", json!(edition))]),
                });
                tx.apply(&writes).await
            })
        });
        work.await?.1.wait().await?;
        for of in ["BUNDLE", "FLOW", "WRAPPER"] {
            self.forget(of);
        }
        Ok(())
    }

    async fn bundle(&self, tx: &mut Tx, writes: &mut Vec<Write>) -> Result<Uuid> {
        if let Some(row) = tx.row_by_name(record_type("BUNDLE"), BUNDLE, &Scope::All).await? {
            return Ok(id_of(&row));
        }
        let columns =
            vec![("name", json!(BUNDLE)), ("description", json!("Flows around other flows and connections. Comes with the server."))];
        Ok(self.insert(record_type("BUNDLE"), columns, writes))
    }

    async fn ship(&self, tx: &mut Tx, (one, before, bundle): (&Shipped, Option<&str>, Uuid), writes: &mut Vec<Write>) -> Result<()> {
        let (flows, wrappers) = (record_type("FLOW"), record_type("WRAPPER"));
        let (name, hash) = (format!("wrapper {}", one.name), blob_hash(one.script.as_bytes()));
        let script = || Write::Blob { hash: hash.clone(), content: Bytes::from_static(one.script.as_bytes()) };
        let found = tx.row_by_name(flows, &name, &Scope::All).await?;
        match (before, found) {
            // As it was shipped, so nobody misses it.
            (Some(before), Some(row)) if row.text("script_hash") == Some(before) && before != hash => {
                writes.push(script());
                let changed = Row::from([
                    ("id", json!(id_of(&row).to_string())),
                    ("script", json!(one.script)),
                    ("script_hash", json!(hash)),
                    ("version", json!(row.version() + 1)),
                    ("modified_at", json!(self.now_text())),
                ]);
                writes.push(Write::Update { table: flows.singular, key: &["id"], row: changed });
            }
            (None, None) if tx.row_by_name(wrappers, one.name, &Scope::All).await?.is_none() => {
                let place = ("bundle_id", json!(bundle.to_string()));
                let about = ("description", json!(one.description));
                writes.push(script());
                let columns =
                    vec![("name", json!(name)), ("script", json!(one.script)), ("script_hash", json!(hash)), place.clone(), about.clone()];
                let flow = self.insert(flows, columns, writes);
                let columns =
                    vec![("name", json!(one.name)), ("flow_id", json!(flow.to_string())), ("input_schema", schema(one)), place, about];
                self.insert(wrappers, columns, writes);
            }
            _ => {}
        }
        Ok(())
    }

    fn insert(&self, of: &'static RecordType, columns: Vec<(&'static str, Value)>, writes: &mut Vec<Write>) -> Uuid {
        let id = Service::new_id();
        let workspace = self.workspace_id().unwrap_or_default();
        let defaults = of.fields().filter(|field| field.has_column()).filter_map(|field| {
            let value = serde_json::from_str(field.default?).expect("defaults are JSON");
            Some((field.name, value))
        });
        let row: Row = self.seed_row(of, id, workspace, defaults.chain(columns).collect());
        let deed = Deed::on("create", of, &row);
        writes.push(self.audit(&Actor::system(Door::Server), deed));
        writes.push(Write::Insert { table: of.singular, key: &["id"], row });
        id
    }
}

/// What a wrapper takes: its own inputs, and where the child goes.
fn schema(one: &Shipped) -> Value {
    let mut properties: Map<String, Value> = serde_json::from_str(one.input_schema).expect("a test reads it");
    let place = "Where the execution of what it is around goes: wrapper_execution, wrapped_resource, or the name of a project.";
    properties.insert("child_execution_location".to_owned(), json!({ "type": "string", "description": place }));
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_shipped_wrapper_takes_is_a_schema() {
        for one in SHIPPED {
            assert!(schema(one)["properties"].as_object().is_some_and(|properties| properties.len() > 1), "{}", one.name);
        }
    }
}
