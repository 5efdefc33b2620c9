//! Uploads that are promised: whoever has the signed address of one sends a file's content, once and soon, as who asked for it.
//!
//! A token reads `<id>.<unix seconds of its end>.<signature>`; what may be written stands with the server. The signature is a keyed
//! BLAKE3 hash, so that only this server makes tokens, and a copy of its database gives none away.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::access::Subject;
use super::actor::{Actor, Door, Identity};
use super::file::Incoming;
use super::handle::Service;
use super::identity::record_type;
use super::payload::Payload;
use super::record_write::{Call, IfExists, RecordWrite};
use super::rights::Operation;
use super::row::subject;
use super::spool::too_large;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Tx, Write};

/// How long a token is good.
const LASTS: SignedDuration = SignedDuration::from_mins(15);
pub(super) const TABLE: &str = "upload";
const COLUMNS: &[&str] = &["user_id", "api_key_id", "payload", "if_exists", "limit_bytes", "used_at"];
/// Bytes of a signature.
const SIGNATURE: usize = 16;

/// What is to be uploaded.
#[derive(Debug, Default)]
pub struct UploadRequest {
    /// Columns of the FILE: its name at least, and where it goes.
    pub columns: Map<String, Value>,
    /// Bytes that the content has at most; `None`: as many as a file may have.
    pub size: Option<u64>,
    pub if_exists: IfExists,
}

/// An upload that is promised.
#[derive(Debug)]
pub struct Upload {
    pub token: String,
    pub expires_at: Timestamp,
    pub limit_bytes: u64,
}

fn refused(text: impl Into<String>) -> Error {
    Error::new(Kind::Forbidden, text)
}

impl Service {
    /// Promises an upload. Needs what the write of the file needs, now and again when the content is there.
    pub async fn upload_promise(&self, actor: &Actor, request: UploadRequest) -> Result<Upload> {
        let Identity::User { id: user, .. } = &actor.identity else {
            return Err(refused("Uploads are promised to users; flow code writes files itself."));
        };
        let limit = request.size.unwrap_or(self.file_limit());
        if limit > self.file_limit() {
            return Err(too_large(self.file_limit()).field("/size"));
        }
        let files = record_type("FILE");
        let access = self.access(actor).await?;
        let text = Value::Object(request.columns.clone()).to_string();
        let payload = self.payload(files, request.columns, &access).await?;
        let (id, now) = (Service::new_id(), self.clock().now());
        let end = now.checked_add(LASTS).map_err(|e| Error::internal("there is no time after this one").source_error(e))?;
        let expires_at = Timestamp::from_second(end.as_second()).unwrap_or(end);
        let row = Row::from([
            ("id", json!(id.to_string())),
            ("user_id", json!(user.to_string())),
            ("api_key_id", json!(actor.key.as_ref().map(|key| key.id.to_string()))),
            ("payload", json!(text)),
            ("if_exists", json!(if request.if_exists == IfExists::Error { "error" } else { "overwrite" })),
            ("limit_bytes", json!(limit)),
            ("created_at", json!(clock::format(now))),
            ("expires_at", json!(clock::format(expires_at))),
            ("used_at", Value::Null),
        ]);
        let call =
            Call { service: self.clone(), actor: actor.clone(), access, record_type: files, now: clock::format(now), commit_message: None };
        let if_exists = request.if_exists;
        let work = self.store().transact(move |tx| {
            Box::pin(async move {
                call.upload_allowed(tx, payload, if_exists).await?;
                tx.apply(&[Write::Insert { table: TABLE, key: &["id"], row }]).await
            })
        });
        let ((), commit) = work.await.inspect_err(|error| self.audit_refusal(actor, error, ("upload", files), None))?;
        commit.wait().await?;
        let token = self.upload_token(id, expires_at.as_second());
        Ok(Upload { token, expires_at, limit_bytes: limit })
    }

    fn upload_token(&self, id: Uuid, end: i64) -> String {
        let said = format!("{}.{end}", id.simple());
        let signature = self.seals().keys().base().1.derive("upload addresses", said.as_bytes());
        format!("{said}.{}", hex::encode(&signature[..SIGNATURE]))
    }

    /// Begins to receive a promised upload. `sender` says where the content comes from; it is written as who asked for it.
    pub async fn upload_begin(&self, token: &str, sender: &Actor) -> Result<Incoming> {
        let id = self.upload_id(token)?;
        let look = self.store().transact(move |tx| Box::pin(async move { tx.aside(TABLE, COLUMNS, ("id", &id.to_string())).await }));
        let row = look.await?.0.ok_or_else(|| refused("This upload is not known here any more; ask for a new one."))?;
        if row.text("used_at").is_some() {
            return Err(used());
        }
        let actor = Actor { client: sender.client.clone(), address: sender.address, ..self.upload_actor(&row).await? };
        let unreadable = || Error::internal("a promised upload is unreadable");
        let columns: Map<String, Value> = row.text("payload").and_then(|text| serde_json::from_str(text).ok()).ok_or_else(unreadable)?;
        let limit = row.text("limit_bytes").and_then(|text| text.parse().ok()).ok_or_else(unreadable)?;
        let files = record_type("FILE");
        let access = self.access(&actor).await?;
        let payload = self.payload(files, columns, &access).await?;
        let if_exists = if row.text("if_exists") == Some("error") { IfExists::Error } else { IfExists::Overwrite };
        let write = RecordWrite { if_exists, upload: Some(id), ..RecordWrite::new(files, Map::new()) };
        Ok(Incoming { actor, write, payload, must_exist: false, spool: self.spool(limit) })
    }

    /// The id in a token that this server made and that is still good.
    fn upload_id(&self, token: &str) -> Result<Uuid> {
        let forged = || refused("This is no upload address of this server; take it over exactly as it was given.");
        let mut parts = token.split('.');
        let (Some(id), Some(end), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return Err(forged()) };
        let (id, end): (Uuid, i64) = id.parse().ok().zip(end.parse().ok()).ok_or_else(forged)?;
        let is_ours: bool = self.upload_token(id, end).as_bytes().ct_eq(token.as_bytes()).into();
        let end = Timestamp::from_second(end).ok().filter(|_| is_ours).ok_or_else(forged)?;
        if self.clock().now() >= end {
            return Err(refused(format!("This upload address was good until {}; ask for a new one.", clock::format(end))));
        }
        Ok(id)
    }

    /// Who asked for it, with the key of then: one revoked since lets nothing through.
    async fn upload_actor(&self, row: &Row) -> Result<Actor> {
        let over = || refused("Who asked for this upload, or the key it was asked for with, has no access any more.");
        let user = row.uuid("user_id").ok_or_else(over)?;
        let user = self.user(user).await?.filter(|user| user.is_enabled).ok_or_else(over)?;
        let mut actor = Actor::user(user.id, &user.name, Door::Rest);
        if let Some(key) = row.uuid("api_key_id") {
            actor.key = Some(self.key_use(key).await?.ok_or_else(over)?);
        }
        Ok(actor)
    }
}

fn used() -> Error {
    Error::conflict("Content was sent to this upload address already, and it takes one only; ask for a new one.")
}

impl Call {
    /// Refuses a promise that could not be kept as things are.
    async fn upload_allowed(&self, tx: &mut Tx, mut payload: Payload, if_exists: IfExists) -> Result<()> {
        if let Some(row) = self.same(tx, &payload.columns).await? {
            self.may_overwrite(tx, &row, if_exists).await?;
            return self.access.require(Operation::Update, &subject(self.record_type, &row));
        }
        payload.for_create(self.record_type)?;
        let place = payload.wish.place(tx, (&self.actor, &self.access), self.record_type, None).await?;
        self.access.require(Operation::Create, &Subject::new_in(self.record_type.name, place.project))?;
        self.place_writable(tx, place).await
    }

    /// Takes a promise back in the transaction that keeps it: of two who send at once, one is refused.
    pub(super) async fn upload_take(&self, tx: &mut Tx, upload: Option<Uuid>) -> Result<()> {
        let Some(id) = upload else { return Ok(()) };
        let row = tx.aside(TABLE, &["used_at"], ("id", &id.to_string())).await?;
        if row.is_none_or(|row| row.text("used_at").is_some()) {
            return Err(used());
        }
        let row = Row::from([("id", json!(id.to_string())), ("used_at", json!(self.now))]);
        tx.apply(&[Write::Update { table: TABLE, key: &["id"], row }]).await
    }
}
