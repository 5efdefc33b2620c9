//! Those who start executions, cancel and pause some, and wait for the ends.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::caller::Caller;
use super::program::{Expected, Program, expected};
use crate::dice::Dice;

/// Executions that are started side by side.
const WIDTH: usize = 24;
/// How long one may take, whatever befalls the server meanwhile.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is done to an execution from outside, after so many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    None,
    Cancel(usize),
    /// Paused, and resumed after as long again.
    Pause(usize),
}

/// An execution to be started.
pub struct Root {
    pub expected: Expected,
    pub fate: Fate,
}

/// What became of it: its record, or what is wrong.
pub type Result = std::result::Result<Value, String>;

/// How far all have come.
#[derive(Clone)]
pub struct Crowd {
    state: watch::Sender<State>,
    live: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Default)]
struct State {
    ended: usize,
    is_over: bool,
}

/// Roots with at least so many executions in all, though those that are cancelled do not start all that they would.
pub fn roots(dice: &mut Dice, programs: &[Program], executions: usize) -> Vec<Root> {
    let (mut roots, mut count) = (Vec::new(), 0);
    while count < executions + executions / 8 {
        let program = dice.below(programs.len());
        let expected = expected(programs, program, &format!("k{}", roots.len()));
        count += expected.count();
        let fate = match dice.below(100) {
            0..6 => Fate::Cancel(dice.below(800)),
            6..12 => Fate::Pause(dice.below(400)),
            _ => Fate::None,
        };
        roots.push(Root { expected, fate });
    }
    roots
}

impl Crowd {
    pub fn new() -> Crowd {
        Crowd { state: watch::Sender::new(State::default()), live: Arc::default() }
    }

    /// Starts all, not too many at a time; gives each with what became of it.
    pub async fn run(&self, roots: Vec<Root>, programs: Arc<Vec<Program>>, caller: &Caller, port: u16) -> Vec<(Root, Result)> {
        let mut waiting: Vec<Root> = roots;
        waiting.reverse();
        let (mut running, mut done) = (JoinSet::new(), Vec::new());
        loop {
            while running.len() < WIDTH
                && let Some(root) = waiting.pop()
            {
                let (crowd, caller, name) = (self.clone(), caller.clone(), programs[root.expected.program].name.clone());
                running.spawn(async move {
                    let result = crowd.see_through(&root, &name, &caller, port).await;
                    (root, result)
                });
            }
            let Some(one) = running.join_next().await else { break };
            let (root, result): (Root, Result) = one.expect("nobody who waits panics");
            self.state.send_modify(|state| state.ended += root.expected.count());
            done.push((root, result));
        }
        self.state.send_modify(|state| state.is_over = true);
        done
    }

    async fn see_through(&self, root: &Root, name: &str, caller: &Caller, port: u16) -> Result {
        let key = &root.expected.key;
        let body = json!({ "flow_name": name, "input_value": { "key": key, "port": port } });
        let started = caller.send("POST", "/execution?plain=true", &body, Some(&format!("{key} of {port}"))).await;
        let id = started.body["id"].as_str().ok_or_else(|| format!("starting {key} was answered with {started:?}"))?.to_owned();
        self.live.lock().expect("no panic happens under this lock").insert(id.clone());
        let sleep = |milliseconds: usize| tokio::time::sleep(Duration::from_millis(milliseconds as u64));
        match root.fate {
            Fate::None => {}
            Fate::Cancel(after) => {
                sleep(after).await;
                self.control(caller, &id, "cancel").await?;
            }
            Fate::Pause(after) => {
                sleep(after).await;
                self.control(caller, &id, "pause").await?;
                sleep(after).await;
                self.control(caller, &id, "resume").await?;
            }
        }
        let result = wait(caller, &id).await;
        self.live.lock().expect("no panic happens under this lock").remove(&id);
        result
    }

    /// One that has ended meanwhile may say so.
    async fn control(&self, caller: &Caller, id: &str, what: &str) -> std::result::Result<(), String> {
        let answer = caller.send("POST", &format!("/execution/{id}/{what}"), &Value::Null, None).await;
        matches!(answer.status, 200..300 | 409).then_some(()).ok_or_else(|| format!("{what} of {id} was answered with {answer:?}"))
    }

    /// Returns once so many executions have ended; `false` if there will be no more.
    pub async fn ended(&self, count: usize) -> bool {
        let mut state = self.state.subscribe();
        let state = state.wait_for(|state| state.is_over || state.ended >= count).await.expect("the sender lives");
        !state.is_over
    }

    pub fn is_over(&self) -> bool {
        self.state.borrow().is_over
    }

    /// Ids of the executions that are waited for.
    pub fn live(&self) -> Vec<String> {
        self.live.lock().expect("no panic happens under this lock").iter().cloned().collect()
    }
}

async fn wait(caller: &Caller, id: &str) -> Result {
    let begun = Instant::now();
    loop {
        let seen = caller.get(&format!("/execution/{id}/wait?timeout=20&plain=true")).await;
        if seen.status != 200 {
            return Err(format!("waiting for {id} was answered with {seen:?}"));
        }
        if seen.body["status"].as_str().is_some_and(|status| status.starts_with("ENDED_")) {
            return Ok(seen.body);
        }
        if begun.elapsed() > PATIENCE {
            let (input, status, on) = (&seen.body["input_value"], &seen.body["status"], &seen.body["blocked_on"]);
            return Err(format!("{id} with {input} has not ended: {status}, {on}, attempt {}", seen.body["attempt"]));
        }
    }
}
