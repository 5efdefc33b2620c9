//! Import over HTTP: a file of export documents in, what became of each out.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::routing::on;
use serde_json::{Value, json};

use super::body;
use super::gate::Caller;
use super::param::{Param, ParamKind, Params};
use super::route::{Endpoint, Shape, Verb};
use super::state::HttpState;
use crate::error::{Error, Kind, Result};
use crate::service::{IfThere, ImportFile, ImportRequest, Imported};

static PARAMS: &[Param] = &[
    Param {
        name: "if_exists",
        kind: ParamKind::Word(&["overwrite", "error", "skip"]),
        doc: "Whether a record of that name is overwritten (the default), refuses the file with 409, or is left as it is.",
    },
    Param { name: "dry_run", kind: ParamKind::Bool, doc: "True: nothing is written; the answer says what would be done." },
    Param { name: "commit_message", kind: ParamKind::Text, doc: "For the history of every record that is changed." },
];

pub(super) static ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    Verb::Post,
    "/import",
    "import",
    "Creates or overwrites records by name from export documents: YAML with one or several, or a zip archive. All of it or nothing; \
     where one is refused, `details.documents` of the error tells of each.",
)
.params(PARAMS)
.body(Shape::Documents)
.answer(200, Shape::Named("ImportReport"))
.once(|verb| on(verb, import))];

/// Types that YAML goes by. JSON is YAML too.
const YAML: &[&str] = &["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain", "application/json"];

async fn import(State(state): State<HttpState>, caller: Caller, params: Params, request: Request) -> Result<Json<Value>> {
    let (parts, content) = request.into_parts();
    let content = body::read(&parts.headers, content, state.file_limit()).await?;
    let file = match kind(&parts.headers)?.as_deref() {
        Some("application/zip" | "application/x-zip-compressed") => ImportFile::Archive(content),
        None if content.starts_with(b"PK\x03\x04") => ImportFile::Archive(content),
        _ => {
            let text = String::from_utf8(content.into()).map_err(|_| Error::new(Kind::Malformed, "The body is not UTF-8 text."))?;
            ImportFile::Yaml(text)
        }
    };
    let if_exists = match params.text("if_exists") {
        Some("error") => IfThere::Error,
        Some("skip") => IfThere::Skip,
        _ => IfThere::Overwrite,
    };
    let dry_run = params.flag("dry_run");
    let commit_message = params.text("commit_message").map(str::to_owned);
    let documents = state.service().import(&caller.actor, ImportRequest { file, if_exists, dry_run, commit_message }).await?;
    let documents: Vec<Value> = documents.iter().map(Imported::to_value).collect();
    Ok(Json(json!({ "dry_run": dry_run, "documents": documents })))
}

/// The media type; `None` where the content itself has to say.
fn kind(headers: &HeaderMap) -> Result<Option<String>> {
    let essence = body::media_type(headers);
    match essence.as_str() {
        "" | "application/octet-stream" => Ok(None),
        "application/zip" | "application/x-zip-compressed" => Ok(Some(essence)),
        known if YAML.contains(&known) => Ok(Some(essence)),
        other => Err(Error::new(
            Kind::UnsupportedMedia,
            format!("The body is of type '{other}'; this route reads 'application/yaml' and 'application/zip'."),
        )),
    }
}
