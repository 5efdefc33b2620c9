//! Creating and changing records of any type, in one transaction with whatever else belongs to it.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::Actor;
use super::audit::Deed;
use super::handle::Service;
use super::journal::Journal;
use super::location::Place;
use super::object::Hooks;
use super::payload::Payload;
use super::rights::Operation;
use super::role;
use super::row::{find, find_any, id_of, parent, rows_where, subject};
use super::rule;
use super::selector::Selector;
use crate::error::{Error, Kind, Result};
use crate::records::{Field, Kind as FieldKind, RecordType};
use crate::store::{Commit, Row, Scope, Tx, Write};

/// What to do when a new record's name exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfExists {
    /// Overwrite the columns given, as `save()` does.
    #[default]
    Overwrite,
    /// [`Kind::Conflict`].
    Error,
}

/// A record to be written.
pub struct RecordWrite {
    pub record_type: &'static RecordType,
    /// Which one, for an update; for a create or a save, the name it gets unless the payload has one.
    pub selector: Option<Selector>,
    pub payload: Map<String, Value>,
    pub if_exists: IfExists,
    /// The `version` the caller has seen; another one is [`Kind::PreconditionFailed`].
    pub if_version: Option<i64>,
    pub journal: Option<Journal>,
    /// The promised upload that it fulfils, once.
    pub upload: Option<Uuid>,
}

impl RecordWrite {
    /// A write of these columns; the rest by assignment.
    pub fn new(record_type: &'static RecordType, payload: Map<String, Value>) -> RecordWrite {
        RecordWrite { record_type, selector: None, payload, if_exists: IfExists::Overwrite, if_version: None, journal: None, upload: None }
    }
}

/// A record, written but maybe not on disk yet: what leaves our border waits for `commit`.
pub struct Written {
    pub id: Uuid,
    pub created: bool,
    /// Every column, hidden ones too; doors show [`Service::record_show`] of it.
    pub row: Row,
    pub commit: Commit,
}

/// What must exist for a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A name that exists is overwritten.
    Create,
    /// It must exist.
    Update,
}

/// One write with all that was settled before its transaction.
pub(super) struct Call {
    pub(super) service: Service,
    pub(super) actor: Actor,
    pub(super) access: Access,
    pub(super) record_type: &'static RecordType,
    pub(super) now: String,
    /// What the change is about.
    pub(super) commit_message: Option<String>,
}

impl Service {
    /// Creates a record, or overwrites the one with its name.
    pub async fn record_create(&self, actor: &Actor, write: RecordWrite) -> Result<Written> {
        self.write(actor, write, Mode::Create).await
    }

    /// Changes the columns given.
    pub async fn record_update(&self, actor: &Actor, write: RecordWrite) -> Result<Written> {
        self.write(actor, write, Mode::Update).await
    }

    /// What `save()` in flow code does: an id must exist, a name is created or overwritten.
    pub async fn record_save(&self, actor: &Actor, write: RecordWrite) -> Result<Written> {
        let mode = if matches!(write.selector, Some(Selector::Id(_))) { Mode::Update } else { Mode::Create };
        self.write(actor, write, mode).await
    }

    async fn write(&self, actor: &Actor, mut write: RecordWrite, mode: Mode) -> Result<Written> {
        let record_type = write.record_type;
        refuse_derived(record_type)?;
        if let (Mode::Create, Some(Selector::Name(name))) = (mode, &write.selector) {
            write.payload.entry("name").or_insert_with(|| name.clone().into());
        }
        let must_exist = mode == Mode::Update;
        let hooks = if record_type.name == "CUSTOM_OBJECT" { Some(self.object_before(actor, &mut write, must_exist).await?) } else { None };
        let access = self.access(actor).await?;
        let mut payload = self.payload(record_type, std::mem::take(&mut write.payload), &access).await?;
        self.old_password_prove(actor, &mut payload).await?;
        let selector = write.selector.clone();
        let written = self.payload_write(actor, access, write, (payload, must_exist, hooks)).await;
        written.inspect_err(|error| self.audit_refusal(actor, error, ("write", record_type), selector.as_ref()))
    }

    /// The write of a payload that was checked before.
    pub(super) async fn payload_write(
        &self,
        actor: &Actor,
        access: Access,
        write: RecordWrite,
        (mut payload, must_exist, hooks): (Payload, bool, Option<Hooks>),
    ) -> Result<Written> {
        let record_type = write.record_type;
        self.content_ahead(&access, record_type, &mut payload).await?;
        let mode = if must_exist { Mode::Update } else { Mode::Create };
        let selector = write.selector.clone();
        let call = Call {
            service: self.clone(),
            actor: actor.clone(),
            access: access.clone(),
            record_type,
            now: self.now_text(),
            commit_message: payload.commit_message.take(),
        };
        let RecordWrite { if_exists, if_version, journal, upload, .. } = write;
        let wanted = selector.clone();
        let outcome = self
            .store()
            .transact(move |tx| {
                Box::pin(async move {
                    call.upload_take(tx, upload).await?;
                    let (row, before) = call.apply(tx, (wanted.as_ref(), mode), payload, (if_exists, if_version)).await?;
                    if let Some(hooks) = hooks {
                        hooks.enter(tx, &call, (before.as_ref(), Some(&row))).await?;
                    }
                    if let Some(journal) = journal {
                        journal.enter(tx, &row).await?;
                    }
                    call.announce(&row, false);
                    Ok((row, before.is_none()))
                })
            })
            .await;
        let ((row, created), commit) = match outcome {
            Err(e) if e.kind() == Kind::NotFound && e.message().is_empty() => {
                let selector = selector.unwrap_or(Selector::Name(String::new()));
                return Err(self.missing(&access, record_type, &selector).await);
            }
            other => other?,
        };
        Ok(Written { id: id_of(&row), created, row, commit })
    }
}

/// Rows kept by the engine, and types with a way of their own.
fn refuse_derived(record_type: &RecordType) -> Result<()> {
    if record_type.is_kept() {
        return Err(Error::invalid(format!("{} is kept by the server and cannot be written.", record_type.name)));
    }
    Ok(())
}

/// Marks a record that is not there; the door's error, with near names, is made outside the transaction.
pub(super) fn absent() -> Error {
    Error::not_found("")
}

impl Call {
    /// The record as it is then, and as it was before.
    async fn apply(
        &self,
        tx: &mut Tx,
        (selector, mode): (Option<&Selector>, Mode),
        payload: Payload,
        (if_exists, if_version): (IfExists, Option<i64>),
    ) -> Result<(Row, Option<Row>)> {
        let existing = match (mode, selector) {
            (Mode::Update, Some(selector)) => Some(self.locate(tx, selector).await?),
            (Mode::Update, None) => return Err(absent()),
            (Mode::Create, _) => self.same(tx, &payload.columns).await?,
        };
        for blob in &payload.blobs {
            tx.apply(std::slice::from_ref(blob)).await?;
        }
        match existing {
            None => Ok((self.create(tx, payload).await?, None)),
            Some(row) => {
                if mode == Mode::Create {
                    self.may_overwrite(tx, &row, if_exists).await?;
                }
                Ok((self.update(tx, row.clone(), payload, if_version).await?, Some(row)))
            }
        }
    }

    /// The record to update; one that the actor may not read is not there.
    pub(super) async fn locate(&self, tx: &mut Tx, selector: &Selector) -> Result<Row> {
        let row = match selector {
            Selector::Id(id) => find(tx, self.record_type, *id).await?,
            Selector::Name(name) if self.record_type.is_named() => tx.row_by_name(self.record_type, name, &Scope::All).await?,
            Selector::Name(_) => None,
        };
        let row = row.ok_or_else(absent)?;
        if self.reads(tx, &row).await? { Ok(row) } else { Err(absent()) }
    }

    pub(super) async fn reads(&self, tx: &mut Tx, row: &Row) -> Result<bool> {
        if !self.record_type.is_subrecord() {
            return Ok(self.access.may(Operation::Read, &subject(self.record_type, row)));
        }
        let parent = parent(tx, self.record_type, row).await?;
        Ok(parent.is_some_and(|(parent_type, row)| self.access.may(Operation::Read, &subject(parent_type, &row))))
    }

    /// The record that a create would double.
    pub(super) async fn same(&self, tx: &mut Tx, columns: &Map<String, Value>) -> Result<Option<Row>> {
        let text = |name: &str| columns.get(name).and_then(Value::as_str);
        if let Some((of, and)) = self.record_type.pair() {
            return self.same_pair(tx, (of, text(of)), (and, text(and))).await;
        }
        match text("name").filter(|_| self.record_type.is_named()) {
            Some(name) => tx.row_by_name(self.record_type, name, &Scope::All).await,
            None => Ok(None),
        }
    }

    pub(super) async fn same_pair(
        &self,
        tx: &mut Tx,
        first: (&'static str, Option<&str>),
        second: (&str, Option<&str>),
    ) -> Result<Option<Row>> {
        let (Some(of), Some(and)) = (first.1, second.1) else { return Ok(None) };
        let rows = rows_where(tx, self.record_type, first.0, of).await?;
        Ok(rows.into_iter().find(|row| row.text(second.0) == Some(and)))
    }

    pub(super) async fn may_overwrite(&self, tx: &mut Tx, row: &Row, if_exists: IfExists) -> Result<()> {
        let name = row.text("name").or_else(|| row.text("key")).unwrap_or_default();
        if !self.reads(tx, row).await? {
            return Err(Error::conflict(format!("The name '{name}' is taken; choose another one.")).field("/name"));
        }
        match if_exists {
            IfExists::Overwrite => Ok(()),
            IfExists::Error => {
                let column = self.record_type.pair().map_or("name", |(_, column)| column);
                let field = format!("/{column}");
                let existing = json!({ "id": id_of(row).to_string(), "name": name, "version": row.version() });
                let text = match name {
                    "" => format!("There is such a {} already.", self.record_type.singular),
                    name => format!("There is a {} '{name}' already.", self.record_type.singular),
                };
                Err(Error::conflict(text).field(field).details(json!({ "existing": existing })))
            }
        }
    }

    pub(super) async fn create(&self, tx: &mut Tx, mut payload: Payload) -> Result<Row> {
        let record_type = self.record_type;
        match record_type.name {
            _ if record_type.is_single() => {
                return Err(Error::invalid(format!("There is one {}, made at the first start.", record_type.singular)));
            }
            "EXECUTION" => return Err(Error::invalid("An execution is made by starting a flow or a script.")),
            "API_KEY" => return Err(Error::invalid("An API key is made by its own request, which shows its token once.")),
            _ => {}
        }
        let mut columns = payload.for_create(record_type)?;
        rule::complete(&self.actor, record_type, &mut columns);
        if let Some(column) = record_type.parent_column() {
            let (parent_type, row) = self.parent_of_new(tx, &columns, column).await?;
            if record_type.field("parent_type").is_some() {
                columns.insert("parent_type".into(), parent_type.name.into());
            }
            self.require_part(tx, parent_type, &row).await?;
        } else {
            let place = payload.wish.place(tx, (&self.actor, &self.access), record_type, None).await?;
            let asks = columns.get("execution_id").filter(|_| record_type.name == "MESSAGE");
            let parent = asks.and_then(Value::as_str).and_then(|id| id.parse().ok());
            self.access.require(Operation::Create, &Subject { parent, ..Subject::new_in(record_type.name, place.project) })?;
            self.place_writable(tx, place).await?;
            columns.extend(place.columns().map(|(name, value)| (name.to_owned(), value)));
            columns.insert("workspace_id".into(), self.service.workspace_id().map(|id| id.to_string()).into());
            columns.insert("organization_id".into(), self.service.organization_id().map(|id| id.to_string()).into());
        }
        let by = self.actor.id().map(|id| id.to_string());
        let id = payload.id.unwrap_or_else(Service::new_id).to_string();
        self.service.seals().seal_columns(record_type, &id, &mut columns)?;
        columns.insert("id".into(), id.into());
        columns.insert("version".into(), 1.into());
        for (at, who) in [("created_at", "created_by"), ("modified_at", "modified_by")] {
            columns.insert(at.into(), self.now.clone().into());
            columns.insert(who.into(), by.clone().into());
        }
        let mut row = Row::from(columns);
        self.references(tx, &row, None).await?;
        rule::check(tx, self, (None, &row), None).await?;
        if record_type.name == "CUSTOM_OBJECT" {
            let value = self.settle_object(tx, &row).await?;
            row.set("value", value);
        }
        role::check(tx, self, (None, &row)).await?;
        let entry = self.service.audit(&self.actor, Deed::on("create", record_type, &row));
        tx.apply(&[Write::Insert { table: record_type.singular, key: &["id"], row: row.clone() }, entry]).await?;
        self.trigger_made(tx, &row).await?;
        self.changed(tx, &row, "create").await?;
        Ok(row)
    }

    async fn parent_of_new(&self, tx: &mut Tx, columns: &Map<String, Value>, column: &str) -> Result<(&'static RecordType, Row)> {
        let found = parent(tx, self.record_type, &Row::from(columns.clone())).await?;
        let found = found.filter(|(of, row)| row.text("deleted_at").is_none() && self.access.may(Operation::Read, &subject(of, row)));
        found.ok_or_else(|| {
            let id = columns.get(column).and_then(Value::as_str).unwrap_or_default();
            Error::not_found(format!("There is no record {id}.")).field(format!("/{column}"))
        })
    }

    /// Refuses a change of a part of what the actor may not change.
    pub(super) async fn require_part(&self, tx: &mut Tx, parent_type: &'static RecordType, row: &Row) -> Result<()> {
        self.access.require_parent(&subject(parent_type, row))?;
        if row.flag("is_readonly") {
            return Err(readonly(parent_type, row));
        }
        self.place_writable(tx, Place::of(row)).await
    }

    /// What every change of a record leads to: its history, and a mark on the bundle it belongs to.
    pub(super) async fn changed(&self, tx: &mut Tx, row: &Row, operation: &str) -> Result<()> {
        if self.record_type.is_subrecord() {
            return match parent(tx, self.record_type, row).await? {
                Some((_, parent)) => self.mark_bundle(tx, &parent).await,
                None => Ok(()),
            };
        }
        self.mark_bundle(tx, row).await?;
        self.keep_version(tx, row, operation).await
    }

    /// Every record that a changed column refers to must be there for the actor.
    pub(super) async fn references(&self, tx: &mut Tx, row: &Row, changed: Option<&Map<String, Value>>) -> Result<()> {
        let parent_column = self.record_type.parent_column().unwrap_or("project_id");
        let is_place = |name: &str| name == parent_column || (name == "bundle_id" && !self.record_type.is_subrecord());
        let own = self.record_type.fields().filter(|f| f.write != crate::records::Write::System && !is_place(f.name));
        for field in own.filter(|f| changed.is_none_or(|c| c.contains_key(f.name))) {
            if let (FieldKind::Reference(target), Some(id)) = (field.kind, row.uuid(field.name)) {
                self.reference(tx, (field, target), id).await?;
            }
        }
        Ok(())
    }

    async fn reference(&self, tx: &mut Tx, (field, target): (&Field, &str), id: Uuid) -> Result<()> {
        let missing = || Error::not_found(format!("There is no {} {id}.", target.to_lowercase())).field(format!("/{}", field.name));
        let found = match crate::records::find(target) {
            None => find_any(tx, id).await?,
            Some(of) => match find(tx, of, id).await? {
                Some(row) if of.is_subrecord() => parent(tx, of, &row).await?,
                row => row.map(|row| (of, row)),
            },
        };
        let (of, row) = found.ok_or_else(missing)?;
        if self.access.may(Operation::Read, &subject(of, &row)) { Ok(()) } else { Err(missing()) }
    }
}

/// The refusal of a change of a record that is marked read-only.
pub(super) fn readonly(record_type: &RecordType, row: &Row) -> Error {
    let name = row.text("name").unwrap_or_default();
    Error::new(Kind::Forbidden, format!("The {} '{name}' is read-only; unset is_readonly first.", record_type.singular))
        .field("/is_readonly")
}
