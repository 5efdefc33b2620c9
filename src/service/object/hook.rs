//! The flows that run around changes of objects, as who makes the change: `before_create` is waited for and may set
//! values, the executions of the others are part of the change.

use std::time::Duration;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::access::{Access, Subject};
use super::super::actor::{Actor, Identity};
use super::super::command::{Command, ParentRef};
use super::super::draft::Draft;
use super::super::handle::Service;
use super::super::identity::record_type;
use super::super::record_write::{Call, RecordWrite};
use super::super::rights::Operation;
use super::super::row::{find, id_of, subject};
use super::super::selector::Selector;
use super::super::start::{StartRequest, Target};
use super::attributes;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::store::{Row, Scope, Tx};

/// How long `before_create` may take: who creates the object waits for it.
const LIMIT: Duration = Duration::from_secs(60);

/// The flows that may follow a change of an object, settled but for what they are told.
pub(in super::super) struct Hooks {
    template: Option<Row>,
    /// By the change that they follow. One that cannot start refuses the change, if it comes to that.
    drafts: Vec<(&'static str, Result<Draft>)>,
}

impl Hooks {
    /// Writes the execution that follows a change into the change's transaction, so that there is neither without the other.
    pub(in super::super) async fn enter(self, tx: &mut Tx, call: &Call, (before, after): (Option<&Row>, Option<&Row>)) -> Result<()> {
        let (Some(template), Some(object)) = (&self.template, after.or(before)) else { return Ok(()) };
        let mut input = inputs(template, object);
        let hook = match (before, after) {
            (None, _) => "on_create",
            (Some(_), None) => "on_delete",
            (Some(before), Some(after)) if before.version() == after.version() => return Ok(()),
            (Some(before), Some(after)) => {
                let (old, new) = (value_of(before), value_of(after));
                let is_other = |name: &String| old.get(name).unwrap_or(&Value::Null) != &new[name];
                let changed: Vec<String> = new.keys().filter(|name| is_other(name)).cloned().collect();
                let attributes = attributes(tx, id_of(template)).await?;
                let is_silent = |name: &String| attributes.iter().any(|a| a.name == *name && a.silent_update);
                if !changed.is_empty() && changed.iter().all(is_silent) {
                    return Ok(());
                }
                input.insert("old_value".into(), Value::Object(old));
                input.insert("changed".into(), json!(changed));
                "on_update"
            }
        };
        let Some((_, draft)) = self.drafts.into_iter().find(|(name, _)| *name == hook) else { return Ok(()) };
        input.insert("operation".into(), hook.into());
        let new = draft.and_then(|draft| draft.told(&call.service, Value::Object(input), id_of(object)));
        let new = new.map_err(|error| unstartable(template, hook, &error))?;
        tx.apply(&new.writes).await?;
        // Told now, it cannot be forgotten: the engine reads it when this is done, and finds nothing if it is undone.
        call.service.commands().tell(Command::Adopt { id: new.id });
        Ok(())
    }
}

impl Service {
    /// What is to be known before an object is written. A new one goes through `before_create` here.
    pub(in super::super) async fn object_before(&self, actor: &Actor, write: &mut RecordWrite, must_exist: bool) -> Result<Hooks> {
        let name = write.payload.get("name").and_then(Value::as_str).map(|name| Selector::Name(name.trim().to_owned()));
        let wanted = if must_exist { write.selector.clone() } else { name };
        let before = match wanted {
            Some(selector) => self.object_row(selector).await?,
            None => None,
        };
        let given = write.payload.get("object_template_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        let template = before.as_ref().and_then(|row| row.uuid("object_template_id")).or(given);
        let access = self.access(actor).await?;
        let template = self.object_template(&access, template).await?;
        if let (Some(template), None, false) = (&template, &before, must_exist) {
            self.hook_startable(&access, template, "on_create").await?;
            if let Some(flow) = self.hook_startable(&access, template, "before_create").await? {
                self.run_before_create(actor, (template, flow), &mut write.payload).await?;
            }
        }
        // Whether a new object's name is taken meanwhile is known in the transaction only.
        let hooks: &[&'static str] = if must_exist || before.is_some() { &["on_update"] } else { &["on_create", "on_update"] };
        if let (Some(template), [hook]) = (&template, hooks) {
            self.hook_startable(&access, template, hook).await?;
        }
        self.hooks(actor, template, hooks).await
    }

    /// What is to be known before an object is deleted.
    pub(in super::super) async fn object_before_delete(&self, actor: &Actor, selector: &Selector) -> Result<Hooks> {
        let before = self.object_row(selector.clone()).await?.filter(|row| row.text("deleted_at").is_none());
        let access = self.access(actor).await?;
        let template = before.as_ref().and_then(|row| row.uuid("object_template_id"));
        let template = self.object_template(&access, template).await?;
        if let Some(template) = &template {
            self.hook_startable(&access, template, "on_delete").await?;
        }
        self.hooks(actor, template, &["on_delete"]).await
    }

    async fn hooks(&self, actor: &Actor, template: Option<Row>, names: &[&'static str]) -> Result<Hooks> {
        let mut drafts = Vec::new();
        for hook in names {
            let Some(flow) = template.as_ref().and_then(|template| template.uuid(hook)) else { continue };
            let draft = match self.hook_request(actor, flow, Map::new()).await {
                Ok(request) => Box::pin(self.execution_draft(actor, request)).await,
                Err(error) => Err(error),
            };
            drafts.push((*hook, draft));
        }
        Ok(Hooks { template, drafts })
    }

    async fn object_row(&self, selector: Selector) -> Result<Option<Row>> {
        let of = record_type("CUSTOM_OBJECT");
        let look = self.store().transact(move |tx| {
            Box::pin(async move {
                match selector {
                    Selector::Id(id) => tx.row_get(of, id, &Scope::All).await,
                    Selector::Name(name) => tx.row_by_name(of, &name, &Scope::All).await,
                }
            })
        });
        Ok(look.await?.0)
    }

    async fn object_template(&self, access: &Access, id: Option<Uuid>) -> Result<Option<Row>> {
        let Some(id) = id else { return Ok(None) };
        let of = record_type("OBJECT_TEMPLATE");
        let (row, _) = self.store().transact(move |tx| Box::pin(find(tx, of, id))).await?;
        Ok(row.filter(|row| access.may(Operation::Read, &subject(of, row))))
    }

    /// The flow of a hook. One that the actor could not start refuses the change before it is made.
    async fn hook_startable(&self, access: &Access, template: &Row, hook: &str) -> Result<Option<Uuid>> {
        let Some(id) = template.uuid(hook) else { return Ok(None) };
        let about = |e: Error| unstartable(template, hook, &e);
        let flow = self.flow_get(access, &Selector::Id(id)).await.map_err(about)?;
        access.require(Operation::Create, &Subject::new_in("EXECUTION", flow.row.uuid("project_id"))).map_err(about)?;
        Ok(Some(id))
    }

    async fn run_before_create(&self, actor: &Actor, (template, flow): (&Row, Uuid), payload: &mut Map<String, Value>) -> Result<()> {
        let mut input = inputs(template, &Row::new());
        input.insert("name".into(), payload.get("name").cloned().unwrap_or_default());
        input.insert("value".into(), payload.get("value").filter(|v| !v.is_null()).cloned().unwrap_or_else(|| json!({})));
        let request = self.hook_request(actor, flow, input).await?;
        let row = self.execution_run(actor, request, LIMIT).await?;
        let name = row.text("name").unwrap_or_default();
        match row.text("status").and_then(Status::from_name) {
            Some(Status::EndedSuccess) => {}
            Some(status) if status.is_ended() => {
                let said = row.text("status_message").and_then(|text| text.trim().lines().last()).unwrap_or("it does not say why");
                let text = format!("The flow '{name}', which runs before an object of this template is created, refused it: {said}");
                return Err(Error::invalid(text).details(json!({ "execution_id": id_of(&row).to_string() })));
            }
            _ => {
                self.execution_cancel(actor, id_of(&row)).await?;
                let text = format!("The flow '{name}', which runs before an object of this template is created, took over a minute.");
                return Err(Error::new(Kind::Timeout, text));
            }
        }
        let Some(set) = row.json("output_value").and_then(|output| output.get("value")) else { return Ok(()) };
        let set = set.as_object().ok_or_else(|| Error::invalid(format!("The flow '{name}' set a 'value' that is no object.")))?;
        let mut value = payload.get("value").and_then(Value::as_object).cloned().unwrap_or_default();
        value.extend(set.clone());
        payload.insert("value".into(), Value::Object(value));
        Ok(())
    }

    /// Of flow code: a child, so that the depth of children bounds hooks that set off each other, and an orphan, since
    /// nobody waits for it.
    async fn hook_request(&self, actor: &Actor, flow: Uuid, input: Map<String, Value>) -> Result<StartRequest> {
        let mut request = StartRequest::new(Target::Flow(Selector::Id(flow)), Value::Object(input));
        request.columns.insert("location_inheritance".into(), "resource".into());
        let Identity::Execution(execution) = &actor.identity else { return Ok(request) };
        let row = self.store().row_get(record_type("EXECUTION"), execution.id, &Scope::All).await?;
        let depth = row.as_ref().and_then(|row| row.integer("depth")).and_then(|n| u32::try_from(n).ok()).unwrap_or(0) + 1;
        let limit = self.config().engine.max_depth;
        if depth > limit {
            let text =
                format!("This would be the {depth}th level of flows that object templates start one from another; the limit is {limit}.");
            return Err(Error::invalid(text));
        }
        let root = row.as_ref().and_then(|row| row.uuid("root_execution_id")).unwrap_or(execution.id);
        request.parent = Some(ParentRef { id: execution.id, root, depth });
        request.orphan = true;
        Ok(request)
    }
}

/// Why a change is refused whose flow cannot start.
fn unstartable(template: &Row, hook: &str, error: &Error) -> Error {
    let name = template.text("name").unwrap_or_default();
    Error::new(error.kind(), format!("The template '{name}' runs a flow as its {hook}, and you cannot start that: {}", error.message()))
}

fn value_of(row: &Row) -> Map<String, Value> {
    row.json("value").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What every hook is told.
fn inputs(template: &Row, object: &Row) -> Map<String, Value> {
    let mut input = Map::new();
    input.insert("operation".into(), "before_create".into());
    input.insert("object_template_id".into(), template.json("id").cloned().unwrap_or_default());
    input.insert("object_template_name".into(), template.json("name").cloned().unwrap_or_default());
    input.insert("custom_object_id".into(), object.json("id").cloned().unwrap_or_default());
    input.insert("name".into(), object.json("name").cloned().unwrap_or_default());
    input.insert("value".into(), Value::Object(value_of(object)));
    input
}
