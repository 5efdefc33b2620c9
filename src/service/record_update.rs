//! Changing a record: the version seen, read-only marks, a move between projects, and what changed at all.

use serde_json::{Map, Value, json};

use super::access::Subject;
use super::audit::Deed;
use super::handle::Service;
use super::location::Place;
use super::object;
use super::payload::Payload;
use super::record_write::{Call, readonly};
use super::rights::Operation;
use super::role;
use super::row::{id_of, parent, subject};
use super::rule;
use super::schedule;
use super::secret;
use crate::error::{Error, Kind, Result};
use crate::store::{Row, Scope, Tx, Write};

/// Columns that every change writes.
const KEPT: [&str; 4] = ["version", "modified_at", "modified_by", "due_after"];

/// Refuses a change of a record that has another version than the one its caller has seen.
pub(super) fn as_seen(row: &Row, if_version: Option<i64>) -> Result<()> {
    let version = row.version();
    if if_version.is_none_or(|wanted| wanted == version) {
        return Ok(());
    }
    let text = format!("The record was changed meanwhile: it has version {version}. Read it again and repeat the change.");
    Err(Error::new(Kind::PreconditionFailed, text).details(json!({ "version": version })))
}

impl Call {
    /// Writes what differs. The caller has found that the actor may read the row.
    pub(super) async fn update(&self, tx: &mut Tx, row: Row, mut payload: Payload, if_version: Option<i64>) -> Result<Row> {
        let version = row.integer("version").unwrap_or_default();
        if let Some(value) = payload.columns.get_mut("value").filter(|_| self.record_type.name == "CUSTOM_OBJECT" && !payload.is_whole) {
            *value = object::merged(&row, value);
        }
        as_seen(&row, if_version)?;
        let mut columns = payload.for_update(self.record_type, &row)?;
        self.require_update(tx, &row, &columns).await?;
        self.moving(tx, &row, &payload, &mut columns).await?;
        if columns.is_empty() {
            return Ok(row);
        }
        self.name_free(tx, &row, &columns).await?;
        secret::check(self.record_type, &row, &columns)?;
        self.service.seals().seal_columns(self.record_type, &id_of(&row).to_string(), &mut columns)?;
        schedule::begin(self.record_type, &mut columns);
        let mut changed = row.clone();
        columns.insert("version".into(), (version + 1).into());
        columns.insert("modified_at".into(), self.now.clone().into());
        columns.insert("modified_by".into(), self.actor.id().map(|id| id.to_string()).into());
        for (name, value) in &columns {
            changed.set(name.clone(), value.clone());
        }
        self.references(tx, &changed, Some(&columns)).await?;
        rule::check(tx, self, (Some(&row), &changed), Some(&columns)).await?;
        if self.record_type.name == "CUSTOM_OBJECT" && columns.contains_key("value") {
            let value = self.settle_object(tx, &changed).await?;
            columns.insert("value".into(), value.clone());
            changed.set("value", value);
        }
        role::check(tx, self, (Some(&row), &changed)).await?;
        role::check_password(tx, self, &row, &columns).await?;
        self.trigger_changed(tx, (&row, &changed)).await?;
        if self.record_type.name == "USER" && columns.contains_key("password") {
            self.own_password(&row, payload.proved.as_deref())?;
            Service::sessions_end(tx, id_of(&row), self.actor.session).await?;
        }
        let names: Vec<&str> = columns.keys().map(String::as_str).filter(|name| !KEPT.contains(name)).collect();
        let details = json!({ "columns": names });
        let deed = Deed { details: Some(&details), ..Deed::on("update", self.record_type, &changed) };
        let entry = self.service.audit(&self.actor, deed);
        columns.insert("id".into(), id_of(&row).to_string().into());
        tx.apply(&[Write::Update { table: self.record_type.singular, key: &["id"], row: Row::from(columns) }, entry]).await?;
        if Place::of(&row) != Place::of(&changed) {
            self.mark_bundle(tx, &row).await?;
        }
        self.changed(tx, &changed, "update").await?;
        Ok(changed)
    }

    /// Who changes its own password shows that it knows it: a session left open is not enough.
    fn own_password(&self, row: &Row, proved: Option<&str>) -> Result<()> {
        if self.actor.id() != Some(id_of(row)) || (proved.is_some() && proved == row.text("password")) {
            return Ok(());
        }
        Err(Error::invalid("Who changes its own password gives the one it has now, as 'old_password'.").field("/old_password"))
    }

    async fn require_update(&self, tx: &mut Tx, row: &Row, columns: &Map<String, Value>) -> Result<()> {
        if self.record_type.is_subrecord() {
            return match parent(tx, self.record_type, row).await? {
                Some((parent_type, parent)) => self.require_part(tx, parent_type, &parent).await,
                None => Err(Error::not_found(format!("The record that {} belongs to is gone.", id_of(row)))),
            };
        }
        let of = subject(self.record_type, row);
        self.access.require(Operation::Update, &of)?;
        self.access.require_columns(&of, columns.keys().map(String::as_str).filter(|c| *c != "must_change_password"))?;
        let unlocks = columns.len() == 1 && columns.get("is_readonly") == Some(&Value::Bool(false));
        if row.flag("is_readonly") && !columns.is_empty() && !unlocks {
            return Err(readonly(self.record_type, row));
        }
        if self.record_type.name == "PROJECT" { Ok(()) } else { self.place_writable(tx, Place::of(row)).await }
    }

    /// A move needs UPDATE where the record is and CREATE where it goes.
    async fn moving(&self, tx: &mut Tx, row: &Row, payload: &Payload, columns: &mut Map<String, Value>) -> Result<()> {
        let here = Place::of(row);
        let Some(place) = payload.wish.explicit(tx, &self.access, (self.record_type, here)).await? else { return Ok(()) };
        if place == here {
            return Ok(());
        }
        if row.flag("is_readonly") {
            return Err(readonly(self.record_type, row));
        }
        self.access.require(Operation::Update, &subject(self.record_type, row))?;
        self.access.require(Operation::Create, &Subject::new_in(self.record_type.name, place.project))?;
        self.place_writable(tx, here).await?;
        self.place_writable(tx, place).await?;
        columns.extend(place.columns().map(|(name, value)| (name.to_owned(), value)));
        Ok(())
    }

    /// A new name must be free among the records that are not in the trash bin.
    async fn name_free(&self, tx: &mut Tx, row: &Row, columns: &Map<String, Value>) -> Result<()> {
        let Some(name) = columns.get("name").and_then(Value::as_str) else { return Ok(()) };
        if let Some((of, "name")) = self.record_type.pair() {
            return match self.same_pair(tx, (of, row.text(of)), ("name", Some(name))).await? {
                Some(other) if id_of(&other) != id_of(row) => Err(taken(name)),
                _ => Ok(()),
            };
        }
        if !self.record_type.is_named() {
            return Ok(());
        }
        match tx.row_by_name(self.record_type, name, &Scope::All).await? {
            Some(other) if id_of(&other) != id_of(row) => Err(taken(name)),
            _ => Ok(()),
        }
    }
}

fn taken(name: &str) -> Error {
    Error::conflict(format!("The name '{name}' is taken; choose another one.")).field("/name")
}
