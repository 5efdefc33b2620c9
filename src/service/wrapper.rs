//! Wrappers: a flow that runs in the place of what it is around, and runs that as its child.
//!
//! What is around a resource for everybody stands in RESOURCE_WRAPPER rows; flow code names others with `this.using`. The outermost is
//! started with all it needs to start the next one, under `wrapped` in its inputs; `this.wrapped()` does that.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::Access;
use super::actor::{Actor, Door, Identity};
use super::cache::Cache;
use super::connection::{ConnectionTarget, settle};
use super::handle::Service;
use super::identity::record_type;
use super::location::Place;
use super::row::{find, id_of};
use super::schema_check::Schema;
use super::selector::Selector;
use super::start::{SCHEMAS, StartRequest, Target};
use crate::error::{Error, Result};
use crate::records::connector::Connector;
use crate::store::{ListQuery, Row, Scope};

/// The input of a wrapper's flow that says what it is around.
pub(super) const WRAPPED: &str = "wrapped";
/// The most wrappers around each other.
pub(super) const DEEPEST: usize = 16;
/// Rows read at a time.
const PAGE: u32 = 1_000;

/// A wrapper as it is put around an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Around {
    /// A WRAPPER's name or id.
    pub wrapper: String,
    /// Its own inputs.
    #[serde(default)]
    pub inputs: Map<String, Value>,
}

/// The wrappers of resources, the outermost first.
type Static = Arc<HashMap<Uuid, Vec<Around>>>;

/// What the service holds of wrappers.
pub(super) struct Wrappers {
    fixed: Cache<(), Static>,
}

impl Wrappers {
    pub(super) fn new() -> Wrappers {
        Wrappers { fixed: Cache::new(1) }
    }

    /// Forgets what is around what.
    pub(super) fn clear(&self) {
        self.fixed.clear();
    }
}

/// The inputs of a wrapper's flow, but for those of what it is around.
#[derive(Clone)]
pub(super) struct Envelope {
    inputs: Map<String, Value>,
    child: Map<String, Value>,
    /// What it is around accepts this.
    schema: Option<Arc<Schema>>,
}

impl Envelope {
    /// The whole, for what is around `given`.
    pub(super) fn fill(&self, given: &Value) -> Result<Value> {
        if let Some(schema) = &self.schema {
            schema.accept(&if given.is_null() { json!({}) } else { given.clone() }, "/input_value")?;
        }
        let mut child = self.child.clone();
        child.insert("input_value".to_owned(), given.clone());
        let mut inputs = self.inputs.clone();
        inputs.insert(WRAPPED.to_owned(), child.into());
        Ok(inputs.into())
    }
}

/// What is run, as far as wrappers care.
struct Inner {
    /// The record, where there is one.
    id: Option<Uuid>,
    place: Option<Place>,
    name: String,
    schema: Option<Arc<Schema>>,
    /// How a child is asked for.
    child: Map<String, Value>,
    connection: Option<(&'static Connector, Option<Row>)>,
}

impl Service {
    /// Puts the outermost wrapper in the place of what was asked for, if there is one.
    pub(super) async fn wrap(&self, actor: &Actor, access: &Access, request: &mut StartRequest) -> Result<Option<Envelope>> {
        let fixed = if request.unwrapped { None } else { Some(self.wrappers_fixed().await?) };
        if request.using.is_empty() && fixed.as_ref().is_none_or(|fixed| fixed.is_empty()) {
            return Ok(None);
        }
        let Some(inner) = self.inner(actor, access, request).await? else {
            return if request.using.is_empty() { Ok(None) } else { Err(Error::invalid("A scheduler's script cannot be wrapped.")) };
        };
        let around = inner.id.and_then(|id| fixed.as_ref()?.get(&id).cloned()).unwrap_or_default();
        for named in &request.using {
            self.wrapper_check(actor, access, &named.wrapper).await?;
        }
        let mut chain: Vec<Around> = request.using.drain(..).chain(around).collect();
        if chain.is_empty() {
            return Ok(None);
        }
        if chain.len() > DEEPEST {
            return Err(Error::invalid(format!("There are {} wrappers around each other; {DEEPEST} are the most.", chain.len())));
        }
        if let (Target::Connection(target), Some(found)) = (&request.target, inner.connection) {
            keeps_secrets(found, target, &request.input_value)?;
        }
        let init = schemas_of(request);
        let schema = init.get("input_schema").filter(|given| !given.is_null());
        let schema = schema.map(|given| self.schemas().get(given, "/input_schema")).transpose()?.or(inner.schema);
        let outer = chain.remove(0);
        let row = self.wrapper_row(&outer.wrapper).await?;
        let inputs = self.wrapper_inputs(&row, outer)?;
        let mut child = inner.child;
        child.insert("using".to_owned(), serde_json::to_value(&chain).unwrap_or_default());
        if !init.is_empty() {
            child.insert("init".to_owned(), init.into());
        }
        for (name, value) in [
            ("name", json!(request.name.take())),
            ("max_runtime_minutes", json!(request.max_runtime_minutes.take())),
            ("priority", json!(request.priority)),
        ] {
            if !value.is_null() {
                child.insert(name.to_owned(), value);
            }
        }
        let flow = row.uuid("flow_id").ok_or_else(|| Error::internal("a wrapper has no flow"))?;
        let name = row.text("name").unwrap_or_default();
        request.name = Some(format!("{name}: {}", inner.name));
        request.columns.insert("wrapper_id".to_owned(), id_of(&row).to_string().into());
        request.target = Target::Wrapper { flow, place: inner.place.map(|place| (place.project, place.bundle)) };
        Ok(Some(Envelope { inputs, child, schema }))
    }

    /// `None` for what nothing can be around.
    async fn inner(&self, actor: &Actor, access: &Access, request: &StartRequest) -> Result<Option<Inner>> {
        let mut child = Map::new();
        Ok(Some(match &request.target {
            Target::Flow(selector) => {
                let flow = self.flow_get(access, selector).await?;
                child.insert("kind".to_owned(), "FLOW".into());
                child.insert("target".to_owned(), flow.id.to_string().into());
                let (name, place) = (flow.row.text("name").unwrap_or_default().to_owned(), Place::of(&flow.row));
                Inner { id: Some(flow.id), place: Some(place), name, schema: flow.schema.clone(), child, connection: None }
            }
            Target::Script(script) => {
                child.insert("kind".to_owned(), "SCRIPT".into());
                child.insert("script".to_owned(), script.as_str().into());
                Inner { id: None, place: None, name: "script".to_owned(), schema: None, child, connection: None }
            }
            Target::Connection(target) => {
                let found = self.connection_source(actor, access, target).await?;
                let (name, row) = (found.0.name.to_owned(), found.1.clone());
                child.insert("kind".to_owned(), "CONNECTION".into());
                let place = if target.is_type { "connector_type" } else { "target" };
                child.insert(place.to_owned(), target.name.clone().into());
                child.insert("protect_outputs".to_owned(), json!(target.protect_outputs));
                let name = row.as_ref().and_then(|row| row.text("name")).map_or(name, str::to_owned);
                let (id, place) = (row.as_ref().map(id_of), row.as_ref().map(Place::of));
                Inner { id, place, name, schema: None, child, connection: Some(found) }
            }
            Target::Scheduler { .. } | Target::Wrapper { .. } => return Ok(None),
        }))
    }

    /// A wrapper that a caller names must be readable for him. One that is around a resource for everybody need not be, and neither is
    /// it for the flow of another wrapper that got it from the server to pass it on.
    async fn wrapper_check(&self, actor: &Actor, access: &Access, wanted: &str) -> Result<()> {
        let Err(error) = self.row_read(actor, access, (record_type("WRAPPER"), &Selector::parse(wanted))).await else { return Ok(()) };
        let Identity::Execution(caller) = &actor.identity else { return Err(error) };
        let id = caller.id;
        let (row, _) = self.store().transact(move |tx| Box::pin(find(tx, record_type("EXECUTION"), id))).await?;
        let row = row.filter(|row| row.uuid("wrapper_id").is_some());
        let passed_on = row.as_ref().and_then(|row| row.json("input_value")?.get(WRAPPED)?.get("using")?.as_array());
        let is_passed_on = passed_on.into_iter().flatten().any(|around| around["wrapper"] == wanted);
        if is_passed_on { Ok(()) } else { Err(error) }
    }

    async fn wrapper_row(&self, wanted: &str) -> Result<Row> {
        let selector = Selector::parse(wanted);
        let system = Actor::system(Door::Server);
        let all = self.access(&system).await?;
        self.row_read(&system, &all, (record_type("WRAPPER"), &selector)).await
    }

    /// With the defaults of its schema.
    fn wrapper_inputs(&self, wrapper: &Row, around: Around) -> Result<Map<String, Value>> {
        if around.inputs.contains_key(WRAPPED) {
            return Err(Error::invalid("'wrapped' is no input of a wrapper of its own: the server puts there what it is around."));
        }
        match wrapper.json("input_schema").filter(|schema| !schema.is_null()) {
            Some(schema) => {
                let schema = self.schemas().get(schema, "/input_schema")?;
                match schema.accept(&Value::Object(around.inputs), "/using")? {
                    Value::Object(inputs) => Ok(inputs),
                    _ => Err(Error::internal("inputs of a wrapper are no object any more")),
                }
            }
            None => Ok(around.inputs),
        }
    }

    async fn wrappers_fixed(&self) -> Result<Static> {
        let cache = &self.wrappers().fixed;
        if let Some(known) = cache.get(&()) {
            return Ok(known);
        }
        let ticket = cache.ticket();
        let work = self.store().transact(|tx| {
            Box::pin(async move {
                let (mut found, mut offset) = (Vec::new(), 0);
                loop {
                    let query = ListQuery { limit: PAGE, offset, ..ListQuery::default() };
                    let page = tx.row_list(record_type("RESOURCE_WRAPPER"), &query, &Scope::All).await?.items;
                    let count = u32::try_from(page.len()).unwrap_or(PAGE);
                    for row in page {
                        let (Some(resource), Some(wrapper)) = (row.uuid("resource_id"), row.uuid("wrapper_id")) else { continue };
                        // In the trash bin it is around nothing.
                        let kept = find(tx, record_type("WRAPPER"), wrapper).await?.is_some_and(|row| row.text("deleted_at").is_none());
                        if kept {
                            let inputs = row.json("input_value").and_then(Value::as_object).cloned().unwrap_or_default();
                            let around = Around { wrapper: wrapper.to_string(), inputs };
                            found.push((row.integer("position").unwrap_or(0), id_of(&row), resource, around));
                        }
                    }
                    if count < PAGE {
                        return Ok(found);
                    }
                    offset += count;
                }
            })
        });
        let (mut rows, _) = work.await?;
        rows.sort_by_key(|(position, id, ..)| (*position, *id));
        let mut fixed: HashMap<Uuid, Vec<Around>> = HashMap::new();
        for (.., resource, around) in rows {
            fixed.entry(resource).or_default().push(around);
        }
        let fixed = Arc::new(fixed);
        cache.put(ticket, (), fixed.clone());
        Ok(fixed)
    }
}

/// The schemas that a caller gives are about what is wrapped, not about the wrapper.
fn schemas_of(request: &mut StartRequest) -> Map<String, Value> {
    SCHEMAS.iter().filter_map(|name| Some(((*name).to_owned(), request.columns.shift_remove(*name)?))).collect()
}

/// What a call gives would stand in the wrapper's inputs for everybody who may read that execution.
fn keeps_secrets(found: (&'static Connector, Option<Row>), target: &ConnectionTarget, given: &Value) -> Result<()> {
    let settled = settle(found, target, given)?;
    let hidden = settled.protected.as_ref().and_then(|protected| protected["inputs"].as_object());
    let shown = hidden.and_then(|hidden| hidden.keys().find(|name| given.get(name.as_str()).is_some()));
    match shown {
        None => Ok(()),
        Some(name) => Err(Error::invalid(format!(
            "'{name}' is protected and would be readable in the wrapper's inputs. Keep it in a stored connector or in a secret, or leave the \
             wrapper out."
        ))
        .field(format!("/{name}"))),
    }
}
