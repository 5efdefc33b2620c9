//! What a replay came by, for people and for programs.

use std::collections::HashMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::engine::travel::{Journey, Package};
use crate::protocol::{CallShown, FrameShown, Outcome, Recorded, Reply, Sight, Stand, Standing};

/// Calls listed before and after the place where it stands.
const BEFORE: usize = 20;
const AFTER: usize = 3;
/// Lines of source around the one where a frame stands.
const AROUND: usize = 2;
/// Longest text of an answer in the list, characters.
const ANSWER: usize = 60;

/// Everything, as one document.
pub fn json(package: &Package, journey: &Journey) -> Value {
    let passed = passed(journey);
    let steps: Vec<Value> = package.journal().iter().map(|call| step(call, passed.get(&call.seq).copied())).collect();
    let refused: Vec<Value> =
        journey.sights.iter().filter_map(|s| if let Sight::Refused(act) = s { Some(json!(act)) } else { None }).collect();
    json!({
        "execution_id": package.run.execution_id,
        "name": package.run.name,
        "script_name": package.run.script_name,
        "status": package.status,
        "status_message": package.status_message,
        "epoch": package.run.epoch,
        "steps": steps,
        "refused": refused,
        "standing": journey.standing,
        "end": journey.done.as_ref().map(|done| &done.outcome),
    })
}

fn step(call: &Recorded, passed: Option<&CallShown>) -> Value {
    let (ok, answer) = match &call.reply {
        None => (None, Value::Null),
        Some(Reply::Ok(value)) => (Some(true), serde_json::from_str(value.get()).unwrap_or_default()),
        Some(Reply::Err(fault)) => (Some(false), json!(fault)),
    };
    json!({
        "seq": call.seq,
        "op": call.op,
        "target": call.target,
        "args": call.shown,
        "ok": ok,
        "answer": answer,
        "passed": passed.is_some(),
        "line": passed.and_then(|call| call.line),
    })
}

/// The calls that the flow made, by their number.
fn passed(journey: &Journey) -> HashMap<u32, &CallShown> {
    let seen = journey.sights.iter().filter_map(|sight| match sight {
        Sight::Passed { seq, call } => Some((*seq, call)),
        Sight::Refused(_) | Sight::Stood(_) => None,
    });
    seen.chain(journey.standing.as_ref().and_then(|standing| standing.seq.zip(standing.call.as_ref()))).collect()
}

/// For people. `to`: the call that was asked for.
pub fn text(package: &Package, journey: &Journey, to: Option<u32>) -> String {
    let mut out = String::new();
    let status = package.status_message.as_deref().and_then(|message| message.trim_end().lines().last()).map(|line| format!(": {line}"));
    let _ =
        writeln!(out, "Execution {} '{}', {}{}", package.run.execution_id, package.run.name, package.status, status.unwrap_or_default());
    let _ = writeln!(out, "Replayed on its journal of {} calls; nothing real happened.\n", package.journal().len());
    list(&mut out, package, journey);
    for sight in &journey.sights {
        if let Sight::Refused(act) = sight {
            let _ = writeln!(out, "It was kept from reaching outside at {act}.\n");
        }
    }
    let _ = writeln!(out, "{}", ending(package, journey, to));
    if let Some(standing) = &journey.standing {
        frames(&mut out, package, &standing.frames);
        for task in &standing.tasks {
            let _ = writeln!(out, "\nTask {}:", task.name);
            frames(&mut out, package, &task.frames);
        }
    }
    plain(&out)
}

fn list(out: &mut String, package: &Package, journey: &Journey) {
    let passed = passed(journey);
    let calls = package.journal();
    let stands = journey.standing.as_ref().and_then(|standing| standing.seq);
    let at = stands.map_or(calls.len(), |seq| calls.partition_point(|call| call.seq < seq));
    let (first, last) = (at.saturating_sub(BEFORE), calls.len().min(at + 1 + AFTER));
    if first > 0 {
        let _ = writeln!(out, "       ... {first} calls before");
    }
    for call in &calls[first..last] {
        let marker = if stands == Some(call.seq) { '>' } else { ' ' };
        let line = passed.get(&call.seq).and_then(|call| call.line).map(|line| format!("line {line}")).unwrap_or_default();
        let _ = writeln!(out, "{marker} {:>5}  {:<40} {line:<10} {}", call.seq, title(call.op.name(), &call.target), answer(call));
    }
    if last < calls.len() {
        let _ = writeln!(out, "       ... {} calls after", calls.len() - last);
    }
    if !calls.is_empty() {
        out.push('\n');
    }
}

fn title(op: &str, target: &str) -> String {
    if target.is_empty() { op.to_owned() } else { format!("{op} '{target}'") }
}

fn answer(call: &Recorded) -> String {
    match &call.reply {
        None => "not answered".to_owned(),
        Some(Reply::Ok(value)) => short(value.get()),
        Some(Reply::Err(fault)) => short(&format!("{}: {}", fault.exception, fault.message)),
    }
}

fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(ANSWER) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// Why it goes no further.
fn ending(package: &Package, journey: &Journey, to: Option<u32>) -> String {
    let stood = journey.standing.as_ref().filter(|standing| standing.why != Stand::Raised);
    if let Some(standing) = stood {
        return stands(standing);
    }
    let not_reached = to.map(|to| format!("It made no call {to}: it ended before. ")).unwrap_or_default();
    let how = match journey.done.as_ref().map(|done| &done.outcome) {
        Some(Outcome::Success { output: Some(output), .. }) => format!("Its handler returned {}.", short(output.get())),
        Some(Outcome::Success { .. }) => "Its handler ended with success.".to_owned(),
        Some(Outcome::Error { message, .. } | Outcome::Diverged { message, .. }) => format!("It ended with an error:\n\n{message}"),
        Some(Outcome::Cancelled { .. }) => "It cancelled itself.".to_owned(),
        Some(Outcome::Restart { .. }) => format!("It began a new journal with this.restart(); this was number {}.", package.run.epoch),
        None => "Its process is gone.".to_owned(),
    };
    format!("{not_reached}{how}")
}

fn stands(standing: &Standing) -> String {
    let call = standing.call.as_ref().map(|call| title(call.op.name(), &call.target)).unwrap_or_default();
    let seq = standing.seq.unwrap_or_default();
    match standing.why {
        Stand::Reached => format!("It stands before call {seq}, {call}."),
        Stand::JournalEnd => format!("Its journal ends here: call {seq}, {call}, has no recorded answer."),
        Stand::Waits | Stand::Raised => "All its tasks await what has no recorded answer.".to_owned(),
    }
}

fn frames(out: &mut String, package: &Package, frames: &[FrameShown]) {
    let lines: Vec<&str> = package.run.script.lines().collect();
    for frame in frames {
        let _ = writeln!(out, "\nIn {}, line {} of {}:\n", frame.function, frame.line, package.run.script_name);
        let at = usize::try_from(frame.line).unwrap_or(usize::MAX);
        let around = at.saturating_sub(AROUND).max(1)..=at.saturating_add(AROUND).min(lines.len());
        for number in around {
            let marker = if number == at { '>' } else { ' ' };
            let _ = writeln!(out, "{}", format!("{marker} {number:>4}  {}", lines[number - 1]).trim_end());
        }
        if !frame.variables.is_empty() {
            out.push('\n');
        }
        let width = frame.variables.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default().min(24);
        for (name, value) in &frame.variables {
            let _ = writeln!(out, "  {name:<width$} = {value}");
        }
    }
}

/// What a flow wrote must not steer the terminal it is shown on.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' && letter != '\t' { '\u{fffd}' } else { letter }).collect()
}
