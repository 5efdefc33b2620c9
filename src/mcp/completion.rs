//! Completion of names while they are typed.

use flowstead_wire::{Completed, CompletionRequest, Subject};
use serde_json::{Value, json};

use super::Mcp;
use super::resource::{connector, file, module};
use crate::error::{Error, Result, did_you_mean};
use crate::records;
use crate::service::{Actor, ListRequest};

/// Values in one answer.
const SHOWN: usize = 100;
/// Records looked through.
const LOOKED_AT: u32 = 1000;

/// What an argument's name says it is.
enum Kind {
    Flow,
    Execution,
    RecordType,
    Module,
    Connector,
    File,
}

impl Kind {
    fn of(argument: &str) -> Option<Kind> {
        match argument {
            "flow" | "flow_name" => Some(Kind::Flow),
            "execution" | "execution_id" => Some(Kind::Execution),
            "record_type" | "subrecord_type" => Some(Kind::RecordType),
            "module" => Some(Kind::Module),
            "connector_type" => Some(Kind::Connector),
            "file" | "file_name" => Some(Kind::File),
            _ => None,
        }
    }
}

/// Values that begin with what is typed, among what the actor may read. An argument that can be anything has none.
pub(super) async fn complete(mcp: &Mcp, actor: &Actor, request: &CompletionRequest) -> Result<Completed> {
    let kind = match &request.subject {
        Subject::Prompt(name) => of_prompt(mcp, actor, (name, &request.argument)).await?,
        Subject::Template(uri) if uri == module::TEMPLATE => Some(Kind::Module),
        Subject::Template(uri) if uri == connector::TEMPLATE => Some(Kind::Connector),
        Subject::Template(uri) if uri == file::TEMPLATE => Some(Kind::File),
        Subject::Template(uri) if uri.starts_with("execution://") => Some(Kind::Execution),
        Subject::Template(uri) => return Err(Error::invalid(format!("There is no resource template '{uri}'."))),
    };
    let values = match kind {
        None => Vec::new(),
        Some(Kind::Flow) => names(mcp, actor, ("FLOW", &request.value)).await?,
        Some(Kind::File) => names(mcp, actor, ("FILE", &request.value)).await?,
        Some(Kind::Connector) => connector::names().map(str::to_owned).collect(),
        Some(Kind::Execution) => executions(mcp, actor).await?,
        Some(Kind::RecordType) => {
            let wanted = |of: &&&records::RecordType| of.is_subrecord() == (request.argument == "subrecord_type");
            records::TYPES.iter().filter(wanted).map(|of| of.name.to_owned()).collect()
        }
        Some(Kind::Module) => module::all().map(|module| module.name.clone()).collect(),
    };
    let typed = request.value.to_lowercase();
    let mut values: Vec<String> = values.into_iter().filter(|value| value.to_lowercase().starts_with(&typed)).collect();
    let total = u32::try_from(values.len()).unwrap_or(u32::MAX);
    values.truncate(SHOWN);
    Ok(Completed { values, total })
}

async fn of_prompt(mcp: &Mcp, actor: &Actor, (name, argument): (&str, &str)) -> Result<Option<Kind>> {
    let prompts = mcp.service().prompts(actor).await?;
    let Some(prompt) = prompts.iter().find(|prompt| prompt.name == name) else {
        let near = did_you_mean(name, prompts.iter().map(|prompt| prompt.name.as_str()));
        return Err(Error::invalid(format!("There is no prompt '{name}'.{near}")));
    };
    if !prompt.arguments.iter().any(|known| known.name == argument) {
        let near = did_you_mean(argument, prompt.arguments.iter().map(|known| known.name.as_str()));
        return Err(Error::invalid(format!("The prompt '{name}' has no argument '{argument}'.{near}")));
    }
    Ok(Kind::of(argument))
}

async fn names(mcp: &Mcp, actor: &Actor, (of, typed): (&str, &str)) -> Result<Vec<String>> {
    let filter = json!({ "field": "name", "op": "like", "value": format!("{typed}%") });
    column(mcp, actor, (of, "name"), ListRequest { filter: Some(filter), order: vec!["name".into()], ..ListRequest::default() }).await
}

async fn executions(mcp: &Mcp, actor: &Actor) -> Result<Vec<String>> {
    column(mcp, actor, ("EXECUTION", "id"), ListRequest { order: vec!["-id".into()], ..ListRequest::default() }).await
}

async fn column(mcp: &Mcp, actor: &Actor, (of, field): (&str, &str), request: ListRequest) -> Result<Vec<String>> {
    let of = records::find(of).ok_or_else(|| Error::internal(format!("{of} is no record type")))?;
    let request = ListRequest { fields: Some(vec![field.to_owned()]), limit: Some(LOOKED_AT), ..request };
    let page = mcp.service().record_list(actor, of, &request).await?;
    Ok(page.items.iter().filter_map(|item| item.get(field).and_then(Value::as_str)).map(str::to_owned).collect())
}
