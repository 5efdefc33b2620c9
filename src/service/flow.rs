//! Flows: what is checked when one is saved, and the form in which executions pin them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Access, Subject, forbidden};
use super::actor::Actor;
use super::cache::Cache;
use super::command::Command;
use super::environment::{self, Own};
use super::handle::Service;
use super::identity::record_type;
use super::payload::Payload;
use super::record::{ListRequest, PAGE_LIMIT};
use super::rights::Operation;
use super::row::subject;
use super::schema_check::Schema;
use super::selector::Selector;
use super::tool_schema;
use crate::environment::metadata;
use crate::error::{Error, Result};
use crate::protocol::{Checked, Problem};
use crate::store::{Row, Scope, Unit, Write, blob_hash};

/// How long a save waits for a worker to compile the script. Past it the flags stay as they are not known.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// A flow, ready to be started.
pub(super) struct Flow {
    pub(super) id: Uuid,
    pub(super) row: Row,
    pub(super) script: Arc<str>,
    pub(super) schema: Option<Arc<Schema>>,
    /// What it says of packages.
    pub(super) packages: Own,
    /// It imports a package of the default environment.
    pub(super) wants_standard: bool,
}

/// Scripts longer than this are read from the store each time.
const CACHED_BYTES: usize = 64 << 10;

/// Flows looked up lately, by id and by name; and scripts by their hash, which never go stale.
pub(super) struct FlowCache {
    flows: Cache<Selector, Arc<Flow>>,
    scripts: Cache<String, Arc<str>>,
}

impl FlowCache {
    pub(super) fn new() -> Self {
        FlowCache { flows: Cache::new(2_000), scripts: Cache::new(500) }
    }

    /// Forgets the flows.
    pub(super) fn clear(&self) {
        self.flows.clear();
    }
}

impl Service {
    /// Name and `input_schema` of every flow that the actor may read and that has one, by name. The SCHEMA records that they
    /// refer to are put in where the actor may read those too.
    pub async fn flow_inputs(&self, actor: &Actor) -> Result<Vec<(String, Value)>> {
        let access = self.access(actor).await?;
        let mut found = Vec::new();
        let mut request = ListRequest {
            filter: Some(json!({"field": "input_schema", "op": "set"})),
            order: vec!["name".into()],
            fields: Some(vec!["name".into(), "input_schema".into()]),
            limit: Some(PAGE_LIMIT),
            offset: 0,
            trash: false,
        };
        loop {
            let page = self.record_list(actor, record_type("FLOW"), &request).await?;
            let count = u32::try_from(page.items.len()).unwrap_or(PAGE_LIMIT);
            for mut item in page.items {
                let (Some(Value::String(name)), Some(schema)) = (item.remove("name"), item.remove("input_schema")) else { continue };
                let whole = self.schema_whole(&schema, (Some(&access), &|_| None), "/input_schema").await.unwrap_or(schema);
                found.push((name, whole));
            }
            request.offset += count;
            if count < PAGE_LIMIT {
                return Ok(found);
            }
        }
    }

    /// Compiles a script without running it and says what is wrong with it, what would keep its schemas from being a
    /// tool's, and where a tool shows it, what makes agents fail with them. Needs READ on the flow.
    pub async fn flow_validate(&self, actor: &Actor, selector: &Selector) -> Result<Checked> {
        let mut row = self.record_row(actor, record_type("FLOW"), selector).await?;
        let whole = self.with_whole_schemas(&mut row).await;
        let (script, name) = (row.text("script").unwrap_or_default(), row.text("name").unwrap_or_default());
        let mut checked = self.script_check((script, name), row.uuid("project_id"), false).await?;
        if let Err(error) = whole {
            let message = error.message().to_owned();
            checked.problems.push(Problem { severity: "error".to_owned(), line: 0, column: 0, message });
        }
        if let Err(clause) = tool_schema::of_flow(&row) {
            let message = format!("As a user tool it would not be listed: {clause}.");
            checked.problems.push(Problem { severity: "warning".to_owned(), line: 0, column: 0, message });
        }
        for warning in self.flow_warnings(&row).await?.iter().flat_map(|found| found.iter()) {
            let message = format!("As a user tool, at {}: {}", warning.pointer, warning.message);
            checked.problems.push(Problem { severity: "warning".to_owned(), line: 0, column: 0, message });
        }
        Ok(checked)
    }

    /// Compiles a script that is in no flow yet. Needs CREATE or UPDATE on FLOW somewhere.
    pub async fn script_validate(&self, actor: &Actor, script: &str) -> Result<Checked> {
        let access = self.access(actor).await?;
        if !access.may_ever(Operation::Create, "FLOW") && !access.may_ever(Operation::Update, "FLOW") {
            return Err(forbidden(Operation::Create, "FLOW", None));
        }
        self.script_check((script, "script"), None, false).await
    }

    /// As [`Service::flow_validate`], and what the script says about itself, for which it may be imported. Needs what
    /// running it as a script in that project needs.
    pub async fn script_describe(&self, actor: &Actor, (script, name): (&str, &str), project: Option<Uuid>) -> Result<Checked> {
        let access = self.access(actor).await?;
        for of in ["EXECUTION", "FLOW"] {
            access.require(Operation::Create, &Subject::new_in(of, project))?;
        }
        self.script_check((script, name), project, true).await
    }

    async fn script_check(&self, (script, name): (&str, &str), project: Option<Uuid>, describe: bool) -> Result<Checked> {
        let place = project.map_or_else(|| "workspace".to_owned(), |id| id.to_string());
        let environment = if describe {
            let (own, settled) = Box::pin(self.environment_of_script(script)).await?;
            if let Some((_, write)) = settled {
                self.store().submit(Unit { writes: vec![write], lazy: true }).wait().await?;
            }
            self.environment_for(&own, project, environment::wants_standard(script)).await?.map(|key| key.to_string())
        } else {
            None
        };
        let said = metadata(script);
        let (script, script_name) = (script.to_owned(), name.to_owned());
        let checked: Result<Checked> =
            self.commands().ask(|reply| Command::Check { script, script_name, describe, place, environment, reply }).await;
        let mut checked = checked?;
        if let Err(error) = said {
            let message = error.message().to_owned();
            checked.problems.push(Problem { severity: "error".to_owned(), line: 0, column: 0, message });
        }
        Ok(checked)
    }

    /// What follows from the columns of a FLOW: its script is kept under its hash.
    pub(super) async fn flow_payload(&self, payload: &mut Payload) -> Result<()> {
        let Some(script) = payload.columns.get("script").and_then(Value::as_str).map(str::to_owned) else { return Ok(()) };
        let content = Bytes::from(script.clone());
        let hash = blob_hash(&content);
        payload.derived.insert("script_hash".into(), hash.clone().into());
        payload.blobs.push(Write::Blob { hash, content });
        self.script_flags(payload).await;
        Ok(())
    }

    /// What a worker finds in the script of a payload.
    pub(super) async fn script_flags(&self, payload: &mut Payload) {
        let Some(script) = payload.columns.get("script").and_then(Value::as_str).map(str::to_owned) else { return };
        if self.commands().is_attached() {
            let name = payload.columns.get("name").and_then(Value::as_str).unwrap_or("script");
            let checked = self.within(CHECK_LIMIT, self.script_check((&script, name), None, false)).await;
            // Unchecked, it is saved all the same: its first run will say what is wrong with it.
            let checked = checked.and_then(Result::ok).unwrap_or_default();
            payload.derived.insert("has_syntax_error".into(), checked.has_syntax_error.into());
            payload.derived.insert("has_deprecation".into(), checked.has_deprecation.into());
        }
    }

    /// A flow to be started. Needs READ on it; near names are offered for one that is not there.
    pub(super) async fn flow_get(&self, access: &Access, selector: &Selector) -> Result<Arc<Flow>> {
        let flow = match self.flows().flows.get(selector) {
            Some(flow) => Some(flow),
            None => self.flow_load(selector).await?,
        };
        let flows = record_type("FLOW");
        match flow.filter(|flow| access.may(Operation::Read, &subject(flows, &flow.row))) {
            Some(flow) => Ok(flow),
            None => Err(self.missing(access, flows, selector).await),
        }
    }

    /// Looked up on the writer's connection: what was saved a moment ago is what runs.
    async fn flow_load(&self, selector: &Selector) -> Result<Option<Arc<Flow>>> {
        let ticket = self.flows().flows.ticket();
        let wanted = selector.clone();
        let (row, _) = self
            .store()
            .transact(move |tx| {
                Box::pin(async move {
                    match wanted {
                        Selector::Id(id) => super::row::find(tx, record_type("FLOW"), id).await,
                        Selector::Name(name) => tx.row_by_name(record_type("FLOW"), &name, &Scope::All).await,
                    }
                })
            })
            .await?;
        let Some(mut row) = row else { return Ok(None) };
        self.with_whole_schemas(&mut row).await?;
        let schema = match row.json("input_schema") {
            Some(schema) => Some(self.schemas().get(schema, "/input_schema")?),
            None => None,
        };
        let id = row.id().ok_or_else(|| Error::internal("a flow has no id"))?;
        let script: Arc<str> = row.text("script").unwrap_or_default().into();
        let (packages, wants_standard) = (Own::of(row.json("environment")), environment::wants_standard(&script));
        let flow = Arc::new(Flow { id, row, script, schema, packages, wants_standard });
        self.flows().flows.put(ticket, selector.clone(), flow.clone());
        Ok(Some(flow))
    }

    /// A FLOW row whose schemas stand alone: what they refer to by name is in them.
    pub(super) async fn with_whole_schemas(&self, row: &mut Row) -> Result<()> {
        for column in ["input_schema", "output_schema"] {
            if let Some(schema) = row.json(column) {
                let whole = self.schema_whole(schema, (None, &|_| None), &format!("/{column}")).await?;
                row.set(column, whole);
            }
        }
        Ok(())
    }

    /// A script by its hash.
    pub(super) async fn script(&self, hash: &str) -> Result<Arc<str>> {
        let scripts = &self.flows().scripts;
        if let Some(known) = scripts.get(&hash.to_owned()) {
            return Ok(known);
        }
        let content = self.store().blob(hash).await?.ok_or_else(|| Error::internal(format!("the script {hash} is gone")))?;
        let text = std::str::from_utf8(&content).map_err(|e| Error::internal("a script is not UTF-8").source_error(e))?;
        let script: Arc<str> = text.into();
        if script.len() <= CACHED_BYTES {
            scripts.put(scripts.ticket(), hash.to_owned(), script.clone());
        }
        Ok(script)
    }
}

/// The refusal of an input that is neither null nor fits.
pub(super) fn accepted(schema: Option<&Arc<Schema>>, input: &Value) -> Result<Value> {
    match schema {
        Some(schema) => schema.accept(&or_empty(input), "/input_value"),
        None => Ok(or_empty(input)),
    }
}

/// No input at all is an empty object, so that a handler can always ask it for a key.
fn or_empty(input: &Value) -> Value {
    if input.is_null() { json!({}) } else { input.clone() }
}
