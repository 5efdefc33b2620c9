//! The pages of messages: those that wait for an answer, one with its form, and one that a link leads to.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::on;
use maud::html;
use serde_json::{Value, json};

use super::input::{Input, inputs};
use super::login::{MESSAGE, show, submit};
use super::response::{Entered, Fault, entered, response};
use super::view::View;
use super::{Shown, page};
use crate::error::{Error, Kind, Result};
use crate::http::body;
use crate::http::gate::Caller;
use crate::http::message::of;
use crate::http::param::{Param, ParamKind};
use crate::http::route::{Endpoint, Shape, Verb};
use crate::http::state::HttpState;
use crate::service::{Actor, ListRequest, Row, Selector, Via, Written};

/// Where the pages of messages are.
pub(super) const MESSAGES: &str = "/message";
/// Messages on one page.
const LISTED: u32 = 200;
const HTML: Shape = Shape::Text("text/html");
static LEADS_TO: &[Param] = &[Param { name: MESSAGE, kind: ParamKind::Text, doc: "The id of the message to go on to." }];

pub(in crate::http) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "//login", "page_login", "The login as a page.")
        .open()
        .params(LEADS_TO)
        .answer(200, HTML)
        .once(|verb| on(verb, show)),
    Endpoint::new(Verb::Post, "//login", "page_login_submit", "Logs in from the page, and leads on.")
        .open()
        .body(Shape::Form)
        .answer(303, Shape::Empty)
        .once(|verb| on(verb, submit)),
    Endpoint::new(Verb::Get, "//message", "page_messages", "The messages that wait for an answer, as a page.")
        .page()
        .answer(200, HTML)
        .once(|verb| on(verb, list)),
    Endpoint::new(Verb::Get, "//message/{id}", "page_message", "A message with its form, as a page that needs no script.")
        .page()
        .answer(200, HTML)
        .once(|verb| on(verb, one)),
    Endpoint::new(Verb::Post, "//message/{id}", "page_message_answer", "Answers a message from its page.")
        .page()
        .body(Shape::Form)
        .answer(303, Shape::Empty)
        .once(|verb| on(verb, answer)),
    Endpoint::new(Verb::Get, "//message/link/{token}", "page_link", "The page that a link to a message leads to.")
        .open()
        .answer(200, HTML)
        .once(|verb| on(verb, linked)),
    Endpoint::new(Verb::Post, "//message/link/{token}", "page_link_answer", "Answers a message from the page of its link, once.")
        .open()
        .body(Shape::Form)
        .answer(303, Shape::Empty)
        .once(|verb| on(verb, linked_answer)),
];

/// What a browser sends of a form.
pub(super) async fn read_form(state: &HttpState, headers: &HeaderMap, body: Body) -> Result<Entered> {
    let bytes = body::read(headers, body, state.body_limit()).await?;
    if body::media_type(headers) == "application/x-www-form-urlencoded" {
        return Ok(entered(&bytes));
    }
    Err(Error::new(Kind::UnsupportedMedia, "A form is sent as 'application/x-www-form-urlencoded'."))
}

async fn list(State(state): State<HttpState>, caller: Caller) -> Shown {
    let request = ListRequest {
        filter: Some(json!({"field": "is_submitted", "op": "eq", "value": false})),
        order: vec!["-created_at".to_owned()],
        fields: Some(["id", "subject", "name", "created_at"].map(str::to_owned).to_vec()),
        limit: Some(LISTED),
        ..ListRequest::default()
    };
    let found = state.service().record_list(&caller.actor, of(), &request).await?;
    let text = |item: &serde_json::Map<String, Value>, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let body = html! {
        h1 { "Waiting for an answer" }
        @if found.items.is_empty() { p { "Nothing waits for an answer." } }
        ul {
            @for item in &found.items {
                li {
                    a href=(format!("{MESSAGES}/{}", text(item, "id"))) { (Some(text(item, "subject")).filter(|s| !s.is_empty()).unwrap_or_else(|| text(item, "name"))) }
                    " " span class="hint" { "since " time datetime=(text(item, "created_at")) { (minute(&text(item, "created_at"))) } }
                }
            }
        }
        @if found.total > u64::from(LISTED) { p { "These are the newest of " (found.total) "." } }
    };
    Ok(page(StatusCode::OK, "Waiting for an answer", &body))
}

/// A time stamp without what is behind its minute.
fn minute(stamp: &str) -> String {
    format!("{} UTC", stamp.get(..16).unwrap_or(stamp).replace('T', " "))
}

/// A message on its page, for whoever came.
struct Asked {
    row: Row,
    inputs: Vec<Input>,
}

impl Asked {
    async fn new(state: &HttpState, row: Row) -> Result<Asked> {
        let inputs = inputs(&state.service().message_form(&row).await?);
        Ok(Asked { row, inputs })
    }

    fn subject(&self) -> &str {
        self.row.text("subject").or_else(|| self.row.text("name")).unwrap_or("A message")
    }

    /// The form, with what was entered and what is wrong with it.
    fn show(&self, status: StatusCode, entered: Option<&Entered>, faults: &[Fault]) -> Response {
        let view = View { subject: self.subject(), message: self.row.text("message"), inputs: &self.inputs, entered, faults };
        let title = if faults.is_empty() { self.subject().to_owned() } else { format!("Error: {}", self.subject()) };
        page(status, &title, &view.markup())
    }

    /// The message without a form, and why there is none.
    fn closed(&self, words: &str) -> Response {
        let body = html! {
            h1 { (self.subject()) }
            p class="note" role="status" { (words) }
            @if let Some(message) = self.row.text("message") { div class="text" { (super::markdown::markdown(message)) } }
        };
        page(StatusCode::OK, self.subject(), &body)
    }

    /// After an answer: the page anew, so that a reload sends nothing; or what is wrong with it.
    async fn answered(&self, written: Result<Written>, (entered, to): (&Entered, &str)) -> Shown {
        let written = match written {
            Ok(written) => written.commit.wait().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => Ok(Redirect::to(to).into_response()),
            Err(error) if error.kind() == Kind::SchemaViolation => Ok(self.wrong(entered, &faults(&error, &self.inputs))),
            Err(error) => Err(error.into()),
        }
    }

    fn wrong(&self, entered: &Entered, faults: &[Fault]) -> Response {
        self.show(StatusCode::UNPROCESSABLE_ENTITY, Some(entered), faults)
    }
}

/// The breaches of an error, at the inputs that they are about.
fn faults(error: &Error, inputs: &[Input]) -> Vec<Fault> {
    let breaches = error.detail_value().and_then(|details| details.get("breaches")).and_then(Value::as_array);
    let text = |breach: &Value, name: &str| breach[name].as_str().unwrap_or_default().to_owned();
    let read = |breach: &Value| Fault {
        pointer: text(breach, "pointer").strip_prefix("/response").unwrap_or_default().to_owned(),
        message: sentence(&text(breach, "message")),
    };
    let mut faults: Vec<Fault> = breaches.into_iter().flatten().map(read).collect();
    // As they stand on the page.
    let place = |fault: &Fault| inputs.iter().position(|input| input.holds(&fault.pointer)).unwrap_or(usize::MAX);
    faults.sort_by_key(place);
    faults
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// The message of a path, for somebody who logged in.
async fn found(state: &HttpState, actor: &Actor, id: &str) -> Result<Asked> {
    let row = state.service().record_row(actor, of(), &Selector::id(of(), id)?).await?;
    Asked::new(state, row).await
}

async fn one(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>) -> Shown {
    let actor = &caller.actor;
    let asked = found(&state, actor, &id).await?;
    if asked.row.flag("is_submitted") {
        return Ok(asked.closed(&state.service().message_answered(actor, &asked.row).await?));
    }
    if !state.service().message_may_answer(actor, &asked.row).await? {
        return Ok(asked.closed("It waits for an answer, which you may not give: that needs UPDATE on MESSAGE."));
    }
    Ok(asked.show(StatusCode::OK, None, &[]))
}

async fn answer(State(state): State<HttpState>, caller: Caller, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Shown {
    let actor = &caller.actor;
    let asked = found(&state, actor, &id).await?;
    let selector = Selector::Id(asked.row.id().unwrap_or_default());
    // Whoever may not answer learns that, and not what is wrong with the answer.
    state.service().message_answerable(actor, &selector).await?;
    let entered = read_form(&state, &headers, body).await?;
    let (response, faults) = response(&asked.inputs, &entered);
    if !faults.is_empty() {
        return Ok(asked.wrong(&entered, &faults));
    }
    let written = state.service().message_answer(actor, &selector, response, Via::Page).await;
    let to = format!("{MESSAGES}/{}", asked.row.text("id").unwrap_or_default());
    asked.answered(written, (&entered, &to)).await
}

async fn linked(State(state): State<HttpState>, Path(token): Path<String>) -> Shown {
    let row = state.service().message_by_link(&token).await?;
    if row.flag("is_submitted") {
        // What was asked is no business of whoever finds the link later.
        let body = html! { h1 { "Answered" } p class="note" role="status" { "This message has been answered. Thank you." } };
        return Ok(page(StatusCode::OK, "Answered", &body));
    }
    Ok(Asked::new(&state, row).await?.show(StatusCode::OK, None, &[]))
}

async fn linked_answer(State(state): State<HttpState>, Path(token): Path<String>, headers: HeaderMap, body: Body) -> Shown {
    let asked = Asked::new(&state, state.service().message_answerable_by_link(&token).await?).await?;
    let entered = read_form(&state, &headers, body).await?;
    let (response, faults) = response(&asked.inputs, &entered);
    if !faults.is_empty() {
        return Ok(asked.wrong(&entered, &faults));
    }
    let written = state.service().message_answer_by_link(&token, response).await;
    asked.answered(written, (&entered, &format!("{MESSAGES}/link/{token}"))).await
}
