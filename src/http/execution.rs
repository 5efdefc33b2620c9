//! Executions: started, waited for, cancelled, paused, resumed, retried.

use std::time::Duration;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::on;
use serde_json::Value;
use uuid::Uuid;

use super::body::{Fields, JsonBody};
use super::gate::Caller;
use super::param::{Param, ParamKind, Params};
use super::record;
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::{Error, Kind, Result};
use crate::records::{self, RecordType};
use crate::service::{Actor, Control, RecordFound, RetryRequest, Selector, StartRequest, Started, Target};
use crate::store::Row;

/// Seconds a wait lasts when nothing else is asked for.
const TIMEOUT: f64 = 25.0;
/// The longest wait that can be asked for, seconds; the server's setting may be shorter.
const LONGEST: u64 = 300;

/// Characters of an idempotency key at most.
const KEY_LENGTH: usize = 128;
/// Further fields of a start: where the execution goes, and columns of it.
const COLUMNS: &[&str] =
    &["description", "message", "is_productive", "project_id", "project_name", "bundle_id", "bundle_name", "location_inheritance"];

const EXECUTION: Shape = Shape::Record(Some("EXECUTION"));
const WAIT: Param =
    Param { name: "wait", kind: ParamKind::Bool, doc: "True: answer when the execution has ended, or as it is after `timeout`." };
const SECONDS: Param = Param { name: "timeout", kind: ParamKind::Seconds(LONGEST), doc: "Seconds to wait at most. Default 25." };
static START: &[Param] = &[WAIT, SECONDS, record::PLAIN];
static RUN: &[Param] = &[WAIT, SECONDS, record::BY, record::PLAIN];
static WAITING: &[Param] = &[SECONDS, record::PLAIN];
static ONE: &[Param] = &[record::PLAIN];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Post, "/execution", "execution_create", "Starts a flow, or a script given as text.")
        .params(START)
        .body(Shape::Named("StartRequest"))
        .answer(201, EXECUTION)
        .once(|verb| on(verb, start)),
    Endpoint::new(Verb::Post, "/flow/{id}/run", "flow_run", "Starts this flow.")
        .params(RUN)
        .optional_body(Shape::Named("RunRequest"))
        .answer(201, EXECUTION)
        .once(|verb| on(verb, run)),
    Endpoint::new(Verb::Get, "/execution/{id}/wait", "execution_wait", "Answers when it has ended, else as it is after `timeout`.")
        .params(WAITING)
        .answer(200, EXECUTION)
        .once(|verb| on(verb, wait)),
    Endpoint::new(
        Verb::Post,
        "/execution/{id}/cancel",
        "execution_cancel",
        "Cancels it and its children; one that has ended stays as it is.",
    )
    .params(ONE)
    .answer(200, EXECUTION)
    .once(|verb| on(verb, cancel)),
    Endpoint::new(Verb::Post, "/execution/{id}/pause", "execution_pause", "Pauses it at its next call.")
        .params(ONE)
        .answer(200, EXECUTION)
        .once(|verb| on(verb, pause)),
    Endpoint::new(Verb::Post, "/execution/{id}/resume", "execution_resume", "Lets a paused one go on.")
        .params(ONE)
        .answer(200, EXECUTION)
        .once(|verb| on(verb, resume)),
    Endpoint::new(
        Verb::Post,
        "/execution/{id}/retry",
        "execution_retry",
        "Makes a new execution that goes on where this one, which has ended, failed: recorded calls are not made again.",
    )
    .params(START)
    .optional_body(Shape::Named("RetryRequest"))
    .answer(201, EXECUTION)
    .once(|verb| on(verb, retry)),
];

/// The type of its records.
pub(super) fn of() -> &'static RecordType {
    records::find("EXECUTION").expect("EXECUTION is a record type")
}

/// What every handler here needs of its request.
struct Call {
    state: HttpState,
    actor: Actor,
    params: Params,
    idempotency_key: Option<String>,
}

impl FromRequestParts<HttpState> for Call {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self> {
        let Caller { actor, .. } = Caller::from_request_parts(parts, state).await?;
        let params = Params::from_request_parts(parts, state).await?;
        Ok(Call { state: state.clone(), actor, params, idempotency_key: idempotency_key(&parts.headers)? })
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|text| (1..=KEY_LENGTH).contains(&text.len()));
    text.map(|text| Some(text.to_owned())).ok_or_else(|| {
        Error::new(Kind::Malformed, format!("'idempotency-key' must have 1 to {KEY_LENGTH} characters of plain ASCII text."))
    })
}

impl Call {
    /// The execution of this row.
    async fn show(&self, row: Row, status: StatusCode) -> Result<Response> {
        let id = row.id().ok_or_else(|| Error::internal("an execution has no id"))?;
        let version = row.version();
        let record = self.state.service().record_show(&self.actor, of(), row).await?;
        Ok(record::answer(of(), RecordFound { id, version, record }, &self.params, status))
    }

    /// Starts what was asked for, and waits for its end if that was asked for too.
    async fn start(self, target: Target, fields: Fields) -> Result<Response> {
        let request = StartRequest { idempotency_key: self.idempotency_key.clone(), ..request(target, fields)? };
        let service = self.state.service();
        if self.params.flag("wait") {
            let row = self.unless_draining(service.execution_run(&self.actor, request, self.timeout())).await?;
            return self.show(row, StatusCode::CREATED).await;
        }
        let started = service.execution_start(&self.actor, request).await?;
        self.started(started).await
    }

    async fn started(&self, started: Started) -> Result<Response> {
        started.commit.wait().await?;
        self.show(started.row, if started.existed { StatusCode::OK } else { StatusCode::CREATED }).await
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.params.seconds("timeout").unwrap_or(TIMEOUT).min(self.state.wait_limit()))
    }

    /// What `wait` gives, or a 503 once the server is told to stop, so that it need not wait for the waiters.
    async fn unless_draining(&self, wait: impl Future<Output = Result<Row>>) -> Result<Row> {
        tokio::select! {
            row = wait => row,
            () = self.state.draining().cancelled() => {
                Err(Error::new(Kind::Unavailable, "The server is stopping. The execution goes on when it is back; look for it then."))
            }
        }
    }

    /// Answers what a cancel, a pause or a resume left.
    async fn controlled(&self, id: Uuid, control: Control) -> Result<Response> {
        control.commit.wait().await?;
        let row = self.state.service().record_row(&self.actor, of(), &Selector::Id(id)).await?;
        self.show(row, StatusCode::OK).await
    }
}

/// The fields of a start, whatever is started.
fn request(target: Target, mut fields: Fields) -> Result<StartRequest> {
    let input_value = fields.given("input_value").unwrap_or(Value::Null);
    let mut request = StartRequest::new(target, input_value);
    request.name = fields.text("name")?;
    request.priority = fields.read("priority", "a whole number", Value::as_i64)?;
    request.scheduled_for = fields.text("scheduled_for")?;
    request.max_runtime_minutes = fields.read("max_runtime_minutes", "a number", Value::as_f64)?;
    request.run = fields.read("run", "true or false", Value::as_bool)?.unwrap_or(true);
    request.unwrapped = fields.read("unwrapped", "true or false", Value::as_bool)?.unwrap_or(false);
    for column in COLUMNS {
        if let Some(value) = fields.value(column) {
            request.columns.insert((*column).to_owned(), value);
        }
    }
    fields.finish()?;
    Ok(request)
}

async fn start(call: Call, body: JsonBody) -> Result<Response> {
    let mut fields = body.object()?;
    let given = (fields.text("flow_id")?, fields.text("flow_name")?, fields.text("script")?);
    let target = match given {
        (Some(id), None, None) => {
            let id = Uuid::try_parse(&id)
                .map_err(|_| Error::invalid("'flow_id' must be a UUID; a name goes into 'flow_name'.").field("/flow_id"))?;
            Target::Flow(Selector::Id(id))
        }
        (None, Some(name), None) => Target::Flow(Selector::Name(name.trim().to_owned())),
        (None, None, Some(script)) => Target::Script(script),
        _ => {
            return Err(
                Error::invalid("The body must have one of 'flow_id', 'flow_name' and 'script', to say what is run.").field("/flow_id")
            );
        }
    };
    call.start(target, fields).await
}

async fn run(call: Call, Path(id): Path<String>, body: JsonBody) -> Result<Response> {
    let flow = records::find("FLOW").expect("FLOW is a record type");
    let selector = record::selector(flow, &call.params, &id)?;
    call.start(Target::Flow(selector), body.optional_object()?).await
}

/// The id in a path.
pub(super) fn id_of(text: &str) -> Result<Uuid> {
    match Selector::id(of(), text)? {
        Selector::Id(id) => Ok(id),
        Selector::Name(_) => Err(Error::internal("an id was read as a name")),
    }
}

async fn wait(call: Call, Path(id): Path<String>) -> Result<Response> {
    let wait = call.state.service().execution_wait(&call.actor, id_of(&id)?, call.timeout());
    let row = call.unless_draining(wait).await?;
    call.show(row, StatusCode::OK).await
}

async fn cancel(call: Call, Path(id): Path<String>) -> Result<Response> {
    let id = id_of(&id)?;
    let control = call.state.service().execution_cancel(&call.actor, id).await?;
    call.controlled(id, control).await
}

async fn pause(call: Call, Path(id): Path<String>) -> Result<Response> {
    let id = id_of(&id)?;
    let control = call.state.service().execution_pause(&call.actor, id).await?;
    call.controlled(id, control).await
}

async fn resume(call: Call, Path(id): Path<String>) -> Result<Response> {
    let id = id_of(&id)?;
    let control = call.state.service().execution_resume(&call.actor, id).await?;
    call.controlled(id, control).await
}

fn call_number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

async fn retry(call: Call, Path(id): Path<String>, body: JsonBody) -> Result<Response> {
    let id = id_of(&id)?;
    let mut fields = body.optional_object()?;
    let request = RetryRequest {
        from_seq: fields.read("from_seq", "the number of a call, or 0", call_number)?,
        script: fields.text("script")?,
        current_script: fields.read("current_script", "true or false", Value::as_bool)?.unwrap_or(false),
        repeat_escaped: fields.read("repeat_escaped", "true or false", Value::as_bool)?.unwrap_or(false),
        idempotency_key: call.idempotency_key.clone(),
    };
    fields.finish()?;
    let service = call.state.service();
    if call.params.flag("wait") {
        let row = call.unless_draining(service.execution_retry_run(&call.actor, id, request, call.timeout())).await?;
        return call.show(row, StatusCode::CREATED).await;
    }
    let started = service.execution_retry(&call.actor, id, request).await?;
    call.started(started).await
}
