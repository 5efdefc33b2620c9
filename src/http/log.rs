//! An execution's log and steps: a page at a time, or live as an event stream.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use serde_json::{Value, json};
use uuid::Uuid;

use super::execution;
use super::gate::Caller;
use super::live;
use super::param::{Param, ParamKind, Params};
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::service::{Selector, StepQuery};
use crate::store::{LogEntry, LogQuery};

/// Entries of a page when no limit is given.
const LIMIT: u32 = 200;
const MOST: u64 = 1000;

const AFTER: Param = Param {
    name: "after",
    kind: ParamKind::Integer(0, i64::MAX as u64),
    doc: "Only entries behind this number: `next` of the page before.",
};
const COUNT: Param = Param { name: "limit", kind: ParamKind::Integer(1, MOST), doc: "How many at most. Default 200." };
static LOGS: &[Param] = &[
    AFTER,
    COUNT,
    Param { name: "tail", kind: ParamKind::Integer(1, MOST), doc: "The last so many entries instead." },
    Param { name: "level", kind: ParamKind::Word(&["debug", "info", "warning", "error"]), doc: "Only entries of this level." },
    Param {
        name: "stream",
        kind: ParamKind::Word(&["log", "logging", "stdout", "stderr"]),
        doc: "Only entries from here; `log` is `this.log`.",
    },
    Param { name: "contains", kind: ParamKind::Text, doc: "Only entries whose message has this text in it." },
    Param {
        name: "step",
        kind: ParamKind::Text,
        doc: "Only entries written during this step of the present epoch: the name given to `this.step`, or the number of a call.",
    },
];
static EVENTS: &[Param] = &[AFTER, COUNT];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(
        Verb::Get,
        "/execution/{id}/logs",
        "execution_logs",
        "Reads the log by pages; with `accept: text/event-stream` sends it live, and `end` when the execution has ended.",
    )
    .params(LOGS)
    .answer(200, Shape::Feed("ExecutionLog"))
    .once(|verb| on(verb, logs)),
    Endpoint::new(
        Verb::Get,
        "/execution/{id}/events",
        "execution_events",
        "Reads the recorded steps by pages; with `accept: text/event-stream` sends them live, and `end` when the execution has ended.",
    )
    .params(EVENTS)
    .answer(200, Shape::Feed("ExecutionStep"))
    .once(|verb| on(verb, events)),
];

async fn logs(
    State(state): State<HttpState>,
    caller: Caller,
    params: Params,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let tail = params.integer("tail");
    if let Some(other) = ["after", "limit"].into_iter().find(|name| tail.is_some() && params.integer(name).is_some()) {
        return Err(Error::new(Kind::Malformed, format!("'tail' and '{other}' cannot go together; 'tail' says how many and from where.")));
    }
    let words = |name| params.text(name).map(str::to_owned);
    let query = LogQuery {
        after: params.integer("after").unwrap_or(0),
        limit: tail.or(params.integer("limit")).and_then(|n| u32::try_from(n).ok()).unwrap_or(LIMIT),
        tail: tail.is_some(),
        level: words("level"),
        stream: words("stream"),
        contains: words("contains"),
        step: match params.text("step") {
            Some(step) => Some(state.service().execution_log_step(&caller.actor, execution::id_of(&id)?, step).await?),
            None => None,
        },
    };
    let source = Source { execution: execution::id_of(&id)?, what: What::Log(query) };
    answer(state, caller, source, &headers).await
}

async fn events(
    State(state): State<HttpState>,
    caller: Caller,
    params: Params,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let limit = params.integer("limit").and_then(|n| u32::try_from(n).ok()).unwrap_or(LIMIT);
    let query = StepQuery { after: params.integer("after").unwrap_or(0), limit, open: true };
    let source = Source { execution: execution::id_of(&id)?, what: What::Steps(query) };
    answer(state, caller, source, &headers).await
}

async fn answer(state: HttpState, caller: Caller, mut source: Source, headers: &HeaderMap) -> Result<Response> {
    let mut response = if live::is_wanted(headers) {
        source.follow(live::last_event(headers)?);
        live::answer(state, caller, source).await?
    } else {
        let status = source.status(&state, &caller).await?;
        let page = source.read(&state, &caller).await?;
        let entries: Vec<Value> = page.entries.into_iter().map(|(_, entry)| entry).collect();
        let has_ended = status.is_ended() && !page.has_more;
        Json(json!({"items": entries, "next": page.next, "has_more": page.has_more, "has_ended": has_ended})).into_response()
    };
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept"));
    Ok(response)
}

/// What is read of which execution, and how far it was read.
pub(super) struct Source {
    pub(super) execution: Uuid,
    what: What,
}

enum What {
    Log(LogQuery),
    Steps(StepQuery),
}

/// Entries that were read, each with its number.
pub(super) struct Page {
    pub(super) entries: Vec<(u64, Value)>,
    pub(super) next: u64,
    pub(super) has_more: bool,
}

impl Source {
    /// The name of its events in a stream.
    pub(super) const fn event(&self) -> &'static str {
        match self.what {
            What::Log(_) => "log",
            What::Steps(_) => "step",
        }
    }

    /// Reads on behind this entry.
    pub(super) fn set_after(&mut self, number: u64) {
        match &mut self.what {
            What::Log(query) => (query.after, query.tail) = (number, false),
            What::Steps(query) => query.after = number,
        }
    }

    /// From here on it is a stream, that goes on behind `last` if it was there before.
    fn follow(&mut self, last: Option<u64>) {
        if let Some(number) = last {
            self.set_after(number);
        }
        match &mut self.what {
            What::Log(query) if !query.tail => query.limit = live::BATCH,
            What::Log(_) => {}
            // A step is told once, when it is done.
            What::Steps(query) => (query.limit, query.open) = (live::BATCH, false),
        }
    }

    pub(super) async fn status(&self, state: &HttpState, caller: &Caller) -> Result<Status> {
        let row = state.service().record_row(&caller.actor, execution::of(), &Selector::Id(self.execution)).await?;
        row.text("status").and_then(Status::from_name).ok_or_else(|| Error::internal("an execution has no status"))
    }

    pub(super) async fn read(&self, state: &HttpState, caller: &Caller) -> Result<Page> {
        match &self.what {
            What::Log(query) => {
                let page = state.service().execution_logs(&caller.actor, self.execution, query).await?;
                let entries = page.entries.into_iter().map(|(number, entry)| (number, self.show(number, &entry))).collect();
                Ok(Page { entries, next: page.next, has_more: page.has_more })
            }
            What::Steps(query) => {
                let page = state.service().execution_events(&caller.actor, self.execution, *query).await?;
                let entries = page.entries.into_iter().map(|(number, step)| (number, Value::Object(step))).collect();
                Ok(Page { entries, next: page.next, has_more: page.has_more })
            }
        }
    }

    /// An EXECUTION_LOG record.
    fn show(&self, seq: u64, entry: &LogEntry) -> Value {
        let LogEntry { at, level, stream, step, message, data, .. } = entry;
        json!({
            "execution_id": self.execution,
            "seq": seq,
            "at": at,
            "level": level,
            "stream": stream,
            "step": step,
            "message": message,
            "data": data,
        })
    }
}
