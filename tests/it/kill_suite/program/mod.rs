//! Generated flows: what each does, its source, and what must be true when all has ended.

mod deed;
mod special;

use serde_json::{Value, json};

use crate::dice::Dice;
use deed::Deed;
pub use special::{Special, left_behind};

/// Projects that the flows live in: each has a zygote of its own.
pub const PROJECTS: usize = 3;
/// Settings of each project that its flows write to under a lock.
pub const LEDGERS: usize = 4;

/// A flow.
pub struct Program {
    pub name: String,
    pub project: usize,
    body: Body,
}

enum Body {
    /// One thing after another; `.1`: what the column `on_loss` says.
    Plain(Vec<Deed>, &'static str),
    /// Tasks that run side by side.
    Tasks(Vec<Vec<Deed>>),
    Special(Special),
}

/// What one execution must leave behind.
#[derive(Default)]
pub struct Expected {
    pub key: String,
    pub program: usize,
    /// Numbers of the deeds whose notes make the trail; in this order unless `any_order`.
    pub notes: Vec<usize>,
    pub any_order: bool,
    /// (ledger, entry), each exactly once.
    pub entries: Vec<(String, String)>,
    /// Keys of acts outside that are steps.
    pub acts: Vec<String>,
    /// Keys of acts, the time that must lie between them.
    pub pauses: Vec<(String, String, f64)>,
    /// (name, content).
    pub files: Vec<(String, String)>,
    pub lines: Vec<String>,
    pub children: Vec<Expected>,
    pub special: Option<Special>,
}

/// Names of the ledgers of a project.
pub fn ledger(project: usize, number: usize) -> String {
    format!("ledger {project}.{number}")
}

/// Flows without children first, then those that start them, then those that do neither more nor less than they should.
pub fn generate(dice: &mut Dice) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    for (generation, count) in [4, 3, 2].into_iter().enumerate() {
        for n in 0..count * PROJECTS {
            let project = n % PROJECTS;
            let starts: Vec<usize> = (0..programs.len()).filter(|p| programs[*p].project == project).collect();
            let name = format!("generated {generation}.{n}");
            let body = if n / PROJECTS == 1 {
                Body::Tasks((0..2 + dice.below(3)).map(|_| Deed::several(dice, &starts, (2, true))).collect())
            } else {
                let on_loss = if dice.chance(70) { "auto" } else { "resume" };
                Body::Plain(Deed::several(dice, &starts, (4, false)), on_loss)
            };
            programs.push(Program { name, project, body });
        }
    }
    for (n, special) in Special::ALL.into_iter().enumerate() {
        programs.push(Program { name: format!("special {special:?}"), project: n % PROJECTS, body: Body::Special(special) });
    }
    programs
}

impl Program {
    pub fn special(&self) -> Option<Special> {
        if let Body::Special(special) = self.body { Some(special) } else { None }
    }

    /// Columns of its flow beside name and script.
    pub fn columns(&self) -> Value {
        let on_loss = match &self.body {
            Body::Plain(_, on_loss) => on_loss,
            Body::Tasks(_) => "auto",
            Body::Special(special) => special.on_loss(),
        };
        json!({ "on_loss": on_loss })
    }

    pub fn source(&self, programs: &[Program]) -> String {
        match &self.body {
            Body::Plain(deeds, _) => {
                let lines: Vec<String> = deeds.iter().enumerate().flat_map(|(n, deed)| deed.lines(n, self.project, programs)).collect();
                format!("{HEAD}\ndef handler(system, this, inputs):\n{BEGIN}{}{END}", indented(&lines))
            }
            Body::Tasks(tasks) => {
                let mut lines = Vec::new();
                for (task, deeds) in tasks.iter().enumerate() {
                    lines.push(format!("async def task_{task}():"));
                    let inside = deeds.iter().enumerate().flat_map(|(n, deed)| deed.awaiting(task * 100 + n, self.project, programs));
                    lines.extend(inside.map(|line| format!("    {line}")));
                }
                let calls: Vec<String> = (0..tasks.len()).map(|task| format!("task_{task}()")).collect();
                lines.push(format!("await asyncio.gather({})", calls.join(", ")));
                format!("{HEAD}\nasync def handler(system, this, inputs):\n{BEGIN}{}{END}", indented(&lines))
            }
            Body::Special(special) => format!("{HEAD}{}", special.source(self.project)),
        }
    }
}

/// What an execution of `program` under `key` must leave behind.
pub fn expected(programs: &[Program], program: usize, key: &str) -> Expected {
    let own = &programs[program];
    let mut all = Expected { key: key.to_owned(), program, special: own.special(), ..Expected::default() };
    match &own.body {
        Body::Plain(deeds, _) => {
            for (n, deed) in deeds.iter().enumerate() {
                deed.expect(n, programs, &mut all);
            }
        }
        Body::Tasks(tasks) => {
            all.any_order = true;
            for (task, deeds) in tasks.iter().enumerate() {
                for (n, deed) in deeds.iter().enumerate() {
                    deed.expect(task * 100 + n, programs, &mut all);
                }
            }
        }
        Body::Special(special) => special.expect(own.project, &mut all),
    }
    all
}

impl Expected {
    /// It and everything below it.
    pub fn count(&self) -> usize {
        1 + self.children.iter().map(Expected::count).sum::<usize>()
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().flat_map(|line| ["    ", line, "\n"]).collect()
}

const HEAD: &str = "import asyncio, random, socket, threading, time
import flow_api

def act(port, key):
    with socket.create_connection(('127.0.0.1', port), 60) as peer:
        peer.sendall(f'{key}\\n'.encode())
        return int(peer.makefile().readline())
";
/// What is noted goes at once into a setting, which is exactly once, and into a list that every attempt makes anew.
const BEGIN: &str = "    key, port = inputs['key'], inputs['port']
    trail = system.setting(f'trail {key}').save(value=[])
    seen, acts = [], {}

    def note(number, what=None):
        seen.append([number, what])
        trail.save(value=trail.get('value') + [[number, what]])

";
const END: &str = "    assert seen == trail.get('value'), f'it remembers {seen}, but {trail.get(\"value\")} was recorded'
    return {'key': key, 'trail': seen, 'acts': acts}
";
