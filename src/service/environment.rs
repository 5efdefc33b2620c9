//! The packages that scripts run with: what a flow, its project or the workspace asks for, settled when that is saved.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Access;
use super::cache::Cache;
use super::handle::Service;
use super::identity::record_type;
use super::payload::Payload;
use super::rights::Operation;
use super::row::find;
use crate::environment::{Environments, Lock, Site, metadata};
use crate::error::{Error, Kind, Result};
use crate::store::{ListQuery, Row, Scope, Unit, Write};

const TABLE: &str = "environment";
/// Projects whose default is remembered.
const CACHED: usize = 10_000;
/// `wanted` of the default packages, which is no hash.
const STANDARD: &str = "standard";

/// What a script or a record says of packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// Nothing: somebody else decides.
    Unsaid,
    /// The standard library alone.
    Bare,
    /// The environment of this key.
    Key(Arc<str>),
}

impl Own {
    /// From the column `environment`.
    pub(super) fn of(environment: Option<&Value>) -> Own {
        match environment.filter(|value| !value.is_null()) {
            None => Own::Unsaid,
            Some(value) => value["key"].as_str().map_or(Own::Bare, |key| Own::Key(key.into())),
        }
    }
}

/// What the service holds of environments.
pub(super) struct Packages {
    environments: OnceLock<Environments>,
    /// What projects say, or the workspace where they do not.
    places: Cache<Option<Uuid>, Own>,
}

impl Packages {
    pub(super) fn new() -> Packages {
        Packages { environments: OnceLock::new(), places: Cache::new(CACHED) }
    }

    /// Forgets what projects and the workspace say.
    pub(super) fn clear(&self) {
        self.places.clear();
    }
}

impl Service {
    /// Gives the service the folder of environments. Without one it refuses what needs packages.
    pub fn environments_open(&self, environments: Environments) {
        // A second opener has the same folder.
        let _ = self.packages().environments.set(environments);
    }

    pub(super) fn environments(&self) -> Result<&Environments> {
        let none = || Error::new(Kind::Unavailable, "Packages cannot be installed here; the server does that.");
        self.packages().environments.get().ok_or_else(none)
    }

    /// What a script says by itself, settled and installed, and the row that keeps it.
    pub(super) async fn environment_of_script(&self, script: &str) -> Result<(Own, Option<(Lock, Write)>)> {
        match metadata(script)? {
            None => Ok((Own::Unsaid, None)),
            Some(said) if said.dependencies.is_empty() => Ok((Own::Bare, None)),
            Some(said) => {
                let settled = Box::pin(self.environment_settle(&said.dependencies)).await.map_err(|error| at(error, "/script"))?;
                Ok((Own::Key(settled.0.key.clone()), Some(settled)))
            }
        }
    }

    /// The packages of a script that says nothing of them, or of one that says [`Own`]. `wants_standard`: it imports a default package.
    pub(super) async fn environment_for(&self, own: &Own, project: Option<Uuid>, wants_standard: bool) -> Result<Option<Arc<str>>> {
        let said = if *own == Own::Unsaid { Box::pin(self.environment_of_place(project)).await? } else { own.clone() };
        Ok(match said {
            Own::Key(key) => Some(key),
            Own::Bare => None,
            Own::Unsaid => wants_standard.then(|| standard().key.clone()),
        })
    }

    async fn environment_of_place(&self, project: Option<Uuid>) -> Result<Own> {
        let places = &self.packages().places;
        if let Some(known) = places.get(&project) {
            return Ok(known);
        }
        let ticket = places.ticket();
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                let row = match project {
                    Some(id) => find(tx, record_type("PROJECT"), id).await?,
                    None => None,
                };
                let own = Own::of(row.as_ref().and_then(|row| row.json("environment")));
                if own != Own::Unsaid {
                    return Ok(own);
                }
                let query = ListQuery { limit: 1, ..ListQuery::default() };
                let found = tx.row_list(record_type("WORKSPACE"), &query, &Scope::All).await?;
                Ok(Own::of(found.items.first().and_then(|row| row.json("environment"))))
            })
        });
        let (own, _) = work.await?;
        places.put(ticket, project, own.clone());
        Ok(own)
    }

    /// Requirements to an environment. The same lines lead to the same one as long as it is kept.
    async fn environment_settle(&self, requirements: &[String]) -> Result<(Lock, Write)> {
        let environments = self.environments()?;
        let wanted = wanted(requirements);
        let known = self.store().aside(TABLE, &["lock"], ("wanted", &wanted)).await?;
        let lock = match known.as_ref().and_then(|row| row.text("lock")) {
            Some(text) => Lock::new(text.to_owned(), requirements.to_vec())?,
            None => environments.resolve(requirements).await?,
        };
        environments.ready(&lock).await?;
        let write = self.environment_write(&wanted, &lock);
        Ok((lock, write))
    }

    fn environment_write(&self, wanted: &str, lock: &Lock) -> Write {
        let row = Row::from([
            ("wanted", json!(wanted)),
            ("key", json!(&*lock.key)),
            ("requirements", json!(json!(lock.requirements).to_string())),
            ("lock", json!(lock.text)),
            ("used_at", json!(self.now_text())),
        ]);
        Write::Upsert { table: TABLE, key: &["wanted"], row }
    }

    /// Whether this is the environment of flows that ask for nothing by name.
    pub fn environment_is_standard(&self, key: &str) -> bool {
        *standard().key == *key
    }

    /// The environment of a key, installed if it is not there. Whoever holds it keeps it from being removed.
    pub async fn environment_ready(&self, key: &str) -> Result<Arc<Site>> {
        let row = self.store().aside(TABLE, &["lock", "requirements"], ("key", key)).await?;
        let lock = match row {
            Some(row) => {
                let requirements = serde_json::from_str(row.text("requirements").unwrap_or("[]")).unwrap_or_default();
                Lock::new(row.text("lock").unwrap_or_default().to_owned(), requirements)?
            }
            None if self.environment_is_standard(key) => {
                self.store().submit(Unit { writes: vec![self.environment_write(STANDARD, standard())], lazy: true });
                standard().clone()
            }
            None => return Err(Error::invalid("The packages that it was started with are not known any more; start it anew.")),
        };
        let site = self.environments()?.ready(&lock).await?;
        let used = Row::from([("key", json!(key)), ("used_at", json!(self.now_text()))]);
        self.store().submit(Unit { writes: vec![Write::Update { table: TABLE, key: &["key"], row: used }], lazy: true });
        Ok(site)
    }

    /// What the script of a payload asks for. With `shown`, the record has a column for it.
    pub(super) async fn script_packages(&self, payload: &mut Payload, shown: bool) -> Result<()> {
        let Some(script) = payload.columns.get("script").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
        let (own, settled) = self.environment_of_script(&script).await?;
        let column = match (&own, &settled) {
            (Own::Unsaid, _) => Value::Null,
            (_, Some((lock, _))) => lock.shown(),
            (_, None) => bare(),
        };
        if shown {
            payload.derived.insert("environment".into(), column);
        }
        payload.blobs.extend(settled.map(|(_, write)| write));
        Ok(())
    }

    /// What the `default_requirements` of a payload are.
    pub(super) async fn default_packages(&self, payload: &mut Payload) -> Result<()> {
        let Some(given) = payload.columns.get("default_requirements") else { return Ok(()) };
        let lines: Option<Vec<String>> = given.as_array().map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let column = match lines {
            None => Value::Null,
            Some(lines) if lines.is_empty() => bare(),
            Some(lines) => {
                let (lock, write) = self.environment_settle(&lines).await.map_err(|error| at(error, "/default_requirements"))?;
                payload.blobs.push(write);
                lock.shown()
            }
        };
        payload.derived.insert("environment".into(), column);
        Ok(())
    }
}

/// Whether the actor may write any record of this type: for others nothing is asked of a package index.
pub(super) fn may_write(access: &Access, of: &str) -> bool {
    access.may_ever(Operation::Create, of) || access.may_ever(Operation::Update, of)
}

/// Whether the script of a flow says nothing of packages and imports a default one.
pub(super) fn wants_standard(script: &str) -> bool {
    Lock::is_standard_wanted(script)
}

fn standard() -> &'static Lock {
    static LOCK: OnceLock<Lock> = OnceLock::new();
    LOCK.get_or_init(Lock::standard)
}

fn bare() -> Value {
    json!({ "key": null, "python": Environments::python(), "requirements": [], "packages": [] })
}

fn at(error: Error, field: &str) -> Error {
    if error.field_pointer().is_some() { error } else { error.field(field) }
}

/// One name for the same lines in any order.
fn wanted(requirements: &[String]) -> String {
    let mut lines: Vec<&str> = requirements.iter().map(|line| line.trim()).collect();
    lines.sort_unstable();
    blake3::hash(format!("{}\n{}", Environments::python(), lines.join("\n")).as_bytes()).to_hex().to_string()
}
