//! Generated flows, run by a real server while its slots, its zygotes and it itself are killed, its disk is spoiled and its
//! clock jumps, all by one seed. Whatever befalls it: all end, none is lost, and nothing that was recorded happens twice.
//!
//! `bench/` runs it too, with more of everything.

mod caller;
mod crowd;
mod fault;
mod havoc;
mod leftover;
pub mod outside;
pub mod process;
mod program;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::dice::Dice;
use crate::server::Server;
use caller::Caller;
use crowd::Crowd;
use fault::Faults;
use havoc::Havoc;
use outside::Outside;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Executions, children counted.
    pub executions: usize,
    /// Kills of slots, zygotes and servers.
    pub kills: usize,
    /// How often the server is stopped, and for how long.
    pub stops: (usize, Duration),
    /// Jumps of the wall clock.
    pub jumps: usize,
    /// How often the disk is full, and as often read-only.
    pub bad_disks: usize,
}

/// What came of a run.
pub struct Outcome {
    pub executions: usize,
    /// Runs of handlers that were lost, or given up while they waited.
    pub replays: u64,
    /// Acts outside that were done again, since their record was not on disk when they were lost.
    pub repeats: usize,
    pub blows: String,
    pub seconds: f64,
    /// What is wrong, in sentences.
    pub faults: Vec<String>,
}

impl Outcome {
    /// In one line.
    pub fn words(&self) -> String {
        let Outcome { executions, seconds, replays, repeats, blows, .. } = self;
        format!("{executions} executions in {seconds:.0} s, {replays} replays, {repeats} steps repeated before they were recorded; {blows}")
    }

    /// Ends the process with what is wrong, if anything is.
    pub fn assert_right(&self, seed: u64, how_to_repeat: &str) {
        let shown = self.faults[..self.faults.len().min(20)].join("\n");
        assert!(
            self.faults.is_empty(),
            "seed {seed}: {} faults after {}\n{shown}\nRepeat it with {how_to_repeat}",
            self.faults.len(),
            self.blows
        );
    }
}

/// Runs it all. `data`: where the data folder is made.
pub async fn run(seed: u64, size: Size, data: TempDir) -> Outcome {
    let begun = Instant::now();
    let mut dice = Dice::new(seed);
    let (faults, outside) = (Faults::new(), Outside::open());
    let environment = faults.environment(&data.path().join("data"));
    let mut server = Server::start_as(data, &[], environment).await;
    let programs = Arc::new(program::generate(&mut dice));
    prepare(&server, &programs).await;
    let roots = crowd::roots(&mut dice, &programs, size.executions);
    let (caller, crowd) = (Caller::new(&server), Crowd::new());
    let havoc = Havoc { server: &mut server, caller: &caller, faults: &faults, outside: &outside, crowd: &crowd, dice, size };
    let (results, seen) = tokio::join!(crowd.run(roots, programs.clone(), &caller, outside.port), havoc.wreak());
    let mut outcome = verdict::judge(&mut server, &results, &seen, &outside).await;
    outcome.blows = seen.words();
    outcome.seconds = begun.elapsed().as_secs_f64();
    outcome
}

/// Projects, ledgers, flows.
async fn prepare(server: &Server, programs: &[program::Program]) {
    for project in 0..program::PROJECTS {
        let made = server.post("/project", &json!({ "name": format!("project {project}") })).await;
        assert_eq!(made.status, 201, "{made:?}");
        for number in 0..program::LEDGERS {
            let body = json!({ "name": program::ledger(project, number), "value": [], "project_name": format!("project {project}") });
            let made = server.post("/setting", &body).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
    }
    for program in programs {
        let mut columns = program.columns();
        columns["project_name"] = Value::String(format!("project {}", program.project));
        server.flow(&program.name, &program.source(programs), &columns).await;
    }
}
