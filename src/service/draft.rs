//! A new execution that is settled but for its inputs, and the row it becomes.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::Subject;
use super::actor::{Actor, Door, ExecutionIdentity, Identity};
use super::audit::Deed;
use super::column;
use super::command::NewExecution;
use super::flow::accepted;
use super::grant::Grant;
use super::handle::Service;
use super::identity::record_type;
use super::location::Wish;
use super::rights::Operation;
use super::row::{defaults, id_of};
use super::source::{Source, What};
use super::start::{StartRequest, Target};
use super::trace_context::TraceContext;
use super::wrapper::Envelope;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::store::{Row, Write, blob_hash};

/// A new execution that is settled but for its inputs, which may not be known before the transaction that makes it.
pub(super) struct Draft {
    actor: Actor,
    request: StartRequest,
    /// Of the request, without those that say where it goes.
    columns: Map<String, Value>,
    source: Source,
    grant: Grant,
    /// Around what was asked for.
    envelope: Option<Envelope>,
}

impl Service {
    /// As [`Service::execution_prepare`], without a look at the inputs.
    pub(super) async fn execution_draft(&self, actor: &Actor, mut request: StartRequest) -> Result<Draft> {
        let access = self.access(actor).await?;
        // Who may run what it sends has the right to write code.
        let needed: &[&str] = if matches!(request.target, Target::Script(_)) { &["EXECUTION", "FLOW"] } else { &["EXECUTION"] };
        let envelope = Box::pin(self.wrap(actor, &access, &mut request)).await?;
        let mut columns = request.columns.clone();
        let wish = Wish::take(&mut columns)?;
        let source = self.source(actor, &access, (&request, wish)).await?;
        let mut all = needed.iter().map(|of| access.require(Operation::Create, &Subject::new_in(of, source.place.project)));
        let may = all.find(Result::is_err).unwrap_or(Ok(()));
        may.inspect_err(|error| self.audit_refusal(actor, error, ("start", record_type("EXECUTION")), None))?;
        let grant = self.grant_of(actor, request.roles.as_deref()).await?;
        let grant = if request.is_reading { grant.reading() } else { grant };
        Ok(Draft { actor: actor.clone(), request, columns, source, grant, envelope })
    }

    pub(super) fn check_size(&self, input: &Value) -> Result<()> {
        let limit = self.config().limits.value_bytes;
        // Most inputs are small: counting the bytes of the text is cheaper than being clever.
        let size = if input.is_null() { 0 } else { input.to_string().len() };
        if size as u64 > limit {
            return Err(
                Error::new(Kind::TooLarge, format!("'input_value' may have {limit} bytes; this one has {size}.")).field("/input_value")
            );
        }
        Ok(())
    }

    fn execution_row(
        &self,
        actor: &Actor,
        (request, extra): (&StartRequest, Map<String, Value>),
        source: &Source,
        (id, grant): (Uuid, &Grant),
    ) -> Result<Row> {
        let executions = record_type("EXECUTION");
        let mut row = defaults(executions);
        for (name, value) in extra {
            let field = executions.field(&name).ok_or_else(|| Error::invalid(format!("EXECUTION has no column '{name}'.")))?;
            row.set(field.name, column::check(field, value, &format!("/{name}"))?);
        }
        let (now, due) = (self.clock().now(), request.due()?);
        let flow = source.what.flow().map(|flow| &flow.row);
        let connection = if let What::Connection(settled) = &source.what { Some(settled) } else { None };
        let connector = connection.and_then(|settled| settled.connector.as_ref());
        let text = |id: Uuid| id.to_string();
        let name = request.name.as_deref().map(str::trim).filter(|n| !n.is_empty());
        let name = name.or_else(|| flow.or(connector).and_then(|row| row.text("name")));
        let name = name.or(connection.map(|settled| settled.of.name)).unwrap_or("script");
        let minutes = request.max_runtime_minutes.or_else(|| flow.and_then(|f| f.json("max_runtime_minutes")).and_then(Value::as_f64));
        let minutes = minutes.or(Some(self.config().limits.max_runtime_minutes).filter(|m| *m > 0.0));
        if minutes.is_some_and(|m| !m.is_finite() || m <= 0.0) {
            return Err(Error::invalid("'max_runtime_minutes' must be above 0.").field("/max_runtime_minutes"));
        }
        let status = if request.run && due.is_none_or(|at| at <= now) { Status::Pending } else { Status::Created };
        let isolation = serde_json::to_value(self.config().engine.isolation).unwrap_or_default();
        let script_hash = match &source.what {
            What::Flow(flow) => Some(flow.row.text("script_hash").map_or_else(|| blob_hash(flow.script.as_bytes()), str::to_owned)),
            What::Script(script) => Some(blob_hash(script.as_bytes())),
            What::Connection(_) => None,
        };
        let schema = |name| request.columns.get(name).or_else(|| flow.and_then(|f| f.json(name))).cloned().unwrap_or_default();
        let given = request.columns.get("savepoint_retention").filter(|given| !given.is_null());
        let retention = given.or_else(|| flow.and_then(|f| f.json("savepoint_retention"))).cloned();
        let values = [
            ("id", json!(text(id))),
            ("version", json!(1)),
            ("name", json!(name.chars().take(128).collect::<String>())),
            ("project_id", json!(source.place.project.map(text))),
            ("bundle_id", json!(source.place.bundle.map(text))),
            ("created_at", json!(clock::format(now))),
            ("created_by", json!(actor.id().map(text))),
            ("modified_at", json!(clock::format(now))),
            ("modified_by", json!(actor.id().map(text))),
            ("workspace_id", json!(self.workspace_id().map(text))),
            ("organization_id", json!(self.organization_id().map(text))),
            ("type", json!(request.target.type_name())),
            ("status", json!(status.name())),
            ("flow_id", json!(source.what.flow().map(|f| text(f.id)))),
            ("flow_name", json!(flow.and_then(|f| f.text("name")))),
            ("connector_id", json!(connector.map(|row| text(id_of(row))))),
            ("connector_type", json!(connection.map(|settled| settled.of.name))),
            ("input_value", connection.map_or(&request.input_value, |settled| &settled.shown).clone()),
            ("protected", self.connection_seal(id, connection.and_then(|settled| settled.protected.as_ref()))?),
            ("input_schema", schema("input_schema")),
            ("output_schema", schema("output_schema")),
            ("parent_execution_id", json!(request.parent.map(|p| text(p.id)))),
            ("root_execution_id", json!(text(request.parent.map_or(id, |p| p.root)))),
            ("orphan", json!(request.orphan)),
            ("priority", json!(request.priority.or_else(|| flow.and_then(|f| f.integer("priority"))).unwrap_or(0))),
            ("scheduled_for", json!(due.map(clock::format))),
            ("max_runtime_minutes", json!(minutes)),
            ("savepoint_retention", retention.unwrap_or_default()),
            ("on_loss", json!(flow.and_then(|f| f.text("on_loss")).unwrap_or("auto"))),
            ("isolation", flow.and_then(|f| f.json("isolation")).cloned().unwrap_or(isolation)),
            ("origin", actor.origin()),
            ("idempotency_key", json!(request.idempotency_key)),
            ("script_hash", json!(script_hash)),
            ("grant_id", json!(text(grant.id))),
            ("key_base", json!(self.seals().keys().base().0)),
            ("depth", json!(request.parent.map_or(0, |p| p.depth))),
            ("seed", json!(seed(id))),
        ];
        for (column, value) in values {
            match value {
                // Most are nothing, and need not be said.
                Value::Null => drop(row.remove(column)),
                value => row.set(column, value),
            }
        }
        note_cause(&mut row, actor);
        Ok(row)
    }
}

impl Draft {
    /// Gives it other inputs than its request had, and the object that it is about.
    pub(super) fn told(mut self, service: &Service, input: Value, object: Uuid) -> Result<NewExecution> {
        service.check_size(&input)?;
        self.request.input_value = input;
        self.columns.insert("custom_object_id".into(), object.to_string().into());
        self.made(service)
    }

    pub(super) fn made(self, service: &Service) -> Result<NewExecution> {
        let Draft { actor, mut request, columns, source, grant, envelope } = self;
        if let Some(envelope) = envelope {
            request.input_value = envelope.fill(&request.input_value)?;
            service.check_size(&request.input_value)?;
        }
        let schema = |name: &str| {
            columns.get(name).filter(|given| !given.is_null()).map(|given| service.schemas().get(given, &format!("/{name}"))).transpose()
        };
        schema("output_schema")?;
        let given = schema("input_schema")?;
        let inputs = match &source.what {
            What::Flow(flow) => accepted(given.as_ref().or(flow.schema.as_ref()), &request.input_value)?,
            What::Script(_) => accepted(given.as_ref(), &request.input_value)?,
            What::Connection(settled) => settled.inputs.clone(),
        };
        let id = request.child_id.unwrap_or_else(Service::new_id);
        let mut row = service.execution_row(&actor, (&request, columns), &source, (id, &grant))?;
        if let Some(key) = source.environment.0.as_deref() {
            row.set("environment_key", key);
        }
        let mut writes = Vec::new();
        if let What::Script(script) = &source.what {
            let content = Bytes::copy_from_slice(script.as_bytes());
            writes.push(Write::Blob { hash: blob_hash(&content), content });
        }
        writes.extend(source.environment.1.clone());
        writes.push(service.grant_write(&grant));
        writes.push(Write::Insert { table: "execution", key: &["id"], row: row.clone() });
        // What a flow starts has no entry: its row says by itself which execution started it, for whom and when, and there may be
        // thousands a second, which would bury the entries that people look for.
        if actor.door != Door::Flow {
            writes.push(service.audit(&actor, Deed::on("start", record_type("EXECUTION"), &row)));
        }
        let identity = ExecutionIdentity {
            id,
            flow_id: source.what.flow().map(|flow| flow.id),
            project_id: source.place.project,
            bundle_id: source.place.bundle,
            grant: Arc::new(grant),
        };
        let actor = Actor::execution(identity).within(Some(TraceContext::of(&row)));
        Ok(NewExecution {
            id,
            row,
            writes,
            script: match source.what {
                What::Flow(flow) => flow.script.clone(),
                What::Script(script) => script,
                What::Connection(_) => "".into(),
            },
            inputs: inputs.to_string().into(),
            actor,
            run: request.run,
        })
    }
}

/// What an execution came of: a trace, a schedule, a webhook.
fn note_cause(row: &mut Row, actor: &Actor) {
    if let Some(trace) = actor.trace {
        row.set("trace_id", trace.trace_id());
        row.set("parent_span_id", trace.span_id());
    }
    if let Identity::Trigger(trigger) = &actor.identity {
        let column = if trigger.record_type == "WEBHOOK" { "webhook_id" } else { "schedule_id" };
        row.set(column, trigger.id.to_string());
    }
}

/// Seeds `random` in the handler: the same at every attempt, another for every execution.
fn seed(id: Uuid) -> i64 {
    let hash = blake3::hash(id.as_bytes());
    let bytes: [u8; 8] = hash.as_bytes()[..8].try_into().expect("a hash has 32 bytes");
    i64::from_le_bytes(bytes)
}
