//! The history of a record: its versions, what changed between two, and the way back to one.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::on;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::param::{Param, ParamKind};
use super::record::{BY, Call, PLAIN, answer, on_disk, selector};
use super::route::{Endpoint, Shape, Verb};
use crate::error::{Error, Kind, Result};
use crate::records::{Family, RecordType};
use crate::service::{Change, PAGE_LIMIT, VersionRef};

static LIST: &[Param] = &[
    BY,
    Param { name: "limit", kind: ParamKind::Integer(1, PAGE_LIMIT as u64), doc: "How many at most. Default 50." },
    Param { name: "offset", kind: ParamKind::Integer(0, u32::MAX as u64), doc: "How many to skip. Default 0." },
    PLAIN,
];
static DIFF: &[Param] = &[
    BY,
    Param {
        name: "with",
        kind: ParamKind::Integer(1, i64::MAX as u64),
        doc: "The number of the version to compare with. Default: the record as it is.",
    },
];
static ONE: &[Param] = &[BY, PLAIN];

pub(super) static ENDPOINTS: &[Endpoint] = &[
    Endpoint::new(Verb::Get, "/{type}/{id}/versions", "{type}_versions", "Lists the versions of a {type} record, the newest first.")
        .params(LIST)
        .answer(200, Shape::Named("VersionPage"))
        .each(has_versions, |verb| on(verb, list)),
    Endpoint::new(Verb::Get, "/{type}/{id}/versions/{number}", "{type}_version", "Reads one version of a {type} record, with its content.")
        .params(ONE)
        .answer(200, Shape::Record(Some("RECORD_VERSION")))
        .each(has_versions, |verb| on(verb, get)),
    Endpoint::new(
        Verb::Get,
        "/{type}/{id}/versions/{number}/diff",
        "{type}_version_diff",
        "Says what differs between a version of a {type} record and another one, or the record as it is.",
    )
    .params(DIFF)
    .answer(200, Shape::Named("VersionDiff"))
    .each(has_versions, |verb| on(verb, diff)),
    Endpoint::new(
        Verb::Post,
        "/{type}/{id}/versions/{number}/restore",
        "{type}_version_restore",
        "Gives a {type} record the columns of an earlier version; where it is stays as it is.",
    )
    .params(ONE)
    .optional_body(Shape::Named("VersionRestore"))
    .answer(200, Shape::Record(None))
    .each(has_versions, |verb| on(verb, restore)),
];

fn has_versions(of: &RecordType) -> bool {
    of.family == Family::Resource
}

async fn list(call: Call, Path(id): Path<String>) -> Result<Json<Value>> {
    let params = &call.params;
    let small = |name| params.integer(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let record = selector(call.of, params, &id)?;
    let paging = (small("limit"), small("offset").unwrap_or(0));
    let page = call.service().version_list(&call.actor, (call.of, &record), paging).await?;
    if params.flag("plain") {
        return Ok(Json(json!(page.items)));
    }
    Ok(Json(json!({ "items": page.items, "total": page.total, "limit": page.limit, "offset": page.offset })))
}

async fn get(call: Call, Path((id, number)): Path<(String, String)>) -> Result<Json<Value>> {
    let record = call.service().version_get(&call.actor, &version(&call, &id, &number)?).await?;
    Ok(Json(if call.params.flag("plain") { Value::Object(record) } else { json!({ "record_version": record }) }))
}

async fn diff(call: Call, Path((id, number)): Path<(String, String)>) -> Result<Json<Value>> {
    let version = version(&call, &id, &number)?;
    let with = call.params.integer("with").and_then(|n| i64::try_from(n).ok());
    let changes = call.service().version_diff(&call.actor, &version, with).await?;
    let shown = |change: Change| {
        let mut line = json!({ "column": change.column, "before": change.before, "after": change.after });
        if let Some(diff) = change.diff {
            line["diff"] = diff.into();
        }
        line
    };
    Ok(Json(json!({ "from": version.number, "to": with, "changes": changes.into_iter().map(shown).collect::<Vec<_>>() })))
}

async fn restore(call: Call, Path((id, number)): Path<(String, String)>, body: JsonBody) -> Result<Response> {
    let version = version(&call, &id, &number)?;
    let mut body = body.optional_object()?;
    let message = body.text("commit_message")?;
    body.finish()?;
    let written = call.service().version_restore(&call.actor, &version, message).await?;
    let found = on_disk(call.service(), &call.actor, call.of, written).await?;
    Ok(answer(call.of, found, &call.params, StatusCode::OK))
}

fn version(call: &Call, id: &str, number: &str) -> Result<VersionRef> {
    let wrong = || Error::new(Kind::Malformed, format!("'{number}' is no number of a version; they count from 1."));
    let number = number.parse().map_err(|_| wrong())?;
    Ok(VersionRef { record_type: call.of, record: selector(call.of, &call.params, id)?, number })
}
