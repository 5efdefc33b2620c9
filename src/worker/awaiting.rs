//! The awaited calls of an async handler: which are open, which answers came, and the order in which the flow is given
//! them. One at a time, and only when no task has anything left to do: what follows from an answer has then happened
//! before the next one, so that their order alone decides the order of all calls, live and in a replay.

use std::collections::{BTreeMap, HashSet, VecDeque};

use crate::protocol::{Recorded, Reply};

use super::replay::Replay;

/// What becomes of a flow that has nothing left to do.
#[derive(Debug)]
pub(super) enum Next {
    /// It is given this answer; a recorded one with its time, in microseconds after the first call.
    Give { seq: u32, reply: Reply, at: Option<u64> },
    /// A replay in which this timer of the event loop goes off now.
    Timer(i64),
    /// A replay in which the flow got on by something that is not recorded: a thread, a connection.
    Hold,
    /// The journal is used up and no answer is there: it waits for the server.
    Live,
}

/// Timers recorded with one call; a flow that lets more go off between two calls depends on their order no more.
const TIMERS: usize = 1_000;

#[derive(Default)]
pub(super) struct Awaiting {
    /// Calls that a task awaits, with their recorded answer in a replay.
    open: BTreeMap<u32, Option<Known>>,
    /// Answers of the server that are not given yet, as they came.
    arrived: VecDeque<(u32, Reply)>,
    /// What happened since the last call: numbers of the calls whose answers were given, and of timers, negative.
    given: Vec<i64>,
    /// How many of these the server knows from log entries.
    logged: usize,
    /// What had happened after this call, the last one, when an earlier attempt logged for the last time.
    tail: Option<(u32, Vec<i64>)>,
    /// The server was told that the handler only awaits.
    pub said: bool,
    /// Answers read from the server in this attempt.
    pub replies: u32,
    /// The flow was told that its replay failed.
    pub told: bool,
}

struct Known {
    reply: Reply,
    at: Option<u64>,
}

impl Awaiting {
    /// A call that the server is to answer.
    pub(super) fn open(&mut self, seq: u32) {
        self.open.insert(seq, None);
    }

    /// A call whose answer is recorded.
    pub(super) fn open_recorded(&mut self, seq: u32, reply: Reply, at: Option<u64>) {
        self.open.insert(seq, Some(Known { reply, at }));
    }

    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Nobody waits for it any more. Returns whether the server still works on it.
    pub(super) fn abandon(&mut self, seq: u32) -> bool {
        let was_live = matches!(self.open.remove(&seq), Some(None));
        let before = self.arrived.len();
        self.arrived.retain(|(arrived, _)| *arrived != seq);
        was_live && self.arrived.len() == before
    }

    /// An answer came from the server; one that nobody waits for is dropped.
    pub(super) fn arrive(&mut self, seq: u32, reply: impl FnOnce() -> Reply) {
        if self.open.contains_key(&seq) {
            self.arrived.push_back((seq, reply()));
        }
    }

    /// A timer of the event loop went off.
    pub(super) fn went_off(&mut self, timer: i64) {
        if self.given.len() < TIMERS {
            self.given.push(-timer);
        }
    }

    /// What happened since the last call: it belongs to the call that is made now.
    pub(super) fn take_given(&mut self) -> Vec<i64> {
        self.logged = 0;
        std::mem::take(&mut self.given)
    }

    /// What happened since the last call, beyond what the server was told with earlier log entries.
    pub(super) fn given_for_log(&mut self) -> &[i64] {
        let known = std::mem::replace(&mut self.logged, self.given.len());
        &self.given[known..]
    }

    /// An attempt that is to happen again as it did until the last log entry, which came after call `seq`.
    pub(super) fn repeat(&mut self, seq: u32, delivered: Vec<i64>) {
        self.tail = Some((seq, delivered)).filter(|(_, delivered)| !delivered.is_empty());
    }

    /// What happened next when an earlier attempt stood behind the journal, as long as it logged.
    fn next_of_tail(&mut self, next: u32) -> Option<Next> {
        let (seq, delivered) = self.tail.as_ref()?;
        let wanted = if seq + 1 == next { delivered.get(self.given.len()).copied() } else { None };
        let happens = match wanted {
            Some(timer @ ..0) => return Some(Next::Timer(-timer)),
            Some(answer) => u32::try_from(answer).ok().filter(|seq| matches!(self.open.get(seq), Some(Some(_)))),
            None => None,
        };
        if happens.is_none() {
            // It is used up, or the flow goes another way, which is its right behind the journal.
            self.tail = None;
        }
        happens.map(|seq| self.give(seq))
    }

    /// What happens to a flow that has nothing left to do and would make call `next`.
    pub(super) fn next(&mut self, replay: &mut Replay, next: u32) -> Next {
        let Some(front) = replay.front(next) else {
            if let Some(again) = self.next_of_tail(next) {
                return again;
            }
            if let Some(seq) = self.first_known(&HashSet::new()) {
                return self.give(seq);
            }
            return match self.arrived.pop_front() {
                Some((seq, reply)) => {
                    self.open.remove(&seq);
                    self.given.push(seq.into());
                    Next::Give { seq, reply, at: None }
                }
                None => Next::Live,
            };
        };
        let wanted = if front.seq == next {
            match front.delivered.get(self.given.len()) {
                Some(timer @ ..0) => return Next::Timer(-timer),
                answer => answer.and_then(|seq| u32::try_from(*seq).ok()),
            }
        } else {
            // The row of the next call is lost, and with it what was given before that call: what no later call had.
            let later = replay.rest().flat_map(|row: &Recorded| &row.delivered).filter_map(|seq| u32::try_from(*seq).ok()).collect();
            self.first_known(&later)
        };
        match wanted {
            Some(seq) if matches!(self.open.get(&seq), Some(Some(_))) => self.give(seq),
            _ => Next::Hold,
        }
    }

    /// The open call whose recorded answer came first, but none of `except`.
    fn first_known(&self, except: &HashSet<u32>) -> Option<u32> {
        let known = self.open.iter().filter_map(|(seq, known)| Some((known.as_ref()?.at, *seq)));
        known.filter(|(_, seq)| !except.contains(seq)).min().map(|(_, seq)| seq)
    }

    fn give(&mut self, seq: u32) -> Next {
        let Some(Some(Known { reply, at })) = self.open.remove(&seq) else { return Next::Hold };
        self.given.push(seq.into());
        Next::Give { seq, reply, at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Op, call_hash};

    fn reply() -> Reply {
        Reply::Ok(serde_json::from_str("null").unwrap())
    }

    fn row(seq: u32, delivered: &[i64]) -> Recorded {
        let hash = call_hash(&[7; 32], Op::Sleep, "", "{}");
        let reply = Some(reply());
        Recorded {
            seq,
            op: Op::Sleep,
            target: String::new(),
            hash,
            reply,
            shown: "{}".into(),
            next: seq + 1,
            delivered: delivered.into(),
            done: None,
        }
    }

    fn given(next: &Next) -> u32 {
        let Next::Give { seq, .. } = *next else { panic!("{next:?}") };
        seq
    }

    #[test]
    fn live_answers_are_given_as_they_came() {
        let (mut awaiting, mut replay) = (Awaiting::default(), Replay::new(Vec::new(), [7; 32]));
        awaiting.open(1);
        awaiting.open(2);
        awaiting.arrive(2, reply);
        awaiting.arrive(1, reply);
        awaiting.arrive(9, reply);
        assert_eq!(given(&awaiting.next(&mut replay, 3)), 2);
        assert_eq!(given(&awaiting.next(&mut replay, 3)), 1);
        assert!(matches!(awaiting.next(&mut replay, 3), Next::Live));
        assert_eq!(awaiting.take_given(), [2, 1]);
    }

    #[test]
    fn a_replay_gives_what_was_given_before_each_call() {
        let mut awaiting = Awaiting::default();
        let mut replay = Replay::new(vec![row(3, &[2]), row(4, &[])], [7; 32]);
        awaiting.open_recorded(1, reply(), Some(10));
        awaiting.open_recorded(2, reply(), Some(20));
        assert_eq!(given(&awaiting.next(&mut replay, 3)), 2);
        assert!(matches!(awaiting.next(&mut replay, 3), Next::Hold), "call 3 comes first");
        awaiting.take_given();
        assert!(matches!(awaiting.next(&mut replay, 4), Next::Hold), "nothing was given between calls 3 and 4");
        assert_eq!(given(&awaiting.next(&mut replay, 5)), 1, "the journal is used up");
    }

    #[test]
    fn behind_the_journal_what_happened_before_the_last_log_entry_happens_again() {
        let (mut awaiting, mut replay) = (Awaiting::default(), Replay::new(vec![row(4, &[])], [7; 32]));
        awaiting.repeat(4, vec![3, -7, 1]);
        for (seq, at) in [(1, 10), (2, 20), (3, 30)] {
            awaiting.open_recorded(seq, reply(), Some(at));
        }
        assert!(matches!(awaiting.next(&mut replay, 4), Next::Hold), "call 4 comes first");
        awaiting.take_given();
        assert_eq!(given(&awaiting.next(&mut replay, 5)), 3, "though its answer came last");
        assert!(matches!(awaiting.next(&mut replay, 5), Next::Timer(7)));
        awaiting.went_off(7);
        assert_eq!(given(&awaiting.next(&mut replay, 5)), 1);
        assert_eq!(given(&awaiting.next(&mut replay, 5)), 2, "then by the time of the answers");
        assert_eq!(awaiting.given_for_log(), [3, -7, 1, 2]);
        assert_eq!(awaiting.given_for_log(), [0; 0]);
    }

    #[test]
    fn what_cannot_happen_again_behind_the_journal_holds_nothing_up() {
        let (mut awaiting, mut replay) = (Awaiting::default(), Replay::new(Vec::new(), [7; 32]));
        awaiting.repeat(0, vec![9, 1]);
        awaiting.open_recorded(1, reply(), Some(10));
        awaiting.open_recorded(2, reply(), Some(5));
        assert_eq!(given(&awaiting.next(&mut replay, 1)), 2);
        assert_eq!(given(&awaiting.next(&mut replay, 1)), 1);
        assert!(matches!(awaiting.next(&mut replay, 1), Next::Live));
    }

    #[test]
    fn a_timer_goes_off_where_it_did() {
        let mut awaiting = Awaiting::default();
        let mut replay = Replay::new(vec![row(2, &[-7, 1, -8])], [7; 32]);
        awaiting.open_recorded(1, reply(), Some(10));
        assert!(matches!(awaiting.next(&mut replay, 2), Next::Timer(7)));
        awaiting.went_off(7);
        assert_eq!(given(&awaiting.next(&mut replay, 2)), 1);
        assert!(matches!(awaiting.next(&mut replay, 2), Next::Timer(8)));
        awaiting.went_off(8);
        assert!(matches!(awaiting.next(&mut replay, 2), Next::Hold));
        assert_eq!(awaiting.take_given(), [-7, 1, -8]);
    }

    #[test]
    fn an_answer_waits_until_the_journal_is_used_up() {
        let mut awaiting = Awaiting::default();
        let mut replay = Replay::new(vec![row(2, &[])], [7; 32]);
        awaiting.open(1);
        awaiting.arrive(1, reply);
        assert!(matches!(awaiting.next(&mut replay, 2), Next::Hold));
        assert_eq!(given(&awaiting.next(&mut replay, 3)), 1);
    }

    #[test]
    fn where_a_row_is_lost_what_no_later_call_had_is_given() {
        let mut awaiting = Awaiting::default();
        let mut replay = Replay::new(vec![row(5, &[2])], [7; 32]);
        awaiting.open_recorded(1, reply(), Some(30));
        awaiting.open_recorded(2, reply(), Some(20));
        assert_eq!(given(&awaiting.next(&mut replay, 4)), 1);
        assert!(matches!(awaiting.next(&mut replay, 4), Next::Hold));
    }

    #[test]
    fn the_answer_to_an_abandoned_call_is_dropped() {
        let (mut awaiting, mut replay) = (Awaiting::default(), Replay::new(Vec::new(), [7; 32]));
        awaiting.open(1);
        assert!(awaiting.abandon(1), "the server still works on it");
        awaiting.arrive(1, reply);
        assert!(matches!(awaiting.next(&mut replay, 2), Next::Live));
        awaiting.open(2);
        awaiting.arrive(2, reply);
        assert!(!awaiting.abandon(2), "it was answered already");
    }
}
