//! Which recorded calls of an ended execution a retry takes over, and which of them it makes again.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::clock;
use crate::error::{Error, Result};
use crate::protocol::Op;
use crate::store::StepRow;

/// What is known of the execution whose calls these are.
pub(super) struct Past {
    /// It ended ENDED_ERROR.
    pub has_failed: bool,
    /// The last call before its failure.
    pub failed_after: Option<u32>,
    pub now: Timestamp,
}

/// The calls that a retry takes over, by ascending number. Without `from_seq`, all that were answered before the failure: not the
/// call that failed, and not the making of a child whose failure it was.
///
/// Some stay in it without their answer, and are made again under their number when the replay comes to them: what an
/// execution says of itself (it is another execution now), locks that were still held, waits that were open.
pub(super) fn taken_over(mut rows: Vec<StepRow>, from_seq: Option<u32>, past: &Past) -> Result<Vec<StepRow>> {
    rows.retain(|row| operation(row).is_some());
    match from_seq {
        Some(last) => {
            let highest = rows.last().map_or(0, |row| row.seq);
            if last > highest {
                let text = format!("'from_seq' is {last}, but the last recorded call has number {highest}; 0 takes no call over.");
                return Err(Error::invalid(text).field("/from_seq"));
            }
            rows.retain(|row| row.seq <= last);
        }
        None => {
            rows.retain(|row| past.failed_after.is_none_or(|last| row.seq <= last));
            if past.has_failed {
                drop_failure(&mut rows);
            }
        }
    }
    while rows.last().is_some_and(|row| row.ok.is_none()) {
        rows.pop();
    }
    if let Some(open) = first_unanswerable(&rows) {
        if from_seq.is_some() {
            let text = format!("Call {open} was never answered, so it cannot be taken over; 'from_seq' can be {} at most.", open - 1);
            return Err(Error::invalid(text).field("/from_seq"));
        }
        rows.retain(|row| row.seq < open);
    }
    reopen(&mut rows, past.now);
    Ok(rows)
}

fn operation(row: &StepRow) -> Option<Op> {
    serde_json::from_value(Value::String(row.op.clone())).ok()
}

fn is(row: &StepRow, op: Op) -> bool {
    row.op == op.name()
}

/// The rows that no finished step stands around: what happened inside one is not replayed.
fn outside_steps(rows: &[StepRow]) -> impl Iterator<Item = usize> {
    let mut next = 0;
    let mut found = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if row.seq >= next {
            next = row.next;
            found.push(index);
        }
    }
    found.into_iter()
}

/// Takes away the call that failed last, and the making of children whose failure it reports.
fn drop_failure(rows: &mut Vec<StepRow>) {
    let Some(failed) = rows.pop_if(|row| row.ok == Some(false)) else { return };
    let result: Value = failed.result.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let ids = |list: &Value| -> Vec<String> {
        let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| Some(item.get("id")?.as_str()?.to_owned())).collect()
    };
    let children = ids(&result["data"]["executions"]);
    rows.retain(|row| {
        let made: Value =
            row.result.as_deref().filter(|_| is(row, Op::Child)).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        !ids(&made).iter().any(|id| children.contains(id))
    });
}

/// The first call without an answer, unless it is one that can be made again in the middle of a replay.
fn first_unanswerable(rows: &[StepRow]) -> Option<u32> {
    let open = outside_steps(rows).map(|index| &rows[index]).filter(|row| row.ok.is_none());
    open.filter(|row| !operation(row).is_some_and(Op::can_be_awaited)).map(|row| row.seq).next()
}

fn reopen(rows: &mut Vec<StepRow>, now: Timestamp) {
    let mut held: Vec<(String, usize)> = Vec::new();
    let mut again = Vec::new();
    let mut gone = Vec::new();
    for index in outside_steps(rows) {
        let row = &rows[index];
        if is(row, Op::Save) || (is(row, Op::SaveDump) && row.result.as_deref() == Some("0")) {
            again.push(index);
        } else if is(row, Op::LockAcquire) && row.ok == Some(true) {
            held.push((row.target.clone(), index));
        } else if is(row, Op::LockRelease) && row.ok == Some(true) {
            if let Some(at) = held.iter().rposition(|(target, _)| *target == row.target) {
                held.remove(at);
            }
        } else if is(row, Op::Child) && row.ok.is_none() {
            // It was made, and waited for, by the execution that ended: this one makes its own.
            gone.push(row.seq);
        }
    }
    again.extend(held.into_iter().map(|(_, index)| index));
    for index in again {
        let row = &mut rows[index];
        (row.ok, row.result, row.done_at) = (None, None, None);
        row.due_at = lock_due(row, now).map(clock::format);
    }
    rows.retain(|row| !gone.contains(&row.seq));
}

/// A lock that is asked for again has its whole time again.
fn lock_due(row: &StepRow, now: Timestamp) -> Option<Timestamp> {
    let args: Value = serde_json::from_str(&row.args).ok()?;
    let seconds = SignedDuration::try_from_secs_f64(args.get("timeout")?.as_f64()?).ok()?;
    now.checked_add(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u32, op: &str, target: &str) -> StepRow {
        StepRow {
            seq,
            op: op.to_owned(),
            target: target.to_owned(),
            args: "{}".to_owned(),
            args_hash: String::new(),
            started_at: String::new(),
            due_at: None,
            done_at: None,
            ok: Some(true),
            result: Some("null".to_owned()),
            next: seq + 1,
            delivered: Vec::new(),
            off_main: false,
            replayed_args: None,
        }
    }

    fn failed(row: StepRow, result: &str) -> StepRow {
        StepRow { ok: Some(false), result: Some(result.to_owned()), ..row }
    }

    fn open(row: StepRow) -> StepRow {
        StepRow { ok: None, result: None, ..row }
    }

    /// Numbers taken over; negative where the answer is not.
    fn numbers(rows: Vec<StepRow>, from_seq: Option<u32>, failed_after: Option<u32>) -> Vec<i64> {
        let past = Past { has_failed: true, failed_after, now: Timestamp::UNIX_EPOCH };
        let taken = taken_over(rows, from_seq, &past).unwrap();
        taken.iter().map(|row| if row.ok.is_some() { i64::from(row.seq) } else { -i64::from(row.seq) }).collect()
    }

    #[test]
    fn the_call_that_failed_is_made_again_and_so_is_what_cleaned_up_after_it() {
        let rows = || vec![row(1, "now", ""), failed(row(2, "record_get", "flow"), "{}"), row(3, "lock_release", "a")];
        assert_eq!(numbers(rows(), None, Some(2)), [1]);
        assert_eq!(numbers(rows(), None, Some(1)), [1], "an exception of its own after call 1");
        assert_eq!(numbers(rows(), None, None), [1, 2, 3], "where nothing is known, what was answered stays");
        assert_eq!(numbers(rows(), Some(2), Some(2)), [1, 2], "what is asked for is given");
    }

    #[test]
    fn a_child_that_failed_is_made_anew_and_the_calls_between_are_kept() {
        let made = |seq: u32, id: &str| StepRow { result: Some(format!("[{{\"id\":\"{id}\"}}]")), ..row(seq, "child", "x") };
        let fault = "{\"exception\":\"DependencyFailedError\",\"data\":{\"executions\":[{\"id\":\"b\"}]}}";
        let rows = vec![made(1, "a"), made(2, "b"), row(3, "step_begin", "s"), failed(row(4, "wait", ""), fault)];
        assert_eq!(numbers(rows, None, Some(4)), [1, 3]);
    }

    #[test]
    fn what_it_says_of_itself_and_locks_it_holds_are_asked_for_again() {
        let rows = vec![row(1, "save", ""), row(2, "lock_acquire", "a"), row(3, "lock_acquire", "b"), row(4, "lock_release", "a")];
        assert_eq!(numbers(rows, None, None), [-1, 2, -3, 4]);
    }

    #[test]
    fn a_lock_that_is_asked_for_again_has_its_time_again() {
        let lock = StepRow { args: "{\"timeout\":5.0}".to_owned(), ..row(1, "lock_acquire", "a") };
        let past = Past { has_failed: false, failed_after: None, now: Timestamp::UNIX_EPOCH };
        let taken = taken_over(vec![lock], None, &past).unwrap();
        assert_eq!(taken[0].due_at.as_deref().and_then(clock::parse), Timestamp::from_second(5).ok());
    }

    #[test]
    fn a_step_that_did_not_end_ends_what_is_taken_over() {
        let rows = || vec![row(1, "now", ""), open(row(2, "step_begin", "s")), row(3, "now", "")];
        assert_eq!(numbers(rows(), None, None), [1]);
        let past = Past { has_failed: true, failed_after: None, now: Timestamp::UNIX_EPOCH };
        let error = taken_over(rows(), Some(3), &past).unwrap_err();
        assert!(error.message().contains("1 at most"), "{error}");
    }

    #[test]
    fn waits_that_were_open_beside_others_stay_open() {
        let rows = vec![open(row(1, "sleep", "")), open(row(2, "child", "x")), row(3, "now", ""), open(row(4, "sleep", ""))];
        assert_eq!(numbers(rows, None, None), [-1, 3]);
    }

    #[test]
    fn inside_a_finished_step_nothing_is_asked_for_again() {
        let step = StepRow { next: 4, ..row(1, "step_begin", "s") };
        assert_eq!(numbers(vec![step, row(2, "save", ""), row(4, "now", "")], None, None), [1, 2, 4]);
    }

    #[test]
    fn a_number_that_no_call_has_is_refused() {
        let past = Past { has_failed: true, failed_after: None, now: Timestamp::UNIX_EPOCH };
        let error = taken_over(vec![row(1, "now", "")], Some(2), &past).unwrap_err();
        assert_eq!(error.field_pointer(), Some("/from_seq"));
        assert_eq!(numbers(vec![row(1, "now", "")], Some(0), None), [0_i64; 0]);
    }
}
