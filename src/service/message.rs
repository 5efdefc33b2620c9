//! Messages: questions to people. One answer, which keeps the form, wins; whoever waits for it is told to look.

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Access;
use super::actor::{Actor, Identity};
use super::audit::Deed;
use super::command::Command;
use super::form::{completed, form_of};
use super::handle::Service;
use super::identity::record_type;
use super::record_write::{Call, Written, absent};
use super::rights::Operation;
use super::row::{find, id_of, subject};
use super::schema_check::Schema;
use super::scope::scope_of;
use super::selector::Selector;
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;
use crate::store::{Row, Tx, Write};

/// What `blocked_on` of an execution begins with that waits for an answer; the message's id follows.
pub const AWAITS_ANSWER: &str = "waiting for an answer to message";
/// How an answer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Rest,
    Mcp,
    /// A dialog of an agent's program, which a person filled in.
    Dialog,
    /// The page of the form, by somebody who logged in.
    Page,
    Link,
}

impl Via {
    const fn name(self) -> &'static str {
        match self {
            Via::Rest => "rest",
            Via::Mcp => "mcp",
            Via::Dialog => "dialog",
            Via::Page => "page",
            Via::Link => "link",
        }
    }
}

/// How a message stands, for who waits for it.
#[derive(Clone, Copy, Debug)]
pub struct MessageState {
    pub id: Uuid,
    pub is_submitted: bool,
}

pub(super) fn of() -> &'static RecordType {
    record_type("MESSAGE")
}

impl Service {
    /// The message, as an execution waits for it. Needs READ on it.
    pub async fn message_state(&self, actor: &Actor, id: Uuid) -> Result<MessageState> {
        let row = self.record_row(actor, of(), &Selector::Id(id)).await?;
        Ok(MessageState { id, is_submitted: row.flag("is_submitted") })
    }

    /// Answers a message. Needs UPDATE on it. The response must keep its form; defaults are filled in. A message that has been
    /// answered is [`Kind::Conflict`], whoever answers it.
    pub async fn message_answer(&self, actor: &Actor, selector: &Selector, response: Value, via: Via) -> Result<Written> {
        let row = self.message_answerable(actor, selector).await?;
        self.message_close(actor, row, response, via).await
    }

    /// The message, for somebody who may answer it, answered or not.
    pub async fn message_answerable(&self, actor: &Actor, selector: &Selector) -> Result<Row> {
        let row = self.record_row(actor, of(), selector).await?;
        let access = self.access(actor).await?;
        let allowed = access.require(Operation::Update, &subject(of(), &row));
        allowed.inspect_err(|error| self.audit_refusal(actor, error, ("answer", of()), Some(&Selector::Id(id_of(&row)))))?;
        Ok(row)
    }

    /// Whether the actor may answer this message, which it may read.
    pub async fn message_may_answer(&self, actor: &Actor, row: &Row) -> Result<bool> {
        Ok(self.access(actor).await?.may(Operation::Update, &subject(of(), row)))
    }

    /// The form of a message with every SCHEMA that it refers to.
    pub async fn message_form(&self, row: &Row) -> Result<Value> {
        self.schema_whole(&form_of(row), (None, &|_| None), "/body").await
    }

    /// Who answered a message, and when, as far as the actor may know.
    pub async fn message_answered(&self, actor: &Actor, row: &Row) -> Result<String> {
        Ok(self.answered(&self.access(actor).await?, row).await.message().to_owned())
    }

    /// Writes the one answer.
    pub(super) async fn message_close(&self, actor: &Actor, row: Row, response: Value, via: Via) -> Result<Written> {
        let access = self.access(actor).await?;
        if row.flag("is_submitted") {
            return Err(self.answered(&access, &row).await);
        }
        if row.flag("needs_login") && !is_person(actor, via) {
            let error = self.needs_login(&row);
            self.audit_refusal(actor, &error, ("answer", of()), Some(&Selector::Id(id_of(&row))));
            return Err(error);
        }
        let response = self.message_check(&row, response).await?;
        let call = Call {
            service: self.clone(),
            actor: actor.clone(),
            access: access.clone(),
            record_type: of(),
            now: self.now_text(),
            commit_message: None,
        };
        let id = id_of(&row);
        let outcome = self.store().transact(move |tx| Box::pin(async move { call.close(tx, &row, response, via).await })).await;
        match outcome {
            Ok((Ok(row), commit)) => Ok(Written { id, created: false, row, commit }),
            Ok((Err(answered), _)) => Err(self.answered(&access, &answered).await),
            Err(error) if error.kind() == Kind::NotFound && error.message().is_empty() => {
                Err(self.missing(&access, of(), &Selector::Id(id)).await)
            }
            Err(error) => Err(error),
        }
    }

    /// The response with everything in it that the form adds, checked against it.
    async fn message_check(&self, row: &Row, response: Value) -> Result<Value> {
        let response = completed(&form_of(row), response)?;
        let whole = self.message_form(row).await?;
        Schema::strict(&whole, "/body")?.accept(&response, "/response")
    }

    /// The refusal of a second answer: it says who was first, as far as the caller may know.
    pub(super) async fn answered(&self, access: &Access, row: &Row) -> Error {
        let users = record_type("USER");
        let by = row.uuid("submitted_by");
        let name = match by {
            Some(id) => self.store().row_get(users, id, &scope_of(access, users)).await.ok().flatten(),
            None => None,
        };
        let name = name.as_ref().and_then(|user| user.text("name"));
        let who = match (name, by, row.text("submitted_via")) {
            (Some(name), ..) => format!("by user '{name}'"),
            (None, Some(id), _) => format!("by {id}"),
            (None, None, Some("link")) => "over its link".to_owned(),
            (None, None, _) => "by the server".to_owned(),
        };
        let at = row.text("submitted_at").unwrap_or_default();
        let text = format!("This message was answered {who} at {at}. A message has one answer, and the first one counts.");
        Error::conflict(text).details(json!({
            "submitted_by": by,
            "submitted_by_name": name,
            "submitted_at": row.text("submitted_at"),
            "submitted_via": row.text("submitted_via"),
        }))
    }

    /// The refusal of whoever is not known to be a person.
    pub(super) fn needs_login(&self, row: &Row) -> Error {
        let text = "Only a person who has logged in may answer this message: no API key, no agent and no link.";
        Error::new(Kind::Forbidden, format!("{text} Its page is {}.", self.message_url(id_of(row))))
    }

    /// The page of a message, for whoever logs in there.
    pub fn message_url(&self, id: Uuid) -> String {
        format!("{}/message/{id}", self.config().server.root_url(None))
    }
}

impl Call {
    /// The message with its answer; the one that is there already, where somebody was first.
    async fn close(&self, tx: &mut Tx, seen: &Row, response: Value, via: Via) -> Result<Result<Row, Row>> {
        let row = find(tx, of(), id_of(seen)).await?.filter(|row| row.text("deleted_at").is_none()).ok_or_else(absent)?;
        if row.flag("is_submitted") {
            return Ok(Err(row));
        }
        if form_of(&row) != form_of(seen) {
            return Err(Error::conflict("The form was changed meanwhile. Read the message again and answer that."));
        }
        if via != Via::Link {
            self.access.require(Operation::Update, &subject(of(), &row))?;
        }
        let by = self.actor.id().map(|id| id.to_string());
        let columns = [
            ("id", json!(id_of(&row).to_string())),
            ("version", json!(row.version() + 1)),
            ("modified_at", json!(self.now)),
            ("modified_by", json!(by)),
            ("response", response),
            ("is_submitted", json!(true)),
            ("submitted_by", json!(by)),
            ("submitted_via", json!(via.name())),
            ("submitted_at", json!(self.now)),
        ];
        let mut closed = row;
        for (column, value) in &columns {
            closed.set(*column, value.clone());
        }
        let details = json!({ "via": via.name() });
        let entry = self.service.audit(&self.actor, Deed { details: Some(&details), ..Deed::on("answer", of(), &closed) });
        tx.apply(&[Write::Update { table: of().singular, key: &["id"], row: Row::from(columns) }, entry]).await?;
        self.announce(&closed, false);
        Ok(Ok(closed))
    }
}

/// Whether this is somebody with a session of their own, who came by a way on which no program speaks for them.
fn is_person(actor: &Actor, via: Via) -> bool {
    matches!(via, Via::Page | Via::Rest) && actor.session.is_some() && matches!(actor.identity, Identity::User { .. })
}

/// A message was written or deleted: an execution may wait for that.
pub(super) fn announce(service: &Service, record_type: &str, row: &Row, is_gone: bool) {
    if record_type == of().name && (is_gone || row.flag("is_submitted")) {
        service.commands().tell(Command::MessageChanged { id: id_of(row) });
    }
}
