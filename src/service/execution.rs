//! New executions: rights, near names, schema, place and grant settled before anything is made.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::{Actor, Door, ExecutionIdentity, Identity};
use super::audit::Deed;
use super::column;
use super::command::{Command, NewExecution};
use super::connection::{Settled, settle};
use super::environment;
use super::flow::{Flow, accepted};
use super::grant::Grant;
use super::handle::Service;
use super::idempotency::unknown_role;
use super::identity::record_type;
use super::location::{Place, Wish, default_place};
use super::rights::Operation;
use super::row::{find, id_of, row_of};
use super::selector::Selector;
use super::start::{StartRequest, Target};
use super::trace_context::TraceContext;
use super::wrapper::Envelope;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::store::{Commit, Row, Scope, Write, blob_hash};

/// An execution, handed to the engine but maybe not on disk yet.
pub struct Started {
    pub id: Uuid,
    /// The EXECUTION row as it was made.
    pub row: Row,
    /// An earlier request with the same idempotency key had made it.
    pub existed: bool,
    pub commit: Commit,
}

/// What is run, looked up.
struct Source {
    what: What,
    place: Place,
    /// The packages that it runs with, and the row that keeps them where a script brought them along.
    environment: (Option<Arc<str>>, Option<Write>),
}

enum What {
    Flow(Arc<Flow>),
    Script(Arc<str>),
    Connection(Box<Settled>),
}

impl What {
    fn flow(&self) -> Option<&Arc<Flow>> {
        match self {
            What::Flow(flow) => Some(flow),
            What::Script(_) | What::Connection(_) => None,
        }
    }
}

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
    /// Settles everything about a new execution; nothing is written. The caller submits `writes` before it runs it.
    pub async fn execution_prepare(&self, actor: &Actor, request: StartRequest) -> Result<NewExecution> {
        self.check_size(&request.input_value)?;
        Box::pin(self.execution_draft(actor, request)).await?.made(self)
    }

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

    /// An execution whose row another transaction wrote; `None` if that was undone, or if it was begun meanwhile.
    pub async fn execution_written(&self, id: Uuid) -> Result<Option<NewExecution>> {
        let (row, commit) = self.store().transact(move |tx| Box::pin(find(tx, record_type("EXECUTION"), id))).await?;
        // What belongs to the row is read past the writer, which shows what is on disk.
        commit.wait().await?;
        let is_new = |row: &Row| matches!(row.text("status").and_then(Status::from_name), Some(Status::Pending | Status::Created));
        match row.filter(is_new) {
            Some(row) => Ok(Some(self.execution_load(row).await?)),
            None => Ok(None),
        }
    }

    /// An execution found in the store after a restart.
    pub async fn execution_load(&self, row: Row) -> Result<NewExecution> {
        let id = row.id().ok_or_else(|| Error::internal("an execution has no id"))?;
        let is_connection = row.text("type") == Some("CONNECTION");
        let script = match row.text("script_hash") {
            Some(hash) => self.script(hash).await?,
            None if is_connection => "".into(),
            None => return Err(Error::internal(format!("execution {id} has no script"))),
        };
        let schema = row.json("input_schema").map(|schema| self.schemas().get(schema, "/input_schema")).transpose()?;
        let input = if is_connection { self.connection_inputs(&row)? } else { row.json("input_value").cloned().unwrap_or_default() };
        // It was accepted when it was made; what a newer validator thinks of it is no reason to lose it.
        let inputs = accepted(schema.as_ref(), &input).unwrap_or(input);
        let grant = match row.uuid("grant_id") {
            Some(grant) => self.grant_load(grant).await?,
            None => Arc::new(Grant::new(Some(Vec::new()), None, None)),
        };
        let (flow_id, Place { project, bundle }) = (row.uuid("flow_id"), Place::of(&row));
        let identity = ExecutionIdentity { id, flow_id, project_id: project, bundle_id: bundle, grant };
        let run = row.text("status") != Some(Status::Created.name()) || row.text("scheduled_for").is_some();
        let actor = Actor::execution(identity).within(Some(TraceContext::of(&row)));
        Ok(NewExecution { id, row, writes: Vec::new(), script, inputs: inputs.to_string().into(), actor, run })
    }

    /// Makes an execution and hands it to the engine.
    pub async fn execution_start(&self, actor: &Actor, request: StartRequest) -> Result<Started> {
        if request.idempotency_key.is_some() {
            return self.execution_start_once(actor, request).await;
        }
        let new = self.execution_prepare(actor, request).await?;
        self.execution_hand_over(new, false).await
    }

    /// `lazy`: its row may go to disk together with what follows, since nobody is answered before.
    pub(super) async fn execution_hand_over(&self, new: NewExecution, lazy: bool) -> Result<Started> {
        let (id, row) = (new.id, new.row.clone());
        let execution = Box::new(new);
        let commit = self.commands().ask(|reply| Command::Start { execution, lazy, reply }).await?;
        Ok(Started { id, row, existed: false, commit })
    }

    fn check_size(&self, input: &Value) -> Result<()> {
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

    async fn source(&self, actor: &Actor, access: &Access, (request, wish): (&StartRequest, Wish)) -> Result<Source> {
        let executions = record_type("EXECUTION");
        let (what, resource) = match &request.target {
            Target::Flow(selector) => {
                let flow = self.flow_get(access, selector).await?;
                let place = Place::of(&flow.row);
                (What::Flow(flow), Some(place))
            }
            Target::Wrapper { flow, place } => {
                // It stands in for what the actor may run, whether he may read it or not.
                let all = self.access(&Actor::system(Door::Server)).await?;
                (What::Flow(self.flow_get(&all, &Selector::Id(*flow)).await?), place.map(|(project, bundle)| Place { project, bundle }))
            }
            Target::Script(script) => (What::Script(script.as_str().into()), None),
            Target::Connection(target) => {
                let found = self.connection_source(actor, access, target).await?;
                let place = found.1.as_ref().map(Place::of);
                (What::Connection(Box::new(settle(found, target, &request.input_value)?)), place)
            }
            Target::Scheduler { id, project, bundle } => {
                let row = self.store().row_get(record_type("SCHEDULER"), *id, &Scope::All).await?;
                let row = row.filter(|row| row.text("deleted_at").is_none());
                let hash = row.as_ref().and_then(|row| row.text("script_hash"));
                let Some(row) = row.as_ref() else { return Err(Error::not_found(format!("There is no scheduler {id}."))) };
                let script = match hash {
                    Some(hash) => self.script(hash).await?,
                    None => row.text("script").unwrap_or_default().into(),
                };
                (What::Script(script), Some(Place { project: *project, bundle: *bundle }))
            }
        };
        let inherited = if wish.is_explicit() { None } else { wish.inherited(actor, executions, resource)? };
        let place = if let Some(place) = inherited {
            place
        } else {
            let access = access.clone();
            let look = self.store().transact(move |tx| {
                Box::pin(async move {
                    match wish.explicit(tx, &access, (executions, Place::default())).await? {
                        Some(place) => Ok(place),
                        None => default_place(tx, executions).await,
                    }
                })
            });
            look.await?.0
        };
        let environment = Box::pin(self.source_environment(access, &what, place)).await?;
        Ok(Source { what, place, environment })
    }

    /// A flow has what was settled when it was saved; a script brings its own along.
    async fn source_environment(&self, access: &Access, what: &What, place: Place) -> Result<(Option<Arc<str>>, Option<Write>)> {
        match what {
            What::Connection(_) => Ok((None, None)),
            What::Flow(flow) => {
                let project = flow.row.uuid("project_id");
                Ok((self.environment_for(&flow.packages, project, flow.wants_standard).await?, None))
            }
            // Who may not run it is told so later, and nothing is asked of a package index for him.
            What::Script(_) if !access.may_ever(Operation::Create, "FLOW") => Ok((None, None)),
            What::Script(script) => {
                let (own, settled) = self.environment_of_script(script).await?;
                let key = self.environment_for(&own, place.project, environment::wants_standard(script)).await?;
                Ok((key, settled.map(|(_, write)| write)))
            }
        }
    }

    pub(super) async fn grant_of(&self, actor: &Actor, roles: Option<&[String]>) -> Result<Grant> {
        let propagating = match &actor.identity {
            Identity::User { id, .. } => self.user(*id).await?.map(|user| user.propagating.clone()).unwrap_or_default(),
            Identity::Trigger(trigger) => self.trigger(trigger.id).await?.propagating.clone(),
            Identity::Execution(_) | Identity::System => Vec::new(),
        };
        let grant = Grant::from_creator(actor, &propagating);
        let Some(names) = roles else { return Ok(grant) };
        let wanted = self.role_ids(names).await?;
        let sees_all = self.access(actor).await?.may(Operation::Read, &Subject::new_in("ROLE", None));
        let passed_on = |id: Uuid| grant.roles.as_ref().is_some_and(|roles| roles.iter().any(|held| held.role == id));
        // A role that is neither passed on nor to be seen is not there.
        if let Some((name, _)) = names.iter().zip(&wanted).find(|(_, id)| !sees_all && !passed_on(**id)) {
            return Err(unknown_role(name));
        }
        Ok(grant.with_roles(|role| wanted.contains(&role)))
    }

    pub(super) fn grant_write(&self, grant: &Grant) -> Write {
        let content = grant.content().to_string();
        let row = row_of([
            ("id", json!(grant.id.to_string())),
            ("hash", json!(grant.id.simple().to_string())),
            ("user_id", json!(grant.user.map(|u| u.to_string()))),
            ("content", json!(content)),
            ("created_at", json!(self.now_text())),
        ]);
        Write::Upsert { table: "grant_row", key: &["id"], row }
    }

    async fn grant_load(&self, id: Uuid) -> Result<Arc<Grant>> {
        if let Some(known) = self.identities().grant(id) {
            return Ok(known);
        }
        let row = self.store().aside("grant_row", &["user_id", "content"], ("id", &id.to_string())).await?;
        let row = row.ok_or_else(|| Error::internal(format!("the grant {id} is gone")))?;
        let content = serde_json::from_str(row.text("content").unwrap_or_default())
            .map_err(|e| Error::internal("a stored grant is unreadable").source_error(e))?;
        let grant = Arc::new(Grant::from_stored(&content, row.uuid("user_id"))?);
        self.identities().keep_grant(&grant);
        Ok(grant)
    }

    fn execution_row(
        &self,
        actor: &Actor,
        (request, extra): (&StartRequest, Map<String, Value>),
        source: &Source,
        (id, grant): (Uuid, &Grant),
    ) -> Result<Row> {
        let executions = record_type("EXECUTION");
        let mut row = Row::new();
        for field in executions.fields().filter(|f| f.has_column()) {
            let default = field.default.map_or(Value::Null, |json| serde_json::from_str(json).expect("defaults are JSON"));
            row.set(field.name, default);
        }
        for (name, value) in extra {
            let field = executions.field(&name).ok_or_else(|| Error::invalid(format!("EXECUTION has no column '{name}'.")))?;
            row.set(&name, column::check(field, value, &format!("/{name}"))?);
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
            row.set(column, value);
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

    fn made(self, service: &Service) -> Result<NewExecution> {
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
        row.set("environment_key", json!(source.environment.0.as_deref()));
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
