//! Shipped roles in a store: made at the first start, and brought up to date when a newer server ships more.
//!
//! The rule: a role is given what its new edition has more than the one it was shipped with, if it has kept its name and
//! still holds all of that, in every project. So a role that somebody narrowed, renamed or deleted stays as it is; a
//! permission that was taken away does not come back; what somebody added stays. A role that is new is made, unless
//! its name is taken. What was shipped is remembered in the store (`meta`), hence it is shipped once.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::actor::{Actor, Door};
use super::audit::Deed;
use super::handle::Service;
use super::identity::record_type;
use super::row::{find, id_of, rows_where};
use super::shipped::{SHIPPED, Shipped};
use crate::error::{Error, Result};
use crate::store::{Row, Scope, Tx, Write};

/// The fact in `meta`: by name of a shipped role its id (null: it is not there) and the permissions it was given.
const FACT: &str = "shipped_roles";
/// The roles that were shipped before that was remembered.
const FIRST: &[&str] = &["organization admin", "User", "Developer", "Operator", "Admin", "Agent runner", "Agent author"];

type Pair = (String, String);

/// What is to be written.
pub(super) struct Shipment {
    service: Service,
    workspace: Uuid,
    fact: Map<String, Value>,
    writes: Vec<Write>,
    /// Roles that get nothing of what is new, and why.
    left: Vec<String>,
}

impl Shipment {
    /// All roles, for an empty store.
    pub(super) fn first(service: &Service, workspace: Uuid) -> Shipment {
        let mut shipment = Shipment::new(service, workspace, Map::new());
        for shipped in SHIPPED {
            shipment.make(shipped);
        }
        shipment
    }

    fn new(service: &Service, workspace: Uuid, fact: Map<String, Value>) -> Shipment {
        Shipment { service: service.clone(), workspace, fact, writes: Vec::new(), left: Vec::new() }
    }

    /// The id of a role that it makes.
    pub(super) fn role(&self, name: &str) -> Result<Uuid> {
        role_in(&self.fact, name).ok_or_else(|| Error::internal(format!("the role '{name}' is not shipped")))
    }

    /// The writes, what is remembered included.
    pub(super) fn into_writes(mut self) -> Vec<Write> {
        let row = Row::from([("key", json!(FACT)), ("value", json!(Value::Object(self.fact).to_string()))]);
        self.writes.push(Write::Upsert { table: "meta", key: &["key"], row });
        self.writes
    }

    fn insert(&mut self, of: &'static str, columns: Vec<(&'static str, Value)>) -> Uuid {
        let (of, id) = (record_type(of), Service::new_id());
        let row = self.service.seed_row(of, id, self.workspace, columns);
        self.writes.push(Write::Insert { table: of.singular, key: &["id"], row });
        id
    }

    fn make(&mut self, shipped: &Shipped) {
        let role = self.insert("ROLE", vec![("name", json!(shipped.name)), ("description", json!(shipped.description))]);
        self.give(role, shipped.permissions);
        self.remember(shipped, Some(role));
    }

    fn give(&mut self, role: Uuid, permissions: &[(&str, &str)]) {
        for permission in permissions {
            let mut columns = vec![("role_id", json!(role.to_string()))];
            columns.extend(Shipped::columns(*permission));
            self.insert("ROLE_PERMISSION", columns);
        }
    }

    fn remember(&mut self, shipped: &Shipped, role: Option<Uuid>) {
        let entry = json!({ "id": role.map(|id| id.to_string()), "permissions": shipped.permissions });
        self.fact.insert(shipped.name.to_owned(), entry);
    }

    /// One role of a store that was shipped others, or this one in an older edition, before.
    async fn bring_up(&mut self, tx: &mut Tx, shipped: &Shipped, known_types: &BTreeSet<String>) -> Result<()> {
        let Some(entry) = self.fact.get(shipped.name) else {
            return self.bring_new(tx, shipped, known_types).await;
        };
        let before = pairs(entry);
        let more: Vec<(&str, &str)> = shipped.permissions.iter().copied().filter(|pair| !before.contains(&owned(*pair))).collect();
        let Some(id) = role_in(&self.fact, shipped.name).filter(|_| !more.is_empty()) else { return Ok(()) };
        let role = find(tx, record_type("ROLE"), id).await?.filter(|row| row.text("name") == Some(shipped.name));
        match role {
            Some(role) if before.is_subset(&held(tx, id).await?) => self.grow(&role, &more),
            Some(_) => self.left.push(shipped.name.to_owned()),
            None => {}
        }
        self.remember(shipped, Some(id));
        Ok(())
    }

    /// A role that this store does not remember.
    async fn bring_new(&mut self, tx: &mut Tx, shipped: &Shipped, known_types: &BTreeSet<String>) -> Result<()> {
        let role = tx.row_by_name(record_type("ROLE"), shipped.name, &Scope::All).await?;
        match role {
            Some(role) if FIRST.contains(&shipped.name) => {
                // What exactly it was shipped with is not known any more; of the types that are new here it had nothing.
                let more: Vec<_> =
                    shipped.permissions.iter().copied().filter(|(_, of)| !of.is_empty() && !known_types.contains(*of)).collect();
                if rows_of(tx, id_of(&role)).await?.iter().all(is_as_shipped) {
                    self.grow(&role, &more);
                } else if !more.is_empty() {
                    self.left.push(shipped.name.to_owned());
                }
                self.remember(shipped, role.id());
            }
            None if FIRST.contains(&shipped.name) => self.remember(shipped, None),
            // Somebody's own role of that name.
            Some(_) => self.left.push(shipped.name.to_owned()),
            None => self.make(shipped),
        }
        Ok(())
    }

    fn grow(&mut self, role: &Row, more: &[(&str, &str)]) {
        if more.is_empty() {
            return;
        }
        self.give(id_of(role), more);
        let details = json!({ "shipped_permissions": more });
        let deed = Deed { details: Some(&details), ..Deed::on("update", record_type("ROLE"), role) };
        self.writes.push(self.service.audit(&Actor::system(Door::Server), deed));
    }
}

impl Service {
    /// Gives a store that was made by an older server what shipped roles have more by now.
    pub(super) async fn roles_ship(&self, workspace: Uuid) -> Result<()> {
        let service = self.clone();
        let ship = self.store().transact(move |tx| {
            Box::pin(async move {
                let mut shipment = Shipment::new(&service, workspace, fact(tx).await?);
                let before = shipment.fact.clone();
                let known = if before.is_empty() { types_of_first(tx).await? } else { BTreeSet::new() };
                for shipped in SHIPPED {
                    shipment.bring_up(tx, shipped, &known).await?;
                }
                let left = std::mem::take(&mut shipment.left);
                if shipment.fact != before {
                    tx.apply(&shipment.into_writes()).await?;
                }
                Ok(left)
            })
        });
        let (left, commit) = ship.await?;
        commit.wait().await?;
        self.forget("ROLE");
        for role in left {
            tracing::warn!(role, "this role was changed here, so it is not given what newer servers ship with it");
        }
        Ok(())
    }
}

/// The id of a shipped role, if it was made here.
pub(super) async fn shipped_role(tx: &mut Tx, name: &str) -> Result<Option<Uuid>> {
    Ok(role_in(&fact(tx).await?, name))
}

async fn fact(tx: &mut Tx) -> Result<Map<String, Value>> {
    let Some(row) = tx.aside("meta", &["value"], ("key", FACT)).await? else { return Ok(Map::new()) };
    serde_json::from_str(row.text("value").unwrap_or_default())
        .map_err(|e| Error::internal("what is remembered of shipped roles is unreadable").source_error(e))
}

fn role_in(fact: &Map<String, Value>, name: &str) -> Option<Uuid> {
    fact.get(name)?.get("id")?.as_str().and_then(|id| Uuid::parse_str(id).ok())
}

fn owned((operation, of): (&str, &str)) -> Pair {
    (operation.to_owned(), of.to_owned())
}

fn pairs(entry: &Value) -> BTreeSet<Pair> {
    let list = entry.get("permissions").and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|pair| Some((pair.get(0)?.as_str()?.to_owned(), pair.get(1)?.as_str()?.to_owned()))).collect()
}

async fn rows_of(tx: &mut Tx, role: Uuid) -> Result<Vec<Row>> {
    rows_where(tx, record_type("ROLE_PERMISSION"), "role_id", &role.to_string()).await
}

/// What a role allows in every project.
async fn held(tx: &mut Tx, role: Uuid) -> Result<BTreeSet<Pair>> {
    let everywhere = rows_of(tx, role).await?.into_iter().filter(|row| row.json("project_id").is_none());
    let pair = |row: Row| owned((row.text("operation").unwrap_or_default(), row.text("permission_record_type").unwrap_or_default()));
    Ok(everywhere.map(pair).collect())
}

fn is_as_shipped(row: &Row) -> bool {
    row.json("project_id").is_none() && row.text("created_by").is_none() && row.text("modified_by").is_none()
}

/// The types that any of the first roles says anything about.
async fn types_of_first(tx: &mut Tx) -> Result<BTreeSet<String>> {
    let mut types = BTreeSet::new();
    for name in FIRST {
        if let Some(role) = tx.row_by_name(record_type("ROLE"), name, &Scope::All).await? {
            types.extend(rows_of(tx, id_of(&role)).await?.iter().filter_map(|row| row.text("permission_record_type").map(str::to_owned)));
        }
    }
    Ok(types)
}
