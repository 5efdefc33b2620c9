//! `flowstead replay EXECUTION`: an execution runs again on its journal alone, in a process of its own, and is shown where it stands.

mod view;

use std::process::ExitCode;

use uuid::Uuid;

use super::administer::{self, Request};
use super::run::temporary_folder;
use crate::config::Config;
use crate::engine::travel::{self, Package};
use crate::engine::zygote::ZygoteOptions;
use crate::error::{Error, Kind, Result};
use crate::protocol::Outcome;

/// What is to be looked at.
pub struct Options {
    pub execution: Uuid,
    /// Stop at this call.
    pub to: Option<u32>,
    /// As JSON.
    pub json: bool,
}

/// Replays and prints. The exit code is 1 when the flow went another way than it is recorded.
pub async fn run(config: &Config, options: Options) -> Result<ExitCode> {
    let text = administer::ask(config, Request::Replay { execution: options.execution }).await?;
    let mut package: Package = serde_json::from_str(&text)
        .map_err(|_| Error::new(Kind::Unavailable, "The running server's answer could not be read; is it of another version?"))?;
    let folder = temporary_folder("replay")?;
    let journey = travel::travel(&mut package, ZygoteOptions::new(folder.join("work")), options.to).await;
    if let Err(error) = std::fs::remove_dir_all(&folder) {
        eprintln!("flowstead: the temporary folder {} could not be removed: {error}", folder.display());
    }
    let journey = journey?;
    if options.json {
        println!("{}", view::json(&package, &journey));
    } else {
        print!("{}", view::text(&package, &journey, options.to));
    }
    let has_diverged = journey.done.is_some_and(|done| matches!(done.outcome, Outcome::Diverged { .. }));
    Ok(if has_diverged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
