//! The recorded calls of an earlier attempt: what the next call must be, and what it answered.

use crate::protocol::{CallShown, Difference, Heir, Op, Recorded, Reply, call_hash, shown};

/// Longest part of an argument text in a message about a difference.
const SHOWN: usize = 2000;

/// What to do about a call.
#[derive(Debug)]
pub(super) enum Turn {
    /// It was answered; the number that follows may jump over a finished step.
    Recorded { reply: Reply, next: u32, at: Option<u64> },
    /// It goes out to the server.
    Live,
    /// The flow went another way than before.
    Diverged(Box<Difference>),
}

/// A call as the flow makes it now.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub op: Op,
    pub target: &'a str,
    /// The exact argument text.
    pub args: &'a str,
}

pub(super) struct Replay {
    recorded: std::collections::VecDeque<Recorded>,
    hash_key: [u8; 32],
    /// Whose journal this is, where it is another execution's.
    heir: Option<Heir>,
    /// The call compared last had other arguments, where that is no other way: its number and those arguments.
    note: Option<(u32, String)>,
}

impl Replay {
    /// `recorded` by ascending seq.
    pub(super) fn new(recorded: Vec<Recorded>, hash_key: [u8; 32]) -> Replay {
        Replay { recorded: recorded.into(), hash_key, heir: None, note: None }
    }

    /// As carried on by an heir.
    #[must_use]
    pub(super) fn inherited_by(self, heir: Option<Heir>) -> Replay {
        Replay { heir, ..self }
    }

    /// Whether recorded calls are left: the flow is not where it was yet.
    pub(super) fn is_running(&self) -> bool {
        !self.recorded.is_empty()
    }

    /// The first recorded call from number `next` on. Numbers inside a finished step are not asked for again.
    pub(super) fn front(&mut self, next: u32) -> Option<&Recorded> {
        while self.recorded.front().is_some_and(|r| r.seq < next) {
            self.recorded.pop_front();
        }
        self.recorded.front()
    }

    /// Drops what is left; the number of its last call.
    pub(super) fn give_up(&mut self) -> Option<u32> {
        self.recorded.drain(..).next_back().map(|row| row.seq)
    }

    /// All recorded calls that are left.
    pub(super) fn rest(&self) -> impl Iterator<Item = &Recorded> {
        self.recorded.iter()
    }

    /// Compares the call numbered `seq` with what is recorded under that number.
    pub(super) fn take(&mut self, seq: u32, wanted: Wanted<'_>) -> Turn {
        if self.front(seq).is_none_or(|r| r.seq != seq) {
            return Turn::Live;
        }
        let Some(recorded) = self.recorded.pop_front() else { return Turn::Live };
        if !self.matches(&recorded, wanted) {
            let now = CallShown { op: wanted.op, target: wanted.target.to_owned(), args: capped(wanted.args), line: None };
            return Turn::Diverged(Box::new(Difference { seq, recorded: recorded_call(&recorded), now: Some(now) }));
        }
        if wanted.op.is_soft() || wanted.op.soft_argument().is_some() {
            let now = shown(&Heir::recorded(self.heir.as_ref(), wanted.args));
            self.note = (now != recorded.shown).then_some((seq, now));
        }
        match recorded.reply {
            Some(reply) => Turn::Recorded { reply, next: recorded.next.max(seq + 1), at: recorded.done },
            None => Turn::Live,
        }
    }

    /// What is to be told of the call compared last.
    pub(super) fn take_note(&mut self) -> Option<(u32, String)> {
        self.note.take()
    }

    fn matches(&self, recorded: &Recorded, wanted: Wanted<'_>) -> bool {
        let as_recorded = |text| Heir::recorded(self.heir.as_ref(), text);
        let target = as_recorded(wanted.target);
        let same_call = recorded.op == wanted.op && recorded.target == target;
        same_call && (wanted.op.is_soft() || recorded.hash == call_hash(&self.hash_key, wanted.op, &target, &as_recorded(wanted.args)))
    }

    /// The first call from number `next` on that was recorded and is not made: the flow ended, or stands still.
    pub(super) fn missing(&mut self, next: u32) -> Option<Difference> {
        let first = self.front(next)?;
        Some(Difference { seq: first.seq, recorded: recorded_call(first), now: None })
    }
}

const EXPLANATION: &str = "A flow that is replayed must make the same calls in the same order: take time, random numbers and the \
results of outside effects from this.now(), this.random(), this.uuid() and this.step().";

/// The flow makes another call than before.
pub(super) fn another_way(difference: &Difference) -> String {
    let Difference { seq, recorded, now } = difference;
    let now = now.as_ref().map_or_else(|| "no call".to_owned(), call_text);
    format!("The replay went another way at call {seq}. Recorded: {}. Now: {now}. {EXPLANATION}", call_text(recorded))
}

/// The flow waits for what cannot happen any more.
pub(super) fn stood_still(difference: &Difference) -> String {
    let Difference { seq, recorded, .. } = difference;
    format!("The replay stands still before call {seq}, which was recorded: {}. {EXPLANATION}", call_text(recorded))
}

/// The flow ended and left out calls that were made before.
pub(super) fn ended_early(difference: &Difference) -> String {
    let Difference { seq, recorded, .. } = difference;
    format!("The replay ended before call {seq}, which was recorded: {}. {EXPLANATION}", call_text(recorded))
}

fn recorded_call(recorded: &Recorded) -> CallShown {
    CallShown { op: recorded.op, target: recorded.target.clone(), args: capped(&recorded.shown), line: None }
}

pub(super) fn capped(args: &str) -> String {
    let mut shown: String = args.chars().take(SHOWN).collect();
    if shown.len() < args.len() {
        shown.push_str(" ...");
    }
    shown
}

fn call_text(call: &CallShown) -> String {
    let target = if call.target.is_empty() { String::new() } else { format!(" on '{}'", call.target) };
    let line = call.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("{}{target} with {}{line}", call.op.name(), call.args)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(seq: u32, op: Op, args: &str) -> Recorded {
        let reply = Some(Reply::Ok(serde_json::from_str("null").unwrap()));
        let hash = call_hash(&[7; 32], op, "t", args);
        Recorded { seq, op, target: "t".into(), hash, reply, shown: args.into(), next: seq + 1, delivered: Vec::new(), done: None }
    }

    #[test]
    fn the_same_call_is_answered_from_the_record() {
        let mut replay = Replay::new(vec![recorded(1, Op::Sleep, "{}")], [7; 32]);
        assert!(matches!(replay.take(1, Wanted { op: Op::Sleep, target: "t", args: "{}" }), Turn::Recorded { next: 2, .. }));
        assert!(matches!(replay.take(2, Wanted { op: Op::Sleep, target: "t", args: "{}" }), Turn::Live));
    }

    #[test]
    fn other_arguments_are_a_difference_that_shows_both() {
        let mut replay = Replay::new(vec![recorded(1, Op::Wait, "{\"ids\":[1]}")], [7; 32]);
        let Turn::Diverged(found) = replay.take(1, Wanted { op: Op::Wait, target: "t", args: "{\"ids\":[2]}" }) else { panic!("same") };
        let text = another_way(&found);
        assert!(text.contains("{\"ids\":[1]}") && text.contains("{\"ids\":[2]}"), "{text}");
    }

    #[test]
    fn when_a_child_starts_may_differ_and_what_it_gets_may_not() {
        let args = |time: &str, n: u32| format!("{{\"scheduled_for\":\"{time}\",\"inputs\":{{\"n\":{n}}}}}");
        let journal = || Replay::new(vec![recorded(1, Op::Child, &args("2026-01-01", 1))], [7; 32]);
        let later = args("2026-01-02", 1);
        assert!(matches!(journal().take(1, Wanted { op: Op::Child, target: "t", args: &later }), Turn::Recorded { .. }));
        let other = args("2026-01-01", 2);
        assert!(matches!(journal().take(1, Wanted { op: Op::Child, target: "t", args: &other }), Turn::Diverged(_)));
    }

    #[test]
    fn the_text_of_progress_may_differ_and_is_noted_but_no_output_may() {
        let text = |message: &str, output: u32| format!("{{\"message\":\"{message}\",\"output_value\":{output}}}");
        let journal = || Replay::new(vec![recorded(1, Op::Save, &text("a", 1))], [7; 32]);
        for (now, note) in [(text("a", 1), None), (text("b", 1), Some((1, text("b", 1))))] {
            let mut replay = journal();
            assert!(matches!(replay.take(1, Wanted { op: Op::Save, target: "t", args: &now }), Turn::Recorded { .. }));
            assert_eq!(replay.take_note(), note);
        }
        let output = text("a", 2);
        assert!(matches!(journal().take(1, Wanted { op: Op::Save, target: "t", args: &output }), Turn::Diverged(_)));
    }

    #[test]
    fn an_heir_that_names_itself_makes_the_call_of_the_first() {
        let (own, first) = (uuid::Uuid::from_u128(2), uuid::Uuid::from_u128(1));
        let row = recorded(1, Op::Wait, &format!("{{\"of\":\"{first}\"}}"));
        let mut replay = Replay::new(vec![row], [7; 32]).inherited_by(Heir::of(own, Some(first)));
        let args = format!("{{\"of\":\"{own}\"}}");
        assert!(matches!(replay.take(1, Wanted { op: Op::Wait, target: "t", args: &args }), Turn::Recorded { .. }));
    }

    #[test]
    fn ending_early_is_a_difference() {
        assert!(Replay::new(vec![recorded(1, Op::Now, "{}")], [7; 32]).missing(1).is_some());
    }
}
