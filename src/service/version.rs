//! What records were like: every saved version of a resource, what changed between two, and the way back to one.

use serde_json::{Map, Value, json};
use similar::TextDiff;
use uuid::Uuid;

use super::actor::{Actor, Identity};
use super::handle::Service;
use super::identity::record_type;
use super::record::{ListRequest, RecordPage};
use super::record_write::{Call, RecordWrite, Written};
use super::row::id_of;
use super::selector::Selector;
use crate::error::{Error, Kind, Result};
use crate::records::{Family, RecordType, Storage, Write as Writable};
use crate::store::{Filter, ListQuery, Row, Scope, Tx, Write};

/// Types whose changes by executions are kept only with a commit message: they change all the time.
const BUSY: &[&str] = &["SETTING", "FILE", "CUSTOM_OBJECT"];
/// Columns that say where a record is and who may change it: a way back leaves them as they are.
const STANDING: &[&str] = &["project_id", "bundle_id", "is_readonly", "is_bundle_content", "track_in_git"];
/// What a list of versions shows of each.
const LISTED: &[&str] = &["id", "number", "operation", "commit_message", "created_at", "created_by"];

/// Which record, and which of its versions.
#[derive(Clone, Debug)]
pub struct VersionRef {
    pub record_type: &'static RecordType,
    pub record: Selector,
    /// The record's `version` after the change.
    pub number: i64,
}

/// One column that differs between two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub column: &'static str,
    pub before: Value,
    pub after: Value,
    /// Of texts of several lines: the difference as a unified diff.
    pub diff: Option<String>,
}

impl Service {
    /// The versions of a record, the newest first, without their contents. Needs READ on the record.
    pub async fn version_list(
        &self,
        actor: &Actor,
        (of, record): (&'static RecordType, &Selector),
        (limit, offset): (Option<u32>, u32),
    ) -> Result<RecordPage> {
        let id = self.versioned(actor, of, record).await?;
        let request = ListRequest {
            filter: Some(json!({ "field": "record_id", "op": "eq", "value": id.to_string() })),
            order: vec!["-number".to_owned()],
            fields: Some(LISTED.iter().map(|name| (*name).to_owned()).collect()),
            limit,
            offset,
            trash: false,
        };
        self.record_list(actor, record_type("RECORD_VERSION"), &request).await
    }

    /// One version with its content. Needs READ on the record.
    pub async fn version_get(&self, actor: &Actor, version: &VersionRef) -> Result<Map<String, Value>> {
        let id = self.versioned(actor, version.record_type, &version.record).await?;
        let row = self.version_row(id, version.number).await?;
        let selector = Selector::Id(id_of(&row));
        Ok(self.record_get(actor, record_type("RECORD_VERSION"), &selector, None).await?.record)
    }

    /// What differs between a version and another one, or the record as it is. Needs READ on the record.
    pub async fn version_diff(&self, actor: &Actor, version: &VersionRef, with: Option<i64>) -> Result<Vec<Change>> {
        let id = self.versioned(actor, version.record_type, &version.record).await?;
        let before = content_of(&self.version_row(id, version.number).await?);
        let after = match with {
            Some(number) => content_of(&self.version_row(id, number).await?),
            None => {
                let row = self.store().row_get(version.record_type, id, &Scope::All).await?;
                row.map(|row| content(version.record_type, &row)).unwrap_or_default()
            }
        };
        Ok(changes(version.record_type, &before, &after))
    }

    /// Gives a record the columns of an earlier version; where it is stays as it is. Needs UPDATE on the record.
    pub async fn version_restore(&self, actor: &Actor, version: &VersionRef, commit_message: Option<String>) -> Result<Written> {
        let of = version.record_type;
        let row = self.record_row(actor, of, &version.record).await?;
        let old = content_of(&self.version_row(id_of(&row), version.number).await?);
        let mut columns = Map::new();
        let mut content = Map::new();
        for (name, value) in old {
            match of.field(&name) {
                Some(field) if field.write == Writable::Always && !STANDING.contains(&field.name) => drop(columns.insert(name, value)),
                Some(_) if of.name == "FILE" => drop(content.insert(name, value)),
                _ => {}
            }
        }
        let message = commit_message.unwrap_or_else(|| format!("Back to version {}.", version.number));
        columns.insert("commit_message".into(), message.into());
        let access = self.access(actor).await?;
        let mut payload = self.payload(of, columns, &access).await?;
        payload.is_whole = true;
        for (name, value) in content.into_iter().filter(|(name, _)| name == "sha256" || name == "content_size_bytes") {
            payload.derived.insert(name, value);
        }
        let mut write = RecordWrite { selector: Some(Selector::Id(id_of(&row))), ..RecordWrite::new(of, Map::new()) };
        let hooks = if of.name == "CUSTOM_OBJECT" { Some(self.object_before(actor, &mut write, true).await?) } else { None };
        self.payload_write(actor, access, write, (payload, true, hooks)).await
    }

    /// The id of a record that the actor may read, in the trash bin or not.
    async fn versioned(&self, actor: &Actor, of: &'static RecordType, record: &Selector) -> Result<Uuid> {
        match self.record_row(actor, of, record).await {
            Ok(row) => Ok(id_of(&row)),
            Err(e) if e.kind() == Kind::NotFound => {
                let trashed = self.record_get_trashed(actor, of, record, Some(&["id".to_owned()])).await;
                trashed.map(|found| found.id).map_err(|_| e)
            }
            Err(e) => Err(e),
        }
    }

    async fn version_row(&self, record: Uuid, number: i64) -> Result<Row> {
        let filter = Filter::eq("record_id", record.to_string()).and(Filter::eq("number", number));
        let query = ListQuery { filter: Some(filter), limit: 1, ..ListQuery::default() };
        let found = self.store().row_list(record_type("RECORD_VERSION"), &query, &Scope::All).await?.items.pop();
        found.ok_or_else(|| Error::not_found(format!("There is no version {number} of this record.")).field("/number"))
    }
}

impl Call {
    /// Keeps what a resource is like after `operation`, in the same transaction.
    pub(super) async fn keep_version(&self, tx: &mut Tx, row: &Row, operation: &str) -> Result<()> {
        let of = self.record_type;
        let by_flow = matches!(self.actor.identity, Identity::Execution(_));
        if of.family != Family::Resource || (by_flow && BUSY.contains(&of.name) && self.commit_message.is_none()) {
            return Ok(());
        }
        let by = self.actor.id().map(|id| id.to_string());
        let version = Row::from([
            ("id", json!(Service::new_id().to_string())),
            ("version", json!(1)),
            ("created_at", json!(self.now)),
            ("created_by", json!(by)),
            ("modified_at", json!(self.now)),
            ("modified_by", json!(by)),
            ("record_id", json!(id_of(row).to_string())),
            ("number", json!(row.version())),
            ("operation", json!(operation)),
            ("commit_message", json!(self.commit_message)),
            ("content", Value::Object(content(of, row))),
            ("parent_type", json!(of.name)),
        ]);
        tx.apply(&[Write::Insert { table: "record_version", key: &["id"], row: version }]).await
    }
}

/// The columns that a version keeps: all that a caller may write, and the hash of a file's content.
fn content(of: &RecordType, row: &Row) -> Map<String, Value> {
    let is_kept = |write: Writable, name: &str| write != Writable::System || name == "sha256" || name == "content_size_bytes";
    let kept = of.fields().filter(|f| f.storage == Storage::Column && is_kept(f.write, f.name));
    kept.map(|field| (field.name.to_owned(), row.json(field.name).cloned().unwrap_or_default())).collect()
}

fn content_of(version: &Row) -> Map<String, Value> {
    version.json("content").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn changes(of: &RecordType, before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Change> {
    let mut changes = Vec::new();
    for field in of.fields() {
        let side = |map: &Map<String, Value>| map.get(field.name).cloned().unwrap_or_default();
        let (before, after) = (side(before), side(after));
        if before == after {
            continue;
        }
        let diff = match (before.as_str(), after.as_str()) {
            (Some(old), Some(new)) if old.contains('\n') || new.contains('\n') => {
                Some(TextDiff::from_lines(old, new).unified_diff().context_radius(3).to_string())
            }
            _ => None,
        };
        changes.push(Change { column: field.name, before, after, diff });
    }
    changes
}
