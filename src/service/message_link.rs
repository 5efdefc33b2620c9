//! Links to messages: whoever has one can answer one message, once, without a login.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::actor::{Actor, Door};
use super::audit::Deed;
use super::handle::Service;
use super::key_file::Key;
use super::message::{Via, of};
use super::record_write::Written;
use super::row::id_of;
use super::selector::Selector;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::store::Row;

/// Seconds that a link is good for, unless told otherwise, and at most.
const LINK_DAY: f64 = 86_400.0;
const LINK_DEFAULT: f64 = 7.0 * LINK_DAY;
const LINK_LONGEST: f64 = 366.0 * LINK_DAY;
const LINK_PURPOSE: &str = "message link";
/// Where links lead to, below the root of the server.
pub const LINK_PATH: &str = "/message/link";
/// Bytes of an id, of a time, and of the mark of both.
const ID: usize = 16;
const TIME: usize = 8;
const MARK: usize = 32;

/// A link with which one message can be answered once, without a login.
#[derive(Clone, Debug)]
pub struct MessageLink {
    pub url: String,
    pub expires_at: Timestamp,
    /// As a journal keeps it: without what makes it a link, which the key of this number makes again.
    pub recorded: String,
}

impl Service {
    /// A link to a page that takes the answer to a message from whoever has it, once. Needs UPDATE on the message.
    pub async fn message_link(&self, actor: &Actor, selector: &Selector, seconds: Option<f64>) -> Result<MessageLink> {
        let seconds = seconds.unwrap_or(LINK_DEFAULT);
        let lasts = SignedDuration::try_from_secs_f64(seconds).ok().filter(|_| seconds > 0.0 && seconds <= LINK_LONGEST);
        let lasts = lasts.ok_or_else(|| {
            Error::invalid(format!("A link is good for more than 0 and at most {LINK_LONGEST} seconds.")).field("/valid_seconds")
        })?;
        let row = self.message_answerable(actor, selector).await?;
        if row.flag("is_submitted") {
            return Err(self.answered(&self.access(actor).await?, &row).await);
        }
        if row.flag("needs_login") {
            return Err(self.needs_login(&row));
        }
        let until = self.clock().now().checked_add(lasts).map_err(|e| Error::internal("the time of a link").source_error(e))?;
        // Whole seconds are what the token holds.
        let expires_at = Timestamp::from_second(until.as_second()).unwrap_or(until);
        let mut token = Vec::with_capacity(ID + TIME + MARK);
        token.extend(id_of(&row).as_bytes());
        token.extend(expires_at.as_second().to_be_bytes());
        let (number, key) = self.seals().keys().base();
        let start = format!("{}{LINK_PATH}/", self.config().server.root_url(None));
        let recorded = format!("{start}{}.{number}", URL_SAFE_NO_PAD.encode(&token));
        token.extend(mark(key, &token));
        let details = json!({ "expires_at": clock::format(expires_at) });
        self.audit_alone(actor, Deed { details: Some(&details), ..Deed::on("link", of(), &row) }, "ok");
        Ok(MessageLink { url: format!("{start}{}", URL_SAFE_NO_PAD.encode(&token)), expires_at, recorded })
    }

    /// The link that a journal keeps as `recorded`, as the flow was given it; None where the key that it was made with is lost.
    pub fn message_link_again(&self, recorded: &str) -> Option<String> {
        let (text, number) = recorded.rsplit_once('.')?;
        let (start, head) = text.rsplit_once('/')?;
        let mut token = URL_SAFE_NO_PAD.decode(head).ok().filter(|head| head.len() == ID + TIME)?;
        token.extend(mark(self.seals().base(number.parse().ok()?)?, &token));
        Some(format!("{start}/{}", URL_SAFE_NO_PAD.encode(&token)))
    }

    /// The message that a link leads to, answered or not. A link that was changed or is over leads nowhere.
    pub async fn message_by_link(&self, token: &str) -> Result<Row> {
        let nowhere = || Error::not_found("This link leads nowhere: it is not whole, its time is over, or the message is gone.");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| nowhere())?;
        let (head, mark) = bytes.split_at_checked(ID + TIME).ok_or_else(nowhere)?;
        // Made with the newest key, so a rotation of the key file ends the links from before.
        let right = self::mark(self.seals().keys().base().1, head);
        if !bool::from(right.as_slice().ct_eq(mark)) {
            return Err(nowhere());
        }
        let (id, time) = head.split_at(ID);
        let id = Uuid::from_slice(id).map_err(|_| nowhere())?;
        let until = i64::from_be_bytes(time.try_into().map_err(|_| nowhere())?);
        if self.clock().now().as_second() >= until {
            return Err(nowhere());
        }
        let found = self.record_row(&Actor::system(Door::Rest), of(), &Selector::Id(id)).await;
        found.map_err(|error| if error.kind() == Kind::NotFound { nowhere() } else { error })
    }

    /// The message that a link leads to, as long as it waits for its answer.
    pub async fn message_answerable_by_link(&self, token: &str) -> Result<Row> {
        let row = self.message_by_link(token).await?;
        if row.flag("is_submitted") { Err(used()) } else { Ok(row) }
    }

    /// Answers the message that a link leads to. The link is the right to do so.
    pub async fn message_answer_by_link(&self, token: &str, response: Value) -> Result<Written> {
        let row = self.message_answerable_by_link(token).await?;
        let closed = self.message_close(&Actor::system(Door::Rest), row, response, Via::Link).await;
        closed.map_err(|error| if error.kind() == Kind::Conflict { used() } else { error })
    }
}

/// Who was first is no business of whoever holds a link.
fn used() -> Error {
    Error::conflict("This message was answered before; a link is good for one answer.")
}

/// What nobody makes who has not the key.
fn mark(key: Key, of: &[u8]) -> [u8; MARK] {
    key.derive(LINK_PURPOSE, of)
}
