//! Whether everything is as if nothing had happened.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Value, json};

use super::Outcome;
use super::crowd::{Fate, Result, Root};
use super::havoc::Seen;
use super::leftover;
use super::outside::Outside;
use super::program::{Expected, Special};
use crate::server::{Server, answer};

const SUCCESS: &str = "ENDED_SUCCESS";
const ERROR: &str = "ENDED_ERROR";
const CANCELLED: &str = "ENDED_CANCELLED";

/// Looks everything over, then stops the server and looks at what it leaves.
pub async fn judge(server: &mut Server, results: &[(Root, Result)], seen: &Seen, outside: &Outside) -> Outcome {
    let mut faults = leftover::live_executions(server).await;
    let found = Found::read(server, outside).await;
    let mut check = Check { found: &found, server, faults: Vec::new(), known: 0 };
    for (root, result) in results {
        match result {
            Ok(record) => check.root(root, record).await,
            Err(fault) => check.faults.push(fault.clone()),
        }
    }
    let known = check.known;
    faults.append(&mut check.faults);
    faults.extend(found.strangers(known));
    faults.extend(found.repeated(seen));
    faults.extend(leftover::faults(server, seen, outside.port).await);
    let executions = found.executions.values().map(Vec::len).sum();
    let attempts = found.executions.values().flatten().filter_map(|record| record["attempt"].as_u64());
    let repeats = found.acts.values().map(|acts| acts.len() - 1).sum();
    Outcome { executions, replays: attempts.map(|n| n.saturating_sub(1)).sum(), repeats, blows: String::new(), seconds: 0.0, faults }
}

/// What the server and the world outside hold after it.
struct Found {
    /// By the key in their input.
    executions: HashMap<String, Vec<Value>>,
    ledgers: HashMap<String, Vec<String>>,
    /// Name to id.
    files: HashMap<String, String>,
    acts: HashMap<String, Vec<(usize, Instant)>>,
}

impl Found {
    async fn read(server: &Server, outside: &Outside) -> Found {
        let mut executions: HashMap<String, Vec<Value>> = HashMap::new();
        for record in all(server, "execution").await {
            let key = record["input_value"]["key"].as_str().unwrap_or_default().to_owned();
            executions.entry(key).or_default().push(record);
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let settings = all(server, "setting").await.into_iter().filter(|setting| text(&setting["name"]).starts_with("ledger "));
        let entries = |value: &Value| value.as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default();
        let ledgers = settings.map(|setting| (text(&setting["name"]), entries(&setting["value"]))).collect();
        let files = all(server, "file").await.into_iter().map(|file| (text(&file["name"]), text(&file["id"]))).collect();
        Found { executions, ledgers, files, acts: outside.by_key() }
    }

    /// Executions, and entries of ledgers, that nobody asked for or that are there twice.
    fn strangers(&self, known: usize) -> Vec<String> {
        let mut faults = Vec::new();
        let count = self.executions.values().map(Vec::len).sum::<usize>();
        if count != known {
            faults.push(format!("there are {count} executions, of which {known} were asked for"));
        }
        for (ledger, entries) in &self.ledgers {
            let mut sorted = entries.clone();
            sorted.sort();
            let doubled = sorted.windows(2).filter(|pair| pair[0] == pair[1]);
            faults.extend(doubled.map(|pair| format!("'{}' stands twice in {ledger}", pair[0])));
        }
        faults
    }

    /// Steps that were done again after the server had shown their record.
    fn repeated(&self, seen: &Seen) -> Vec<String> {
        let later = |(key, acts): (&String, &usize)| {
            let last = self.acts.get(key)?.iter().map(|(number, _)| *number).max()?;
            (last >= *acts).then(|| format!("step '{key}' was done again after it had been shown as recorded"))
        };
        seen.recorded.iter().filter_map(later).collect()
    }
}

/// Every record of a type.
async fn all(server: &Server, of: &str) -> Vec<Value> {
    let mut records: Vec<Value> = Vec::new();
    loop {
        let offset = records.len().to_string();
        let query = [("limit", "1000"), ("offset", offset.as_str()), ("plain", "true"), ("order", "id")];
        let page = answer(server.request("GET", &format!("/{of}")).query(&query)).await;
        let items = page.body.as_array().unwrap_or_else(|| panic!("listing {of}: {page:?}"));
        if items.is_empty() {
            return records;
        }
        records.extend(items.iter().cloned());
    }
}

struct Check<'a> {
    found: &'a Found,
    server: &'a Server,
    faults: Vec<String>,
    /// Executions that were asked for and are there.
    known: usize,
}

impl Check<'_> {
    async fn root(&mut self, root: &Root, record: &Value) {
        let expected = &root.expected;
        let status = record["status"].as_str().unwrap_or_default();
        let message = record["status_message"].as_str().unwrap_or_default();
        let may_fail = expected.special.and_then(Special::may_fail_with).filter(|words| message.contains(words));
        let is_whole = match status {
            SUCCESS => expected.special != Some(Special::Failing),
            ERROR if may_fail.is_some() => false,
            CANCELLED if matches!(root.fate, Fate::Cancel(_)) => false,
            _ => {
                self.faults.push(format!("{} ended {status}: {message}", expected.key));
                false
            }
        };
        if status == SUCCESS && !is_whole {
            self.faults.push(format!("{} ended {status}", expected.key));
        }
        self.execution(expected, is_whole).await;
    }

    /// `is_whole`: it must have ended with success, and have done all that it was to do.
    async fn execution(&mut self, expected: &Expected, is_whole: bool) {
        let key = &expected.key;
        let found = self.found;
        let records = found.executions.get(key).map(Vec::as_slice).unwrap_or_default();
        self.known += records.len();
        if records.len() > 1 || (is_whole && records.is_empty()) {
            self.faults.push(format!("{key} has {} executions", records.len()));
        }
        let Some(record) = records.first() else { return };
        if is_whole && record["status"] != SUCCESS {
            self.faults.push(format!("{key} ended {}: {}", record["status"], record["status_message"]));
            return;
        }
        self.once(expected, is_whole, record).await;
        if is_whole {
            self.output(expected, &record["output_value"]);
            self.files(expected).await;
        }
        if expected.special == Some(Special::Parting) {
            self.parted(key, is_whole);
        }
        for child in &expected.children {
            Box::pin(self.execution(child, is_whole)).await;
        }
    }

    /// What must be there once, or may be there once; and acts, which may come again with each loss.
    async fn once(&mut self, expected: &Expected, is_whole: bool, record: &Value) {
        let key = &expected.key;
        for (ledger, entry) in &expected.entries {
            let count = self.found.ledgers[ledger].iter().filter(|other| *other == entry).count();
            if is_whole && count != 1 {
                self.faults.push(format!("'{entry}' stands {count} times in {ledger}"));
            }
        }
        let own_acts = (expected.special.is_some()).then(|| format!("{key}/0"));
        for act in expected.acts.iter().chain(own_acts.iter()) {
            let count = self.found.acts.get(act).map_or(0, Vec::len) as u64;
            let most = if expected.special.is_some_and(Special::acts_once) { 1 } else { record["attempt"].as_u64().unwrap_or_default() };
            if count > most {
                self.faults.push(format!("'{act}' was done {count} times in {} attempts", record["attempt"]));
            }
        }
        let lines = &expected.lines;
        if !lines.is_empty() {
            let said = self.server.messages(record["id"].as_str().expect("it has an id")).await;
            for line in lines {
                let count = |list: &[String]| list.iter().filter(|other| *other == line).count();
                let (there, wanted) = (count(&said), count(lines));
                let must = is_whole || expected.special == Some(Special::Failing) && record["status"] == ERROR;
                if there > wanted || (must && there < wanted) {
                    self.faults.push(format!("{key} logged '{line}' {there} times instead of {wanted}"));
                }
            }
        }
    }

    fn output(&mut self, expected: &Expected, output: &Value) {
        let key = &expected.key;
        if output["key"] != json!(key) {
            self.faults.push(format!("{key} gave {output}"));
        }
        let number = |note: &Value| note[0].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        let mut trail: Vec<usize> = output["trail"].as_array().map(|notes| notes.iter().map(number).collect()).unwrap_or_default();
        let mut wanted = expected.notes.clone();
        if expected.any_order {
            trail.sort_unstable();
            wanted.sort_unstable();
        }
        if trail != wanted {
            self.faults.push(format!("{key} noted {trail:?} instead of {wanted:?}"));
        }
        let at = |act: &str| {
            let place = act.strip_prefix(key)?.strip_prefix('/')?;
            let number = output["acts"][place].as_u64()?;
            let done = self.found.acts.get(act)?;
            done.iter().find(|(other, _)| *other as u64 == number).map(|(_, at)| *at)
        };
        let missing: Vec<&String> = expected.acts.iter().filter(|act| at(act).is_none()).collect();
        let short = expected.pauses.iter().filter_map(|(before, after, seconds)| {
            let between = at(after)?.saturating_duration_since(at(before)?).as_secs_f64();
            (between < *seconds).then(|| format!("{before} slept {between:.3} s instead of {seconds} s"))
        });
        let short: Vec<String> = short.collect();
        self.faults.extend(missing.iter().map(|act| format!("'{act}' has a result, {output}, but was not done")));
        self.faults.extend(short);
    }

    async fn files(&mut self, expected: &Expected) {
        for (name, content) in &expected.files {
            let Some(id) = self.found.files.get(name) else {
                self.faults.push(format!("the file {name} is not there"));
                continue;
            };
            let there = self.server.get(&format!("/file/{id}/content")).await.body;
            if there != json!(content) {
                self.faults.push(format!("the file {name} holds {there}"));
            }
        }
    }

    /// The child that slept went with its parent, the orphan did not.
    fn parted(&mut self, key: &str, is_whole: bool) {
        for (name, status) in [("sleeper", CANCELLED), ("orphan", SUCCESS)] {
            let child = format!("{key}/{name}");
            let records = self.found.executions.get(&child).map(Vec::as_slice).unwrap_or_default();
            self.known += records.len();
            let is_right = records.iter().all(|record| record["status"] == status) && records.len() < 2;
            if !is_right || (is_whole && records.is_empty()) {
                let states: Vec<&Value> = records.iter().map(|record| &record["status"]).collect();
                self.faults.push(format!("{child} should have ended {status} once: {states:?}"));
            }
        }
    }
}
