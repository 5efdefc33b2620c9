//! `flowstead run FILE`: one flow, no server, a store in a temporary place.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, Sources};
use crate::error::{Error, Kind, Result};
use crate::records;
use crate::service::{Actor, Door, RecordWrite, Selector, Service, StartRequest, Target};
use crate::store::{LogEntry, LogQuery};

/// Runs the flow; the exit code is 0 when it succeeded, 1 when not.
pub async fn run(file: &Path, input: &str) -> Result<ExitCode> {
    let script =
        std::fs::read_to_string(file).map_err(|e| Error::not_found(format!("The flow {} cannot be read: {e}.", file.display())))?;
    let input: Value = serde_json::from_str(input)
        .map_err(|e| Error::new(Kind::Malformed, format!("--input is not JSON: {e}. Example: --input '{{\"name\": \"Ada\"}}'")))?;
    let folder = temporary_folder("run")?;
    let mut config = Config::load(&Sources::from_environment())?;
    config.server.data.clone_from(&folder);
    let app = App::start(config, Clock::system()).await?;
    let outcome = match &app.first_start {
        Some(first) => run_in(&app.service, &Actor::user(first.user_id, &first.user_name, Door::Cli), file, (script, input)).await,
        None => Err(Error::internal("the temporary store is not empty")),
    };
    app.shut_down().await;
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        eprintln!("flowstead: the temporary folder {} could not be removed: {error}", folder.display());
    }
    outcome
}

async fn run_in(service: &Service, actor: &Actor, file: &Path, (script, input): (String, Value)) -> Result<ExitCode> {
    let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or("flow").trim_end_matches(".flow").to_owned();
    let mut columns = Map::new();
    columns.insert("name".to_owned(), json!(name));
    columns.insert("script".to_owned(), json!(script));
    let flow = records::find("FLOW").ok_or_else(|| Error::internal("the registry has no FLOW"))?;
    let written = service.record_create(actor, RecordWrite::new(flow, columns)).await?;
    let request = StartRequest::new(Target::Flow(Selector::Id(written.id)), input);
    let started = service.execution_start(actor, request).await?;
    started.commit.wait().await?;
    let row = follow(service, actor, started.id).await?;
    if let Some(message) = row.text("status_message") {
        eprintln!("{message}");
    }
    if let Some(output) = row.json("output_value") {
        println!("{}", serde_json::to_string_pretty(output).unwrap_or_default());
    }
    let status = row.text("status").unwrap_or_default();
    eprintln!("{status}");
    Ok(if status == records::Status::EndedSuccess.name() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints log entries as they come, until the execution has ended.
async fn follow(service: &Service, actor: &Actor, id: uuid::Uuid) -> Result<crate::store::Row> {
    let mut news = service.events().subscribe(id);
    let mut after = 0;
    loop {
        let row = service.execution_wait(actor, id, Duration::ZERO).await?;
        let page = service.execution_logs(actor, id, &LogQuery { after, ..LogQuery::default() }).await?;
        for (number, entry) in page.entries {
            print_entry(&entry);
            after = number;
        }
        let ended = row.text("status").and_then(records::Status::from_name).is_some_and(records::Status::is_ended);
        if ended && !page.has_more {
            return Ok(row);
        }
        if !page.has_more {
            news.changed().await;
        }
    }
}

fn print_entry(entry: &LogEntry) {
    let data = entry.data.as_ref().map(|d| format!(" {}", d.get())).unwrap_or_default();
    println!("{}{data}", entry.message);
}

/// A new folder of this command's own.
pub(super) fn temporary_folder(command: &str) -> Result<std::path::PathBuf> {
    let folder = std::env::temp_dir().join(format!("flowstead-{command}-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder)
        .map_err(|e| Error::new(Kind::Unavailable, format!("No temporary folder can be made at {}: {e}.", folder.display())))?;
    Ok(folder)
}
