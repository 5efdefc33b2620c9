//! Reading records of any type: one or a list, only what the actor may see, only the columns that are shown.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::{Actor, Identity};
use super::handle::Service;
use super::identity::record_type;
use super::mcp_switch;
use super::prompt;
use super::rights::Operation;
use super::row::{find, subject};
use super::schedule;
use super::scope::scope_of;
use super::selector::Selector;
use crate::clock;
use crate::error::{Error, Result, did_you_mean};
use crate::records::{Field, RecordType, Storage};
use crate::store::{Filter, ListQuery, Order, Row, Scope};

/// Records of one page at the most.
pub const PAGE_LIMIT: u32 = 1000;
/// Records of one page when nothing is said.
pub const PAGE_DEFAULT: u32 = 50;

/// Columns that computed ones are made from.
const SOURCES: &[&str] = &["id", "project_id", "bundle_id", "parent_execution_id", "script_hash", "ended_at"];
/// Those of `next_runs` besides.
const RUN_SOURCES: &[&str] = &["scheduler_id", "is_enabled", "configuration", "due_after", "modified_at"];
/// Those of `problem` besides, which can be long.
const PROBLEM_SOURCES: &[&str] = &["name", "flow_id", "is_enabled", "key", "data", "parent_type"];

/// Those of `warnings`, `tool_warnings` and `proposed_annotations` besides, which can be long too.
const WARNING_SOURCES: &[&str] = &["flow_id", "description", "annotations", "input_schema", "output_schema"];

/// What a list asks for.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// `{"field", "op", "value"}`, `{"and": [...]}`, `{"or": [...]}`.
    pub filter: Option<Value>,
    /// Columns with `-` or `+` in front.
    pub order: Vec<String>,
    /// Columns to show; `None` shows all.
    pub fields: Option<Vec<String>>,
    /// 1 to [`PAGE_LIMIT`]; `None` is [`PAGE_DEFAULT`].
    pub limit: Option<u32>,
    pub offset: u32,
    /// The trash bin instead of live records.
    pub trash: bool,
}

/// One page as it is shown.
#[derive(Clone, Debug)]
pub struct RecordPage {
    pub items: Vec<Map<String, Value>>,
    pub total: u64,
    pub total_is_lower_bound: bool,
    pub limit: u32,
    pub offset: u32,
}

/// One record as it is shown.
#[derive(Clone, Debug)]
pub struct RecordFound {
    pub id: Uuid,
    /// Its ETag.
    pub version: i64,
    pub record: Map<String, Value>,
}

impl Service {
    /// One record. `fields` chooses columns; an unknown one is an error that names the nearest.
    pub async fn record_get(
        &self,
        actor: &Actor,
        of: &'static RecordType,
        selector: &Selector,
        fields: Option<&[String]>,
    ) -> Result<RecordFound> {
        check_fields(of, fields)?;
        let access = self.access(actor).await?;
        let row = self.row_read(actor, &access, (of, selector)).await?;
        self.found(&access, of, row, fields).await
    }

    /// As [`Service::record_get`], of a record in the trash bin; by name, of the one that went there last.
    pub async fn record_get_trashed(
        &self,
        actor: &Actor,
        of: &'static RecordType,
        selector: &Selector,
        fields: Option<&[String]>,
    ) -> Result<RecordFound> {
        check_fields(of, fields)?;
        let access = self.access(actor).await?;
        let filter = match selector {
            Selector::Id(id) => Filter::eq("id", id.to_string()),
            Selector::Name(name) => Filter::eq("name", name.clone()),
        };
        let order = vec![Order { column: "deleted_at", descending: true }];
        let query = ListQuery { filter: Some(filter), order, limit: 1, trash: true, ..ListQuery::default() };
        let found = if of.has_trash() { self.store().row_list(of, &query, &scope_of(&access, of)).await?.items.pop() } else { None };
        let row = found.ok_or_else(|| Error::not_found(format!("There is no such {} in the trash bin.", of.singular)))?;
        self.found(&access, of, row, fields).await
    }

    async fn found(&self, access: &Access, of: &'static RecordType, row: Row, fields: Option<&[String]>) -> Result<RecordFound> {
        let (id, version) = (row.id().unwrap_or_default(), row.version());
        let record = self.show(access, of, vec![row], (fields, true)).await?.pop().unwrap_or_default();
        Ok(RecordFound { id, version, record })
    }

    /// The whole row of one record, hidden columns too. For code above that does not show it as it is.
    pub async fn record_row(&self, actor: &Actor, of: &'static RecordType, selector: &Selector) -> Result<Row> {
        let access = self.access(actor).await?;
        self.row_read(actor, &access, (of, selector)).await
    }

    /// Whether there is such a record for the actor.
    pub async fn record_exists(&self, actor: &Actor, of: &'static RecordType, selector: &Selector) -> Result<bool> {
        match self.record_row(actor, of, selector).await {
            Ok(_) => Ok(true),
            Err(e) if e.kind() == crate::error::Kind::NotFound => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// One page of records.
    pub async fn record_list(&self, actor: &Actor, of: &'static RecordType, request: &ListRequest) -> Result<RecordPage> {
        if !of.is_listed() {
            let text = format!("{} has no list of its own: read it with its execution, at /execution/{{id}}/logs or /events.", of.name);
            return Err(Error::invalid(text));
        }
        check_fields(of, request.fields.as_deref())?;
        let limit = request.limit.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_LIMIT).contains(&limit) {
            return Err(Error::invalid(format!("'limit' must be 1 to {PAGE_LIMIT}.")).field("/limit"));
        }
        let query = ListQuery {
            filter: request.filter.as_ref().map(|filter| Filter::parse(filter, of)).transpose()?,
            order: request.order.iter().map(|text| Order::parse(text, of)).collect::<Result<_>>()?,
            limit,
            offset: request.offset,
            trash: request.trash,
            fields: request.fields.as_deref().map(columns_for),
            total: true,
        };
        let access = self.access(actor).await?;
        if is_flow(actor) {
            // A flow finds what it wrote, and what others wrote before it looked.
            self.store().barrier().await?;
        }
        let page = self.store().row_list(of, &query, &scope_of(&access, of)).await?;
        let total = page.total.unwrap_or_default();
        let items = self.show(&access, of, page.items, (request.fields.as_deref(), false)).await?;
        Ok(RecordPage { items, total, total_is_lower_bound: page.total_is_lower_bound, limit, offset: request.offset })
    }

    /// A row as an answer shows it, after a write say.
    pub async fn record_show(&self, actor: &Actor, of: &'static RecordType, row: Row) -> Result<Map<String, Value>> {
        let access = self.access(actor).await?;
        Ok(self.show(&access, of, vec![row], (None, true)).await?.pop().unwrap_or_default())
    }

    /// The row. For flow code from the writer's connection: it reads its own writes, on disk or not.
    pub(super) async fn row_read(&self, actor: &Actor, access: &Access, (of, selector): (&'static RecordType, &Selector)) -> Result<Row> {
        if !of.is_listed() {
            return Err(Error::not_found(format!("A single {} cannot be read; read the list of its execution.", of.singular)));
        }
        let scope = scope_of(access, of);
        let row = match selector {
            Selector::Name(_) if !of.is_named() => None,
            _ if is_flow(actor) => self.row_pending(of, selector.clone(), scope).await?,
            Selector::Id(id) => self.store().row_get(of, *id, &scope).await?,
            Selector::Name(name) => self.store().row_by_name(of, name, &scope).await?,
        };
        match row {
            Some(row) if of.has_trash() && row.json("deleted_at").is_some() => Err(in_trash(of)),
            Some(row) => Ok(row),
            None => Err(self.missing(access, of, selector).await),
        }
    }

    async fn row_pending(&self, of: &'static RecordType, selector: Selector, scope: Scope) -> Result<Option<Row>> {
        let look = self.store().transact(move |tx| {
            Box::pin(async move {
                match selector {
                    Selector::Id(id) => tx.row_get(of, id, &scope).await,
                    Selector::Name(name) => tx.row_by_name(of, &name, &scope).await,
                }
            })
        });
        Ok(look.await?.0)
    }

    /// Rows as answers show them: readable columns, `has_<sealed>`, and what is computed.
    async fn show(
        &self,
        access: &Access,
        of: &'static RecordType,
        rows: Vec<Row>,
        (fields, single): (Option<&[String]>, bool),
    ) -> Result<Vec<Map<String, Value>>> {
        let wanted = |name: &str| fields.is_none_or(|fields| fields.iter().any(|f| f == name));
        // A script is read blob by blob: in lists only when asked for.
        let with_script = of.name == "EXECUTION" && (single || fields.is_some()) && wanted("script");
        let readonly = self.readonly_places(&rows, (wanted("is_project_readonly"), wanted("is_bundle_readonly"))).await?;
        let mut shown = Vec::with_capacity(rows.len());
        for row in rows {
            let mut out = Map::new();
            for field in of.fields().filter(|f| f.storage != Storage::Hidden && f.storage != Storage::Input) {
                match field.storage {
                    Storage::Sealed if wanted(&format!("has_{}", field.name)) => {
                        out.insert(format!("has_{}", field.name), row.json(field.name).is_some().into());
                    }
                    Storage::Column if wanted(field.name) => {
                        out.insert(field.name.to_owned(), row.json(field.name).cloned().unwrap_or_default());
                    }
                    Storage::Computed if wanted(field.name) && (field.name != "script" || with_script) => {
                        out.insert(field.name.to_owned(), self.computed(access, (of, field), &row, &readonly).await?);
                    }
                    _ => {}
                }
            }
            shown.push(out);
        }
        Ok(shown)
    }

    async fn computed(
        &self,
        access: &Access,
        (of, field): (&'static RecordType, &Field),
        row: &Row,
        readonly: &HashMap<Uuid, bool>,
    ) -> Result<Value> {
        Ok(match field.name {
            "record_type" | "resource_type" => of.name.into(),
            "schema_version" => "1".into(),
            "is_project_readonly" => row.uuid("project_id").and_then(|id| readonly.get(&id).copied()).unwrap_or(false).into(),
            "is_bundle_readonly" => row.uuid("bundle_id").and_then(|id| readonly.get(&id).copied()).unwrap_or(false).into(),
            "can_execute" => {
                let place = Subject::new_in("EXECUTION", row.uuid("project_id"));
                (access.may(Operation::Create, &place) && access.may(Operation::Read, &subject(of, row))).into()
            }
            "flow_count" => {
                let flows = record_type("FLOW");
                let filter = row.id().map(|id| Filter::eq("project_id", id.to_string()));
                let query = ListQuery { filter, limit: 1, total: true, ..ListQuery::default() };
                self.store().row_list(flows, &query, &scope_of(access, flows)).await?.total.into()
            }
            "script" => match row.text("script_hash") {
                Some(hash) => Value::from(&*self.script(hash).await?),
                None => Value::Null,
            },
            "next_runs" => self.next_runs(row),
            "expires_at" => self.expires_at(row).await?,
            "problem" if of.name == "MCP_USER_TOOL" => self.user_tool_problem(access, row).await?,
            "warnings" => self.user_tool_warnings(access, row).await?,
            "proposed_annotations" => self.user_tool_proposal(access, row).await?,
            "tool_warnings" => self.flow_tool_warnings(row).await?,
            "problem" => prompt::problem(row).or_else(|| mcp_switch::problem(row)).into(),
            _ => Value::Null,
        })
    }

    /// The times a SCHEDULE starts its flow next; null where its scheduler decides.
    fn next_runs(&self, row: &Row) -> Value {
        if row.json("scheduler_id").is_some() {
            return Value::Null;
        }
        if !row.flag("is_enabled") {
            return Value::Array(Vec::new());
        }
        let now = self.clock().now();
        let last = row.text("due_after").or_else(|| row.text("modified_at")).and_then(clock::parse).unwrap_or(now);
        schedule::next_runs(row.json("configuration").unwrap_or(&Value::Null), (last, now))
    }

    /// Whether the projects and bundles that the rows are in are read-only.
    async fn readonly_places(&self, rows: &[Row], (projects, bundles): (bool, bool)) -> Result<HashMap<Uuid, bool>> {
        let mut known = HashMap::new();
        for (is_wanted, column, of) in [(projects, "project_id", "PROJECT"), (bundles, "bundle_id", "BUNDLE")] {
            let places: HashSet<Uuid> = rows.iter().filter(|_| is_wanted).filter_map(|row| row.uuid(column)).collect();
            for id in places {
                known.insert(id, self.place_is_readonly(record_type(of), id).await?);
            }
        }
        Ok(known)
    }

    async fn place_is_readonly(&self, of: &'static RecordType, id: Uuid) -> Result<bool> {
        if let Some(known) = self.places().get(&id) {
            return Ok(known);
        }
        let ticket = self.places().ticket();
        let (row, _) = self.store().transact(move |tx| Box::pin(find(tx, of, id))).await?;
        let is_readonly = row.is_some_and(|row| row.flag("is_readonly"));
        self.places().put(ticket, id, is_readonly);
        Ok(is_readonly)
    }
}

/// The columns to read for these fields: what is computed is computed from others.
fn columns_for(fields: &[String]) -> Vec<String> {
    // `has_password` is made from `password`; `has_syntax_error` is a column itself.
    let sealed = fields.iter().filter_map(|name| name.strip_prefix("has_"));
    let for_any = |names: &[&str], sources| if fields.iter().any(|name| names.contains(&name.as_str())) { sources } else { &[][..] };
    let of_problem = for_any(&["problem"], PROBLEM_SOURCES);
    let of_runs = for_any(&["next_runs"], RUN_SOURCES);
    let of_warnings = for_any(&["warnings", "tool_warnings", "proposed_annotations"], WARNING_SOURCES);
    let sources = SOURCES.iter().chain(of_problem).chain(of_runs).chain(of_warnings).copied();
    fields.iter().map(String::as_str).chain(sealed).chain(sources).map(str::to_owned).collect()
}

/// For who may read it: others learn that there is none.
fn in_trash(of: &'static RecordType) -> Error {
    Error::not_found(format!("This {} is in the trash bin; restore it first.", of.singular))
}

fn is_flow(actor: &Actor) -> bool {
    matches!(actor.identity, Identity::Execution(_))
}

fn check_fields(of: &'static RecordType, fields: Option<&[String]>) -> Result<()> {
    let sealed = |name: &str| name.strip_prefix("has_").and_then(|name| of.field(name)).is_some_and(|f| f.storage == Storage::Sealed);
    for name in fields.into_iter().flatten() {
        if !of.field(name).is_some_and(Field::is_readable) && !sealed(name) {
            let near = did_you_mean(name, of.readable().map(|f| f.name));
            return Err(Error::invalid(format!("{} has no column '{name}' to read.{near}", of.name)).field("/fields"));
        }
    }
    Ok(())
}
