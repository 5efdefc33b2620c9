//! The recorded calls of an earlier attempt: what the next call must be, and what it answered.

use crate::protocol::{Op, Recorded, Reply, call_hash};

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
    Diverged(String),
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
}

impl Replay {
    /// `recorded` by ascending seq.
    pub(super) fn new(recorded: Vec<Recorded>, hash_key: [u8; 32]) -> Replay {
        Replay { recorded: recorded.into(), hash_key }
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
            return Turn::Diverged(difference(&recorded, wanted));
        }
        match recorded.reply {
            Some(reply) => Turn::Recorded { reply, next: recorded.next.max(seq + 1), at: recorded.done },
            None => Turn::Live,
        }
    }

    fn matches(&self, recorded: &Recorded, wanted: Wanted<'_>) -> bool {
        let same_call = recorded.op == wanted.op && recorded.target == wanted.target;
        same_call && (wanted.op.is_soft() || recorded.hash == call_hash(&self.hash_key, wanted.op, wanted.target, wanted.args))
    }

    /// The flow waits for what cannot happen any more; a text that names the call it should have made.
    pub(super) fn stand_still(&self) -> Option<String> {
        let first = self.recorded.front()?;
        Some(format!(
            "The replay stands still before call {}, which was recorded: {}. {EXPLANATION}",
            first.seq,
            call_text(first.op, &first.target, &first.shown),
        ))
    }

    /// The flow ended; a text if it left out calls that were made before.
    pub(super) fn leftover(&mut self, next: u32) -> Option<String> {
        let first = self.front(next)?;
        Some(format!(
            "The replay ended before call {}, which was recorded: {}. {EXPLANATION}",
            first.seq,
            call_text(first.op, &first.target, &first.shown),
        ))
    }
}

const EXPLANATION: &str = "A flow that is replayed must make the same calls in the same order: take time, random numbers and the \
results of outside effects from this.now(), this.random(), this.uuid() and this.step().";

fn difference(recorded: &Recorded, wanted: Wanted<'_>) -> String {
    format!(
        "The replay went another way at call {}. Recorded: {}. Now: {}. {EXPLANATION}",
        recorded.seq,
        call_text(recorded.op, &recorded.target, &recorded.shown),
        call_text(wanted.op, wanted.target, wanted.args),
    )
}

fn call_text(op: Op, target: &str, args: &str) -> String {
    let mut shown: String = args.chars().take(SHOWN).collect();
    if shown.len() < args.len() {
        shown.push_str(" ...");
    }
    let target = if target.is_empty() { String::new() } else { format!(" on '{target}'") };
    format!("{}{target} with {shown}", op.name())
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
        let Turn::Diverged(text) = replay.take(1, Wanted { op: Op::Wait, target: "t", args: "{\"ids\":[2]}" }) else { panic!("same") };
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
    fn soft_calls_may_differ_in_their_arguments() {
        let mut replay = Replay::new(vec![recorded(1, Op::Save, "{\"message\":\"a\"}")], [7; 32]);
        let wanted = Wanted { op: Op::Save, target: "t", args: "{\"message\":\"b\"}" };
        assert!(matches!(replay.take(1, wanted), Turn::Recorded { .. }));
    }

    #[test]
    fn ending_early_is_a_difference() {
        assert!(Replay::new(vec![recorded(1, Op::Now, "{}")], [7; 32]).leftover(1).is_some());
    }
}
