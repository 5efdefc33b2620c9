//! The usage guide: one text about this server, this workspace and this reader.

use std::fmt::Write as _;

use crate::error::Result;
use crate::mcp::Mcp;
use crate::records::{self, RecordType};
use crate::service::{Actor, May, Operation, Selector};

const TEXT: &str = include_str!("guide.md");

/// The guide for this actor.
pub(super) async fn text(mcp: &Mcp, actor: &Actor) -> Result<String> {
    let service = mcp.service();
    let may = service.may(actor).await?;
    let workspace = service.workspace_id().map(|id| id.to_string()).unwrap_or_default();
    let filled = [
        ("{{base}}", base(mcp)),
        ("{{version}}", env!("CARGO_PKG_VERSION").to_owned()),
        ("{{workspace_id}}", workspace),
        ("{{workspace_name}}", workspace_name(mcp, actor).await),
        ("{{who}}", who(actor)),
        ("{{rights}}", rights(&may)),
        ("{{tools}}", user_tools(mcp, actor).await?),
    ];
    // Single words of a text of ours: what is filled in is not looked at again.
    Ok(TEXT
        .split_inclusive("}}")
        .map(|piece| {
            filled.iter().fold(piece.to_owned(), |piece, (mark, value)| match piece.strip_suffix(mark) {
                Some(before) => format!("{before}{value}"),
                None => piece,
            })
        })
        .collect())
}

/// Where the REST interface begins, as clients reach it.
pub(in crate::mcp) fn base(mcp: &Mcp) -> String {
    format!("{}/api/latest", mcp.service().config().server.root_url(None))
}

/// The caller in one clause.
pub(in crate::mcp) fn who(actor: &Actor) -> String {
    let narrowed = actor.key.as_ref().is_some_and(|key| key.scopes.is_some());
    let how = match (&actor.key, narrowed) {
        (None, _) => "",
        (Some(_), false) => ", with an API key that carries all of that user's rights",
        (Some(_), true) => ", with an API key whose scopes narrow that user's rights",
    };
    format!("{}{how}", actor.shown())
}

async fn workspace_name(mcp: &Mcp, actor: &Actor) -> String {
    let (Some(id), Some(of)) = (mcp.service().workspace_id(), records::find("WORKSPACE")) else { return String::new() };
    let found = mcp.service().record_get(actor, of, &Selector::Id(id), Some(&["name".to_owned()])).await;
    let name = found.ok().and_then(|found| found.record.get("name")?.as_str().map(|name| format!(" It is called \"{name}\".")));
    name.unwrap_or_else(|| " You may not read its record.".to_owned())
}

/// A table of what may be done somewhere, at least.
fn rights(may: &May) -> String {
    let mut table = "| record type | operations |\n|---|---|\n".to_owned();
    let mut nothing = true;
    for of in records::TYPES.iter().copied().filter(|of| !of.is_subrecord()) {
        let held = held(may, of);
        if !held.is_empty() {
            nothing = false;
            let _ = writeln!(table, "| {} | {} |", of.name, held.join(", "));
        }
    }
    if nothing { "Nothing: ask whoever administers the workspace for a role.\n".to_owned() } else { table }
}

fn held(may: &May, of: &RecordType) -> Vec<&'static str> {
    Operation::ALL.into_iter().filter(|operation| may.ever(*operation, of)).map(Operation::name).collect()
}

async fn user_tools(mcp: &Mcp, actor: &Actor) -> Result<String> {
    let tools = mcp.service().user_tools(actor).await?;
    if tools.is_empty() {
        return Ok("There are none that you may call.\n".to_owned());
    }
    let mut list = String::new();
    for tool in tools.iter().take(50) {
        let _ = writeln!(list, "- `{}`: {}", tool.name, tool.description.lines().next().unwrap_or_default());
    }
    if tools.len() > 50 {
        let _ = writeln!(list, "- and {} more", tools.len() - 50);
    }
    Ok(list)
}
