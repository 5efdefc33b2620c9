//! Deleting: into the trash bin or for good; and the way back.

use serde_json::{Map, Value, json};

use super::access::Subject;
use super::actor::Actor;
use super::audit::Deed;
use super::handle::Service;
use super::journal::Journal;
use super::location::Place;
use super::object::{self, known_value};
use super::record_update::as_seen;
use super::record_write::{Call, IfExists, RecordWrite, Written, absent, readonly};
use super::retention;
use super::rights::Operation;
use super::role;
use super::row::{id_of, parent, subject};
use super::selector::Selector;
use super::spool::Content;
use super::user_tool;
use crate::error::{Error, Kind, Result};
use crate::records::{self, Family, RecordType, Write as Writable};
use crate::store::{Commit, Filter, ListQuery, Row, Scope, Tx, Write};

/// A record to be deleted or restored.
pub struct RecordDelete {
    pub record_type: &'static RecordType,
    pub selector: Selector,
    /// For good, with its subrecords; else into the trash bin, where its type has one.
    pub permanently: bool,
    /// Only if it lies in the trash bin since before this time.
    pub trashed_before: Option<String>,
    /// The `version` the caller has seen; another one is [`Kind::PreconditionFailed`].
    pub if_version: Option<i64>,
    pub journal: Option<Journal>,
}

impl RecordDelete {
    /// With nothing else said.
    pub fn new(record_type: &'static RecordType, selector: Selector, permanently: bool) -> RecordDelete {
        RecordDelete { record_type, selector, permanently, trashed_before: None, if_version: None, journal: None }
    }
}

impl Service {
    /// Deletes a record: into the trash bin where its type has one, or for good. Deleting an API key revokes it.
    pub async fn record_delete(&self, actor: &Actor, of: &'static RecordType, selector: &Selector, permanently: bool) -> Result<Commit> {
        self.record_remove(actor, RecordDelete::new(of, selector.clone(), permanently)).await
    }

    /// Takes a record out of the trash bin. A name that is taken meanwhile is a conflict.
    pub async fn record_restore(&self, actor: &Actor, of: &'static RecordType, selector: &Selector) -> Result<Written> {
        self.record_bring_back(actor, RecordDelete::new(of, selector.clone(), false)).await
    }

    /// [`Service::record_delete`] with more writes in the same transaction.
    pub async fn record_remove(&self, actor: &Actor, delete: RecordDelete) -> Result<Commit> {
        let (record_type, selector) = (delete.record_type, delete.selector.clone());
        let hooks = if record_type.name == "CUSTOM_OBJECT" { Some(self.object_before_delete(actor, &selector).await?) } else { None };
        let call = self.call(actor, record_type).await?;
        let access = call.access.clone();
        let outcome = self
            .store()
            .transact(move |tx| {
                Box::pin(async move {
                    let row = call.locate_any(tx, &delete.selector, delete.permanently).await?;
                    if delete.trashed_before.is_some_and(|before| row.text("deleted_at").is_none_or(|at| at >= before.as_str())) {
                        return Err(absent());
                    }
                    as_seen(&row, delete.if_version)?;
                    call.delete(tx, &row, delete.permanently).await?;
                    // What lies in the trash bin is deleted already.
                    if let Some(hooks) = hooks.filter(|_| row.text("deleted_at").is_none()) {
                        hooks.enter(tx, &call, (Some(&row), None)).await?;
                    }
                    if let Some(journal) = delete.journal {
                        journal.enter(tx, &row).await?;
                    }
                    call.announce(&row, true);
                    Ok(())
                })
            })
            .await;
        match outcome {
            Ok(((), commit)) => Ok(commit),
            Err(e) if e.kind() == Kind::NotFound && e.message().is_empty() => Err(self.missing(&access, record_type, &selector).await),
            Err(e) => {
                self.audit_refusal(actor, &e, ("delete", record_type), Some(&selector));
                Err(e)
            }
        }
    }

    /// [`Service::record_restore`] with more writes in the same transaction.
    pub async fn record_bring_back(&self, actor: &Actor, restore: RecordDelete) -> Result<Written> {
        let (record_type, selector) = (restore.record_type, restore.selector.clone());
        let call = self.call(actor, record_type).await?;
        let access = call.access.clone();
        let outcome = self
            .store()
            .transact(move |tx| {
                Box::pin(async move {
                    let row = call.locate_any(tx, &restore.selector, true).await?;
                    let row = call.restore(tx, row).await?;
                    if let Some(journal) = restore.journal {
                        journal.enter(tx, &row).await?;
                    }
                    call.announce(&row, false);
                    Ok(row)
                })
            })
            .await;
        match outcome {
            Ok((row, commit)) => Ok(Written { id: id_of(&row), created: false, row, commit }),
            Err(e) if e.kind() == Kind::NotFound && e.message().is_empty() => Err(self.missing(&access, record_type, &selector).await),
            Err(e) => {
                self.audit_refusal(actor, &e, ("restore", record_type), Some(&selector));
                Err(e)
            }
        }
    }

    /// A new record with the same columns, but for `overrides`. Without a new name it gets one of its own.
    pub async fn record_clone(
        &self,
        actor: &Actor,
        of: &'static RecordType,
        selector: &Selector,
        overrides: Map<String, Value>,
    ) -> Result<Written> {
        let source = self.record_row(actor, of, selector).await?;
        let mut payload = Map::new();
        for field in of.fields().filter(|f| f.has_column() && f.write != Writable::System && f.is_readable()) {
            if let Some(value) = source.json(field.name) {
                payload.insert(field.name.to_owned(), value.clone());
            }
        }
        payload.insert("is_readonly".into(), false.into());
        payload.retain(|name, _| of.field(name).is_some());
        if of.is_named() {
            payload.insert("name".into(), copy_name(of, source.text("name").unwrap_or_default()).into());
        }
        payload.extend(overrides);
        let content = Content::stored(&source).filter(|_| of.name == "FILE" && !payload.contains_key("content"));
        let write = RecordWrite { if_exists: IfExists::Error, ..RecordWrite::new(of, payload) };
        match content {
            Some(content) => self.file_copy(actor, write, content).await,
            None => self.record_create(actor, write).await,
        }
    }

    /// A FILE with content that another has: it is there already and is not read.
    async fn file_copy(&self, actor: &Actor, mut write: RecordWrite, content: Content) -> Result<Written> {
        let access = self.access(actor).await?;
        let mut payload = self.payload(write.record_type, std::mem::take(&mut write.payload), &access).await?;
        payload.file_content(content);
        let of = write.record_type;
        let written = self.payload_write(actor, access, write, (payload, false, None)).await;
        written.inspect_err(|error| self.audit_refusal(actor, error, ("write", of), None))
    }

    async fn call(&self, actor: &Actor, record_type: &'static RecordType) -> Result<Call> {
        let access = self.access(actor).await?;
        Ok(Call { service: self.clone(), actor: actor.clone(), access, record_type, now: self.now_text(), commit_message: None })
    }
}

/// The name of a copy that gets none of its own.
fn copy_name(of: &RecordType, name: &str) -> String {
    if of.name == "MCP_USER_TOOL" {
        return user_tool::copy_name(name);
    }
    let id = Service::new_id().simple().to_string();
    // The last digits of an id are random; the first are the time.
    let cut: String = name.chars().take(110).collect();
    format!("{cut} (copy {})", &id[26..])
}

impl Call {
    /// The record, in the trash bin too when asked.
    async fn locate_any(&self, tx: &mut Tx, selector: &Selector, trash: bool) -> Result<Row> {
        let row = match selector {
            Selector::Id(id) => tx.row_get(self.record_type, *id, &Scope::All).await?,
            Selector::Name(name) => match tx.row_by_name(self.record_type, name, &Scope::All).await? {
                Some(row) => Some(row),
                None if trash => self.newest_in_trash(tx, name).await?,
                None => None,
            },
        };
        let row = row.filter(|row| trash || row.text("deleted_at").is_none()).ok_or_else(absent)?;
        if self.reads(tx, &row).await? { Ok(row) } else { Err(absent()) }
    }

    async fn newest_in_trash(&self, tx: &mut Tx, name: &str) -> Result<Option<Row>> {
        if !self.record_type.has_trash() {
            return Ok(None);
        }
        let query = ListQuery { filter: Some(Filter::eq("name", name)), trash: true, ..ListQuery::default() };
        let rows = tx.row_list(self.record_type, &query, &Scope::All).await?.items;
        Ok(rows.into_iter().max_by(|a, b| a.text("deleted_at").cmp(&b.text("deleted_at"))))
    }

    pub(super) async fn delete(&self, tx: &mut Tx, row: &Row, permanently: bool) -> Result<()> {
        self.require_delete(tx, row).await?;
        role::check_delete(tx, self, row).await?;
        let table = self.record_type.singular;
        let entry = |operation| self.service.audit(&self.actor, Deed::on(operation, self.record_type, row));
        if self.record_type.name == "API_KEY" {
            let revoked = row.json("revoked_at").cloned().unwrap_or_else(|| self.now.clone().into());
            let row = Row::from([("id", json!(id_of(row).to_string())), ("revoked_at", revoked), ("modified_at", json!(self.now))]);
            return tx.apply(&[Write::Update { table, key: &["id"], row }, entry("revoke")]).await;
        }
        if self.record_type.has_trash() && !permanently {
            if row.text("deleted_at").is_some() {
                return Ok(());
            }
            let by = self.actor.id().map(|id| id.to_string());
            let before = row;
            let row = Row::from([
                ("id", json!(id_of(row).to_string())),
                ("version", json!(row.integer("version").unwrap_or_default() + 1)),
                ("deleted_at", json!(self.now)),
                ("deleted_by", json!(by)),
            ]);
            let version = row.version();
            tx.apply(&[Write::Update { table, key: &["id"], row }, entry("trash")]).await?;
            let mut gone = before.clone();
            gone.set("version", version);
            if self.record_type.name == "CUSTOM_OBJECT" {
                object::forget_keys(tx, id_of(before)).await?;
            }
            return self.changed(tx, &gone, "delete").await;
        }
        self.deleted_parts_rules(tx, row).await?;
        self.delete_parts(tx, row).await?;
        let gone = Row::from([("id", json!(id_of(row).to_string()))]);
        tx.apply(&[Write::Delete { table, key: &["id"], row: gone }, entry("delete")]).await
    }

    /// What goes with a record that is deleted for good, besides its parts.
    async fn deleted_parts_rules(&self, tx: &mut Tx, row: &Row) -> Result<()> {
        match self.record_type.name {
            "CUSTOM_OBJECT" => object::forget_keys(tx, id_of(row)).await?,
            "OBJECT_TEMPLATE_ATTRIBUTE" => object::attribute_gone(tx, self, row).await?,
            _ => {}
        }
        if let (true, Some((_, parent))) = (self.record_type.is_subrecord(), self.parent_of(tx, row).await?) {
            return self.mark_bundle(tx, &parent).await;
        }
        if row.text("deleted_at").is_none() { self.mark_bundle(tx, row).await } else { Ok(()) }
    }

    async fn parent_of(&self, tx: &mut Tx, row: &Row) -> Result<Option<(&'static RecordType, Row)>> {
        if self.record_type.is_subrecord() { parent(tx, self.record_type, row).await } else { Ok(None) }
    }

    async fn require_delete(&self, tx: &mut Tx, row: &Row) -> Result<()> {
        if self.record_type.is_subrecord() {
            if self.record_type.is_kept() {
                return Err(Error::invalid(format!("{} is kept by the server and goes with its parent.", self.record_type.name)));
            }
            return match parent(tx, self.record_type, row).await? {
                Some((parent_type, parent)) => self.require_part(tx, parent_type, &parent).await,
                None => Ok(()),
            };
        }
        let of = subject(self.record_type, row);
        self.access.require(Operation::Delete, &of)?;
        match self.record_type.name {
            name if self.record_type.is_kept() => return Err(Error::invalid(format!("{name} is kept by the server."))),
            _ if self.record_type.is_single() => {
                return Err(Error::new(Kind::Forbidden, format!("The {} cannot be deleted.", self.record_type.singular)));
            }
            "EXECUTION" if !is_ended(row) => {
                return Err(Error::conflict("This execution has not ended. Cancel it first, then delete it."));
            }
            "USER" if self.actor.id() == Some(id_of(row)) => {
                return Err(Error::new(Kind::Forbidden, "Nobody may delete itself."));
            }
            "PROJECT" => self.holds_none(tx, row, ("project_id", |of| of.in_project)).await?,
            "BUNDLE" => self.holds_none(tx, row, ("bundle_id", |of| of.in_bundle)).await?,
            "OBJECT_TEMPLATE" => self.holds_none(tx, row, ("object_template_id", |of| of.name == "CUSTOM_OBJECT")).await?,
            _ => {}
        }
        if row.flag("is_readonly") {
            return Err(readonly(self.record_type, row));
        }
        if self.record_type.name == "PROJECT" { Ok(()) } else { self.place_writable(tx, Place::of(row)).await }
    }

    /// A project that still holds live records is not deleted: they would be in a place that nobody can see. Nor is a
    /// bundle, nor a template with objects.
    async fn holds_none(&self, tx: &mut Tx, row: &Row, (column, holds): (&'static str, fn(&RecordType) -> bool)) -> Result<()> {
        let filter = Filter::eq(column, id_of(row).to_string());
        for of in records::TYPES.iter().copied().filter(|of| holds(of)) {
            let query = ListQuery { filter: Some(filter.clone()), limit: 1, ..ListQuery::default() };
            if let Some(held) = tx.row_list(of, &query, &Scope::All).await?.items.first() {
                let (what, name) = (self.record_type.singular.replace('_', " "), row.text("name").unwrap_or_default());
                // What of it is out of sight has no type either.
                let kind =
                    if self.access.may(Operation::Read, &subject(of, held)) { format!(" of type {}", of.name) } else { String::new() };
                return Err(Error::conflict(format!("The {what} '{name}' still holds records{kind}; move or delete them first.")));
            }
        }
        Ok(())
    }

    async fn delete_parts(&self, tx: &mut Tx, row: &Row) -> Result<()> {
        let id = id_of(row).to_string();
        for part in records::TYPES.iter().copied() {
            let Family::Subrecord { parent, column } = &part.family else { continue };
            // There may be many: they go piece by piece.
            if part.name == "RECORD_VERSION" {
                if self.record_type.has_trash() {
                    tx.apply(&[retention::Of::Versions.note(id_of(row))]).await?;
                }
                continue;
            }
            if *parent == "*" || *parent == self.record_type.name {
                let row = Row::from([(*column, json!(id))]);
                tx.apply(&[Write::Delete { table: part.singular, key: std::slice::from_ref(column), row }]).await?;
            }
        }
        // What others have of it goes too.
        let named = |column: &'static str| Row::from([(column, json!(id))]);
        let held = match self.record_type.name {
            "ROLE" => Some(Write::Delete { table: "identity_role", key: &["role_id"], row: named("role_id") }),
            "TAG" => Some(Write::Delete { table: "record_tag", key: &["tag_id"], row: named("tag_id") }),
            "WRAPPER" => Some(Write::Delete { table: "resource_wrapper", key: &["wrapper_id"], row: named("wrapper_id") }),
            _ => None,
        };
        if let Some(held) = held {
            tx.apply(&[held]).await?;
        }
        if self.record_type.name == "USER" {
            Service::sessions_end(tx, id_of(row), None).await?;
        }
        Ok(())
    }

    async fn restore(&self, tx: &mut Tx, row: Row) -> Result<Row> {
        if !self.record_type.has_trash() || row.text("deleted_at").is_none() {
            return Err(Error::conflict("This record is not in the trash bin."));
        }
        self.access.require(Operation::Delete, &subject(self.record_type, &row))?;
        let place = Subject { id: None, ..subject(self.record_type, &row) };
        self.access.require(Operation::Create, &place)?;
        self.place_there(tx, Place::of(&row)).await?;
        self.place_writable(tx, Place::of(&row)).await?;
        role::check_restore(tx, self, &row).await?;
        let name = row.text("name").unwrap_or_default();
        if tx.row_by_name(self.record_type, name, &Scope::All).await?.is_some() {
            return Err(Error::conflict(format!("The name '{name}' is taken meanwhile; rename the other record first.")).field("/name"));
        }
        let mut back = row.clone();
        let mut change = Row::from([
            ("id", json!(id_of(&row).to_string())),
            ("version", json!(row.integer("version").unwrap_or_default() + 1)),
            ("deleted_at", Value::Null),
            ("deleted_by", Value::Null),
            ("modified_at", json!(self.now)),
            ("modified_by", json!(self.actor.id().map(|id| id.to_string()))),
        ]);
        for column in ["version", "deleted_at", "deleted_by", "modified_at", "modified_by"] {
            back.set(column, change.json(column).cloned().unwrap_or(Value::Null));
        }
        if self.record_type.name == "CUSTOM_OBJECT" {
            // What must hold for objects may have changed meanwhile.
            back.set("value", known_value(tx, &back).await?);
            let value = self.settle_object(tx, &back).await?;
            change.set("value", value.clone());
            back.set("value", value);
        }
        if self.record_type.name == "SCHEDULE" {
            // What was due while it lay there is not missed.
            change.set("due_after", Value::Null);
        }
        let entry = self.service.audit(&self.actor, Deed::on("restore", self.record_type, &back));
        tx.apply(&[Write::Update { table: self.record_type.singular, key: &["id"], row: change }, entry]).await?;
        self.changed(tx, &back, "restore").await?;
        Ok(back)
    }
}

fn is_ended(row: &Row) -> bool {
    row.text("status").and_then(records::Status::from_name).is_some_and(records::Status::is_ended)
}
