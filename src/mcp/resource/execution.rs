//! One execution: its record, its output, its log.

use std::fmt::Write as _;

use serde_json::Value;
use uuid::Uuid;

use super::JSON;
use crate::error::{Error, Result};
use crate::mcp::Mcp;
use crate::records;
use crate::service::{Actor, LogQuery, Selector};

pub(super) const SCHEME: &str = "execution";
pub(super) const TEMPLATE: &str = "execution://{id}";
pub(super) const OUTPUT: &str = "execution://{id}/output";
pub(super) const LOGS: &str = "execution://{id}/logs";
/// Most entries of a log in one answer: the last ones, which say how it ended.
const ENTRIES: u32 = 1000;
/// Columns that are long and seldom what a reader is after.
const LEFT_OUT: [&str; 4] = ["script", "input_schema", "output_schema", "output_value"];

/// Media type and text of what is behind `path`: an id, alone or with `/output` or `/logs`.
pub(super) async fn read(mcp: &Mcp, actor: &Actor, path: &str) -> Result<(&'static str, String)> {
    let missing = || Error::not_found(format!("There is no resource '{SCHEME}://{path}'; there are {TEMPLATE}, {OUTPUT} and {LOGS}."));
    let (id, part) = path.split_once('/').unwrap_or((path, ""));
    let id = Uuid::parse_str(id).map_err(|_| missing())?;
    let executions = records::find("EXECUTION").ok_or_else(missing)?;
    let one = Selector::Id(id);
    match part {
        "" => {
            let fields = executions.readable().map(|field| field.name.to_owned()).filter(|name| !LEFT_OUT.contains(&name.as_str()));
            let fields: Vec<String> = fields.collect();
            let found = mcp.service().record_get(actor, executions, &one, Some(&fields)).await?;
            Ok((JSON, Value::Object(found.record).to_string()))
        }
        "output" => {
            let found = mcp.service().record_get(actor, executions, &one, Some(&["output_value".to_owned()])).await?;
            Ok((JSON, found.record.get("output_value").unwrap_or(&Value::Null).to_string()))
        }
        "logs" => Ok(("text/plain", log(mcp, actor, id).await?)),
        _ => Err(missing()),
    }
}

async fn log(mcp: &Mcp, actor: &Actor, id: Uuid) -> Result<String> {
    let query = LogQuery { limit: ENTRIES, tail: true, ..LogQuery::default() };
    let page = mcp.service().execution_logs(actor, id, &query).await?;
    let mut text = String::new();
    if let Some((first, _)) = page.entries.first().filter(|(first, _)| *first > 1) {
        let _ = writeln!(text, "({} earlier entries: get_execution_logs shows them)", first - 1);
    }
    for (_, entry) in &page.entries {
        let _ = writeln!(text, "{} {:<7} {}", entry.at, entry.level, entry.message);
    }
    Ok(text)
}
