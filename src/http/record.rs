//! Records of every type: list, read, create, change, delete, restore, clone. One set of handlers for all.

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::export;
use super::gate::{Caller, TypeOf};
use super::param::{Param, ParamKind, Params};
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use super::tag;
use crate::error::{Error, Kind, Result};
use crate::records::{Family, RecordType, document};
use crate::service::{Actor, IfExists, ListRequest, PAGE_LIMIT, RecordDelete, RecordFound, RecordWrite, Selector, Service, Written};

pub(super) const PLAIN: Param =
    Param { name: "plain", kind: ParamKind::Bool, doc: "True: the bare record or list, without the object around it." };
pub(super) const BY: Param =
    Param { name: "by", kind: ParamKind::Word(&["id", "name"]), doc: "What the last part of the path is. Default `id`." };
const FIELDS: Param = Param { name: "fields", kind: ParamKind::Text, doc: "Only these columns, separated by commas." };

static LIST: &[Param] = &[
    Param {
        name: "filter",
        kind: ParamKind::Json,
        doc: "`{\"field\", \"op\", \"value\"}`, or `{\"and\": [...]}`, or `{\"or\": [...]}`, as JSON.",
    },
    FIELDS,
    Param { name: "order", kind: ParamKind::Text, doc: "Columns separated by commas, each with `+` or `-` in front. Default `id`." },
    Param { name: "limit", kind: ParamKind::Integer(1, PAGE_LIMIT as u64), doc: "How many at most. Default 50." },
    Param { name: "offset", kind: ParamKind::Integer(0, u32::MAX as u64), doc: "How many to skip. Default 0." },
    Param { name: "trash", kind: ParamKind::Bool, doc: "True: what is in the trash bin instead of what is live." },
    PLAIN,
];
static CREATE: &[Param] = &[
    Param {
        name: "if_exists",
        kind: ParamKind::Word(&["overwrite", "error"]),
        doc: "Whether a record of that name is overwritten (the default) or the answer is 409.",
    },
    PLAIN,
];
const READ: &[Param] = &[
    BY,
    FIELDS,
    Param {
        name: "trash",
        kind: ParamKind::Bool,
        doc: "True: the record of this id or name that is in the trash bin, instead of a live one.",
    },
    PLAIN,
];
/// [`READ`] of what has an export document.
static READ_EXPORTED: &[Param] = &[READ[0], READ[1], READ[2], READ[3], export::DOWNLOAD, export::INFORMATIONAL];
static ONE: &[Param] = &[BY, PLAIN];
static DELETE: &[Param] = &[
    BY,
    Param { name: "permanently", kind: ParamKind::Bool, doc: "True: for good, not into the trash bin. Records without one go for good." },
];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/{type}", "{type}_list", "Lists {type} records that the caller may read.")
        .params(LIST)
        .answer(200, Shape::Page)
        .each(is_read, |verb| on(verb, list)),
    Endpoint::new(Verb::Post, "/{type}", "{type}_create", "Creates a {type} record; one of the same name is overwritten.")
        .params(CREATE)
        .body(Shape::Create)
        .answer(201, Shape::Record(None))
        .each(is_created, |verb| on(verb, create)),
    Endpoint::new(Verb::Get, "/{type}/{id}", "{type}_get", "Reads one {type} record.")
        .params(READ)
        .answer(200, Shape::Record(None))
        .each(|of| is_read(of) && !document::is_exported(of), |verb| on(verb, get)),
    Endpoint::new(Verb::Get, "/{type}/{id}", "{type}_get", "Reads one {type} record, or downloads its export document.")
        .params(READ_EXPORTED)
        .answer(200, Shape::Export)
        .each(|of| is_read(of) && document::is_exported(of), |verb| on(verb, get)),
    Endpoint::new(Verb::Patch, "/{type}/{id}", "{type}_update", "Changes the given columns of a {type} record; takes `if-match`.")
        .params(ONE)
        .body(Shape::Update)
        .answer(200, Shape::Record(None))
        .each(is_changed, |verb| on(verb, update)),
    Endpoint::new(
        Verb::Delete,
        "/{type}/{id}",
        "{type}_delete",
        "Puts a {type} record into the trash bin, or deletes it for good; takes `if-match`.",
    )
    .params(DELETE)
    .answer(204, Shape::Empty)
    .each(is_deleted, |verb| on(verb, delete)),
    Endpoint::new(Verb::Post, "/{type}/{id}/restore", "{type}_restore", "Takes a {type} record out of the trash bin.")
        .params(ONE)
        .answer(200, Shape::Record(None))
        .each(is_restored, |verb| on(verb, restore)),
    Endpoint::new(Verb::Post, "/{type}/{id}/clone", "{type}_clone", "Copies a {type} record; the body overrides columns.")
        .params(ONE)
        .optional_body(Shape::Update)
        .answer(201, Shape::Record(None))
        .each(is_cloned, |verb| on(verb, clone)),
];

/// Logs and steps are read with their execution.
fn is_read(record_type: &RecordType) -> bool {
    record_type.is_listed()
}

/// What is made in a way of its own has routes of its own or none.
fn is_created(record_type: &RecordType) -> bool {
    record_type.is_created()
}

fn is_changed(record_type: &RecordType) -> bool {
    !record_type.is_kept()
}

/// A key is revoked by [`super::key`].
fn is_deleted(record_type: &RecordType) -> bool {
    !record_type.is_kept() && !record_type.is_single() && record_type.name != "API_KEY"
}

fn is_restored(record_type: &RecordType) -> bool {
    record_type.has_trash() && is_deleted(record_type)
}

fn is_cloned(record_type: &RecordType) -> bool {
    matches!(record_type.family, Family::Resource) && !record_type.is_single() && record_type.name != "USER"
}

/// What every handler here needs of its request.
pub(super) struct Call {
    state: HttpState,
    pub(super) of: &'static RecordType,
    pub(super) actor: Actor,
    pub(super) params: Params,
}

impl FromRequestParts<HttpState> for Call {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self> {
        let TypeOf(of) = TypeOf::from_request_parts(parts, state).await?;
        let Caller { actor, .. } = Caller::from_request_parts(parts, state).await?;
        let params = Params::from_request_parts(parts, state).await?;
        Ok(Call { state: state.clone(), of, actor, params })
    }
}

impl Call {
    pub(super) fn service(&self) -> &Service {
        self.state.service()
    }

    fn selector(&self, text: &str) -> Result<Selector> {
        selector(self.of, &self.params, text)
    }

    /// A record that was written, once it is on disk.
    async fn show(&self, written: Written, status: StatusCode) -> Result<Response> {
        let found = on_disk(self.service(), &self.actor, self.of, written).await?;
        Ok(answer(self.of, found, &self.params, status))
    }
}

async fn list(call: Call) -> Result<Json<Value>> {
    let params = &call.params;
    let small = |name| params.integer(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let request = ListRequest {
        filter: params.json("filter").cloned(),
        order: params.list("order").unwrap_or_default(),
        fields: params.list("fields"),
        limit: small("limit"),
        offset: small("offset").unwrap_or(0),
        trash: params.flag("trash"),
    };
    let page = call.service().record_list(&call.actor, call.of, &request).await?;
    if params.flag("plain") {
        return Ok(Json(json!(page.items)));
    }
    let mut answer = json!({"items": page.items, "total": page.total, "limit": page.limit, "offset": page.offset});
    if page.total_is_lower_bound {
        answer["total_is_lower_bound"] = true.into();
    }
    Ok(Json(answer))
}

async fn create(call: Call, body: JsonBody) -> Result<Response> {
    let mut write = RecordWrite::new(call.of, body.object()?.rest());
    if call.params.text("if_exists") == Some("error") {
        write.if_exists = IfExists::Error;
    }
    let written = call.service().record_create(&call.actor, write).await?;
    let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    call.show(written, status).await
}

async fn get(call: Call, Path(id): Path<String>, headers: HeaderMap) -> Result<Response> {
    let fields = call.params.list("fields");
    let selector = call.selector(&id)?;
    if call.params.text("download").is_some() {
        let informational = call.params.flag("informational");
        let exported = call.service().record_export(&call.actor, call.of, &selector, informational).await?;
        return Ok(export::answer(exported, &headers));
    }
    let found = if call.params.flag("trash") {
        call.service().record_get_trashed(&call.actor, call.of, &selector, fields.as_deref()).await?
    } else {
        call.service().record_get(&call.actor, call.of, &selector, fields.as_deref()).await?
    };
    let tag = tag::of_version(found.version);
    if tag::is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(answer(call.of, found, &call.params, StatusCode::OK))
}

async fn update(call: Call, Path(id): Path<String>, headers: HeaderMap, body: JsonBody) -> Result<Response> {
    let write = RecordWrite {
        selector: Some(call.selector(&id)?),
        if_version: tag::required_version(&headers)?,
        ..RecordWrite::new(call.of, body.object()?.rest())
    };
    let written = call.service().record_update(&call.actor, write).await?;
    call.show(written, StatusCode::OK).await
}

async fn delete(call: Call, Path(id): Path<String>, headers: HeaderMap) -> Result<StatusCode> {
    let permanently = call.params.flag("permanently");
    let if_version = tag::required_version(&headers)?;
    let delete = RecordDelete { if_version, ..RecordDelete::new(call.of, call.selector(&id)?, permanently) };
    let commit = call.service().record_remove(&call.actor, delete).await?;
    commit.wait().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore(call: Call, Path(id): Path<String>) -> Result<Response> {
    let written = call.service().record_restore(&call.actor, call.of, &call.selector(&id)?).await?;
    call.show(written, StatusCode::OK).await
}

async fn clone(call: Call, Path(id): Path<String>, body: JsonBody) -> Result<Response> {
    let overrides = body.optional_object()?.rest();
    let written = call.service().record_clone(&call.actor, call.of, &call.selector(&id)?, overrides).await?;
    call.show(written, StatusCode::CREATED).await
}

/// Which record a path names.
pub(super) fn selector(of: &'static RecordType, params: &Params, text: &str) -> Result<Selector> {
    if params.text("by") != Some("name") {
        return Selector::id(of, text);
    }
    if of.is_named() {
        return Ok(Selector::Name(text.trim().to_owned()));
    }
    Err(Error::new(Kind::Malformed, format!("{} records have no unique names; give the id, without 'by=name'.", of.name)))
}

/// A record that was written, as it is shown, once it is on disk.
pub(super) async fn on_disk(service: &Service, actor: &Actor, of: &'static RecordType, written: Written) -> Result<RecordFound> {
    written.commit.wait().await?;
    let version = written.row.version();
    let record = service.record_show(actor, of, written.row).await?;
    Ok(RecordFound { id: written.id, version, record })
}

/// A single record with its ETag: `{"<type>": {...}}`, or bare with `plain=true`.
pub(super) fn answer(of: &RecordType, found: RecordFound, params: &Params, status: StatusCode) -> Response {
    let record = Value::Object(found.record);
    let body = if params.flag("plain") { record } else { json!({ of.singular: record }) };
    (status, [(header::ETAG, tag::of_version(found.version))], Json(body)).into_response()
}
