//! `flowstead sync`: a folder of documents and a server, brought to the same. It shows what it would do; with `--apply` it does.
//!
//! What both sides were the last time lies in `.flowstead-sync.json` in the folder, which belongs to the folder's machine rather
//! than into a repository. Nothing is deleted unasked, and a conflict stops everything until somebody has decided it.

pub(super) mod folder;
mod plan;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::seat::{ImportOptions, Seat, SeatArgs, type_of};
use super::transfer;
use crate::error::{Error, Kind, Result};
use crate::records::RecordType;
use folder::{Unit, Units};
use plan::{Base, Choice, Conflict, Side, Step, plan};

/// Where the last state is kept.
const STATE: &str = ".flowstead-sync.json";

#[derive(Args)]
pub(super) struct SyncArgs {
    /// The folder of the documents; it may be a checked-out repository.
    folder: PathBuf,
    /// Only what lies in this project.
    #[arg(long, value_name = "NAME", conflicts_with = "bundle")]
    project: Option<String>,
    /// Only what lies in this bundle.
    #[arg(long, value_name = "NAME")]
    bundle: Option<String>,
    /// Do it; without this it is only shown.
    #[arg(long)]
    apply: bool,
    /// Delete on one side what was deleted on the other.
    #[arg(long)]
    delete: bool,
    /// Which side wins a conflict: `folder` or `server` for all, `flow/hello=server` for one; may be given several times.
    #[arg(long, value_name = "[TYPE/NAME=]SIDE")]
    prefer: Vec<String>,
    /// What the change is about, for the history of the records.
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    #[command(flatten)]
    seat: SeatArgs,
}

/// The file of the last state.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    /// What is synchronised: `workspace`, `project NAME`.
    scope: String,
    records: BTreeMap<String, Base>,
}

/// What is synchronised with what.
struct Sync {
    folder: PathBuf,
    seat: Seat,
    place: (&'static RecordType, Option<String>),
    message: Option<String>,
}

/// Exit code 0: both sides are the same, or were made so; 1: there is something to be done or decided.
pub(super) async fn run(args: SyncArgs) -> Result<ExitCode> {
    if !args.folder.is_dir() {
        return Err(Error::not_found(format!("There is no folder {}; make it first.", args.folder.display())));
    }
    let choice = choice(&args.prefer, args.delete)?;
    let place = match (args.project, args.bundle) {
        (Some(name), _) => (type_of("project")?, Some(name)),
        (None, Some(name)) => (type_of("bundle")?, Some(name)),
        (None, None) => (type_of("workspace")?, None),
    };
    let sync = Sync { folder: args.folder, seat: args.seat.open()?, place, message: args.message };
    let state = sync.state()?;
    let (here, there) = (folder::units(folder::files(&sync.folder)?)?, sync.server().await?);
    let steps = plan(&here, &there, &state.records, &choice);
    show(&steps);
    let conflicts = steps.values().filter(|step| matches!(step, Step::Conflict(_))).count();
    if conflicts > 0 {
        let noun = if conflicts == 1 { "conflict" } else { "conflicts" };
        println!("{conflicts} {noun}: nothing was done. Decide each, by editing the folder or with --prefer TYPE/NAME=folder or =server.");
        return Ok(ExitCode::FAILURE);
    }
    let is_open = steps.values().any(|step| !matches!(step, Step::Keep(_)));
    if !args.apply {
        if is_open {
            println!("Nothing was done yet: give --apply.");
            return Ok(ExitCode::FAILURE);
        }
        println!("The folder and the server are the same.");
        return Ok(ExitCode::SUCCESS);
    }
    sync.apply(&steps, (here, there)).await
}

impl Sync {
    fn scope(&self) -> String {
        match &self.place {
            (of, Some(name)) => format!("{} {name}", of.singular),
            (of, None) => of.singular.to_owned(),
        }
    }

    async fn server(&self) -> Result<Units> {
        let (_, content) = self.seat.export(self.place.0, self.place.1.as_deref(), false).await?;
        folder::of_archive(&content)
    }

    /// The last state; empty the first time. Another scope's would read as deletions.
    fn state(&self) -> Result<State> {
        let path = self.folder.join(STATE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(State { scope: self.scope(), records: BTreeMap::new() }),
            Err(e) => return Err(Error::new(Kind::Unavailable, format!("{} cannot be read: {e}.", path.display()))),
        };
        let state: State = serde_json::from_str(&text).map_err(|e| {
            Error::invalid(format!("{} is damaged: {e}. Without it both sides are compared anew; delete it.", path.display()))
        })?;
        if state.scope == self.scope() {
            return Ok(state);
        }
        let text = format!("This folder is synchronised with the {}, not with the {}; take another folder.", state.scope, self.scope());
        Err(Error::conflict(text))
    }

    fn keep(&self, state: &State) -> Result<()> {
        let text = serde_json::to_string_pretty(state).map_err(|e| Error::internal("a state is not JSON").source_error(e))?;
        let unit =
            Unit { stem: STATE.trim_end_matches(".json").to_owned(), files: BTreeMap::from([("json".to_owned(), text.into_bytes())]) };
        folder::write(&self.folder, &unit)
    }

    /// First the server, in one transaction, which may refuse; then the folder.
    async fn apply(&self, steps: &BTreeMap<String, Step>, (mut here, there): (Units, Units)) -> Result<ExitCode> {
        let to = |side: Side| steps.iter().filter(move |(_, step)| matches!(step, Step::Add(to) | Step::Change(to) if *to == side));
        let outgoing: Vec<(String, Vec<u8>)> = to(Side::Server).filter_map(|(key, _)| here.get(key)).flat_map(Unit::paths).collect();
        if !outgoing.is_empty() {
            let options = ImportOptions { message: self.message.clone(), ..ImportOptions::default() };
            let report = self.seat.import(transfer::pack(outgoing)?, true, options).await?;
            if report.error.is_some() {
                transfer::print(&report, false);
                return Ok(ExitCode::FAILURE);
            }
        }
        self.delete_there(steps).await?;
        for (key, _) in to(Side::Folder) {
            let Some(theirs) = there.get(key) else { continue };
            // A file that somebody moved stays where it was put.
            let stem = here.get(key).map_or(&theirs.stem, |ours| &ours.stem).clone();
            let unit = Unit { stem, files: theirs.files.clone() };
            folder::write(&self.folder, &unit)?;
            here.insert(key.clone(), unit);
        }
        for (key, _) in steps.iter().filter(|(_, step)| **step == Step::Delete(Side::Folder)) {
            if let Some(unit) = here.remove(key) {
                folder::remove(&self.folder, &unit)?;
            }
        }
        let there = self.server().await?;
        let mut state = State { scope: self.scope(), records: BTreeMap::new() };
        for (key, ours) in &here {
            match there.get(key) {
                Some(theirs) => drop(state.records.insert(key.clone(), Base { folder: ours.hash(), server: theirs.hash() })),
                None if matches!(steps.get(key), Some(Step::Keep(_))) => {}
                None => println!("note: the {} is on the server, but not in the {}", key.replacen('/', " ", 1), self.scope()),
            }
        }
        // What was deleted in the folder and kept on the server is still known as deleted.
        let old = self.state()?;
        for (key, step) in steps {
            if let (Step::Keep(_), Some(base)) = (step, old.records.get(key)) {
                state.records.insert(key.clone(), base.clone());
            }
        }
        self.keep(&state)?;
        println!("Done: {} records are the same on both sides.", state.records.len());
        Ok(ExitCode::SUCCESS)
    }

    /// What others still need is refused at first: again, until no more goes.
    async fn delete_there(&self, steps: &BTreeMap<String, Step>) -> Result<()> {
        let mut left: Vec<&String> = steps.iter().filter(|(_, step)| **step == Step::Delete(Side::Server)).map(|(key, _)| key).collect();
        while !left.is_empty() {
            let (mut again, mut first) = (Vec::new(), None);
            let before = left.len();
            for key in left {
                let Some((of, name)) = key.split_once('/') else { continue };
                if let Err(error) = self.seat.delete(type_of(of)?, name).await {
                    again.push(key);
                    first.get_or_insert(error);
                }
            }
            if again.len() == before {
                return Err(first.unwrap_or_else(|| Error::internal("nothing was deleted, and nobody said why")));
            }
            left = again;
        }
        Ok(())
    }
}

/// Reads `folder`, `server`, `flow/hello=server`.
fn choice(prefer: &[String], delete: bool) -> Result<Choice> {
    let mut choice = Choice { delete, ..Choice::default() };
    for text in prefer {
        let (key, side) = text.rsplit_once('=').map_or((None, text.as_str()), |(key, side)| (Some(key), side));
        let side = match side {
            "folder" => Side::Folder,
            "server" => Side::Server,
            other => {
                return Err(Error::invalid(format!("'{other}' is no side; --prefer takes folder, server, or TYPE/NAME= and one of them.")));
            }
        };
        match key {
            Some(key) => drop(choice.each.insert(key.to_owned(), side)),
            None => choice.prefer = Some(side),
        }
    }
    Ok(choice)
}

fn show(steps: &BTreeMap<String, Step>) {
    let side = |side: &Side| match side {
        Side::Folder => "in the folder",
        Side::Server => "on the server",
    };
    for (key, step) in steps {
        let what = key.replacen('/', " ", 1);
        match step {
            Step::Add(to) => println!("add        {what} {}", side(to)),
            Step::Change(to) => println!("change     {what} {}", side(to)),
            Step::Delete(to) => println!("delete     {what} {}", side(to)),
            Step::Keep(to) => println!("keep       {what} {}: it was deleted on the other side; --delete deletes it", side(to)),
            Step::Conflict(Conflict::BothAdded) => println!("CONFLICT   {what}: it is new on both sides, and not the same"),
            Step::Conflict(Conflict::BothChanged) => println!("CONFLICT   {what}: it was changed on both sides"),
            Step::Conflict(Conflict::DeletedIn(on)) => {
                println!("CONFLICT   {what}: it was deleted {}, and changed on the other side", side(on));
            }
        }
    }
}
