//! Resources: guides, typings, types of connections, executions, files.

mod artifact;
pub(super) mod connector;
mod execution;
pub(super) mod file;
mod guide;
pub(super) mod module;

use flowstead_wire::{Resource, ResourceContent, Template};

use super::Mcp;
use crate::error::{Error, Result};
use crate::service::Actor;
pub(super) use guide::{base, who};

const GUIDE: &str = "cloudomation://usage-guide";
const ARTIFACTS: &str = "cloudomation://developer-artifacts";
const MARKDOWN: &str = "text/markdown";
const JSON: &str = "application/json";

/// What there is for everyone: typings and executions are reached through templates.
pub(super) fn list() -> Vec<Resource> {
    let text = |uri: &str, name: &str, (title, description): (&str, &str), mime_type: &str| Resource {
        uri: uri.to_owned(),
        name: name.to_owned(),
        title: Some(title.to_owned()),
        description: Some(description.to_owned()),
        mime_type: Some(mime_type.to_owned()),
        size: None,
    };
    let guide = "How to connect, to write, run and fix flows, to find things, who you are here and what you may do.";
    let connectors = "What this.connect reaches: every type of connection, and which of them this server carries out.";
    let artifacts = "Where typings, schemas and the REST description are downloaded for work in a local editor.";
    vec![
        text(GUIDE, "usage-guide", ("Usage guide", guide), MARKDOWN),
        text(ARTIFACTS, "developer-artifacts", ("Developer artifacts", artifacts), JSON),
        text(connector::LIST, "connector-types", ("Connector types", connectors), JSON),
    ]
}

pub(super) fn templates() -> Vec<Template> {
    let template = |uri: &str, name: &str, (title, description): (&str, &str), mime_type: &str| Template {
        uri_template: uri.to_owned(),
        name: name.to_owned(),
        title: Some(title.to_owned()),
        description: Some(description.to_owned()),
        mime_type: Some(mime_type.to_owned()),
    };
    let of_module = "The signatures and docstrings of one module of flow_api, the Python interface of flows.";
    let of_connector = "What one type of connection takes and gives: JSON Schemas of its inputs and its output.";
    let of_file = "A stored file by its name: text, or base64; up to 1 MiB.";
    let of_execution = "One run of a flow: status, inputs, message, what it waits for.";
    vec![
        template(module::TEMPLATE, "flow_api", ("Typings of flow_api", of_module), module::MIME_TYPE),
        template(connector::TEMPLATE, "connector-type", ("Connector type", of_connector), JSON),
        template(execution::TEMPLATE, "execution", ("Execution", of_execution), JSON),
        template(execution::OUTPUT, "execution-output", ("Output of an execution", "What the run returned, whole."), JSON),
        template(execution::LOGS, "execution-logs", ("Log of an execution", "What the run logged, as lines of text."), "text/plain"),
        template(file::TEMPLATE, "file", ("File", of_file), "application/octet-stream"),
    ]
}

/// The content behind a URI, as far as the actor may read it.
pub(super) async fn read(mcp: &Mcp, actor: &Actor, uri: &str) -> Result<Vec<ResourceContent>> {
    let (mime_type, text) = match uri {
        GUIDE => (MARKDOWN, guide::text(mcp, actor).await?),
        ARTIFACTS => (JSON, artifact::index(mcp).to_string()),
        connector::LIST => (JSON, connector::list().to_string()),
        _ => match uri.split_once("://") {
            Some((module::SCHEME, name)) => (module::MIME_TYPE, module::text(name)?),
            Some((connector::SCHEME, name)) => (JSON, connector::text(name)?),
            Some((file::SCHEME, path)) => return Ok(vec![file::read(mcp, actor, (uri, path)).await?]),
            Some((execution::SCHEME, path)) => execution::read(mcp, actor, path).await?,
            _ => return Err(Error::not_found(format!("There is no resource '{uri}'; resources/list names those that are here."))),
        },
    };
    Ok(vec![ResourceContent::Text { uri: uri.to_owned(), mime_type: Some(mime_type.to_owned()), text }])
}
