//! Replay inside a slot: recorded calls answer, the flow goes live where they end, and another way is found out.

use flowstead::protocol::{Call, LogKey, Op, Outcome, Recorded, Reply, Run, StepResult};
use serde_json::json;

use crate::slot_rig::{Report, Rig, fault, handler, ok, plain_answer, recorded, run_of};

/// The number of the call as the answer.
#[allow(clippy::unnecessary_wraps, reason = "the shape of every answerer")]
fn numbered(seq: u32, _call: &Call) -> Option<Reply> {
    Some(ok(json!(seq)))
}

async fn run(rig: &mut Rig, run: &Run) -> Report {
    let mut slot = rig.slot();
    slot.writer.run(run).unwrap();
    rig.beside(slot.report(numbered)).await
}

/// What the server has of a first attempt: one row a call; a step's end completes the row of its beginning.
fn journal(report: &Report) -> Vec<Recorded> {
    let mut rows: Vec<Recorded> = Vec::new();
    for (seq, call) in &report.calls {
        if call.op == Op::StepEnd {
            let result: StepResult = serde_json::from_str(call.args.get()).unwrap();
            let row = rows.iter_mut().find(|r| r.seq == *seq).unwrap();
            row.reply = Some(result.reply);
            row.next = result.next;
        } else {
            let reply = (call.op != Op::StepBegin).then(|| ok(json!(seq)));
            rows.push(recorded(*seq, call, reply));
        }
    }
    rows
}

const FLOW: &str = "this.log('one')\na = this.now()\nthis.log('two')\nb = this.random()\nthis.log('three')\nreturn [a, b]";

#[tokio::test]
async fn a_replay_asks_nothing_and_logs_nothing_twice() {
    let mut rig = Rig::new().await;
    let first = run(&mut rig, &run_of(&handler(FLOW))).await;
    assert_eq!(first.output(), "[1,2]");
    let mut again = run_of(&handler(FLOW));
    again.journal = journal(&first);
    again.logs_after = LogKey { seq: 1, n: 1 };
    let second = run(&mut rig, &again).await;
    assert_eq!((second.output(), second.calls.len()), ("[1,2]".to_owned(), 0));
    assert_eq!(second.messages(), ["three"]);
    assert_eq!(second.logs[0].0, first.logs[2].0, "an entry has the same key in every attempt");
}

#[tokio::test]
async fn a_flow_goes_live_where_the_journal_ends() {
    let mut rig = Rig::new().await;
    let script = handler("return [this.now() for _ in range(1000)][-1]");
    let first = run(&mut rig, &run_of(&script)).await;
    let mut again = run_of(&script);
    again.journal = journal(&first).into_iter().take(500).collect();
    let second = run(&mut rig, &again).await;
    assert_eq!((second.output().as_str(), second.calls.len(), second.calls[0].0), ("1000", 500, 501));
}

#[tokio::test]
async fn a_call_without_an_answer_goes_out_under_the_same_number() {
    let mut rig = Rig::new().await;
    let script = handler("this.now()\nthis.sleep(5)\nreturn this.now()");
    let first = run(&mut rig, &run_of(&script)).await;
    let mut again = run_of(&script);
    again.journal = journal(&first).into_iter().take(2).collect();
    again.journal[1].reply = None;
    let second = run(&mut rig, &again).await;
    assert_eq!(second.calls.iter().map(|(seq, call)| (*seq, call.op)).collect::<Vec<_>>(), [(2, Op::Sleep), (3, Op::Now)]);
}

#[tokio::test]
async fn a_cancelled_execution_is_cancelled_where_its_journal_ends() {
    let mut rig = Rig::new().await;
    let script = handler("this.now()\ntry:\n  this.sleep(5)\nfinally:\n  this.log('cleaned')");
    let first = run(&mut rig, &run_of(&script)).await;
    let mut again = run_of(&script);
    again.journal = journal(&first);
    again.journal[1].reply = None;
    again.cancelled = true;
    let second = run(&mut rig, &again).await;
    assert!(matches!(second.outcome(), Outcome::Cancelled { .. }), "{second:?}");
    assert_eq!((second.messages(), second.calls.len()), (vec!["cleaned"], 0));
}

#[tokio::test]
async fn other_arguments_end_the_attempt_with_both_shown() {
    let mut rig = Rig::new().await;
    let first = run(&mut rig, &run_of(&handler("system.setting('a').save(value=1)"))).await;
    let other = "system.setting('a').save(value=2)";
    let swallowed = format!("try:\n  {other}\nexcept BaseException:\n  pass\nreturn 'ignored'");
    for body in [other, &swallowed, "this.now()"] {
        let mut again = run_of(&handler(body));
        again.journal = journal(&first);
        let second = run(&mut rig, &again).await;
        let Outcome::Diverged { message, .. } = second.outcome() else { panic!("{body}: {second:?}") };
        assert!(message.contains("record_save on 'setting' with ") && message.contains(r#""value":1"#), "{message}");
    }
}

#[tokio::test]
async fn ending_before_the_journal_does_is_a_difference() {
    let mut rig = Rig::new().await;
    let first = run(&mut rig, &run_of(&handler("this.now()\nthis.now()"))).await;
    for body in ["this.now()", "this.now()\nthis.success()"] {
        let mut again = run_of(&handler(body));
        again.journal = journal(&first);
        let second = run(&mut rig, &again).await;
        assert!(matches!(second.outcome(), Outcome::Diverged { .. }), "{second:?}");
    }
}

const STEP: &str = "def work(x, idempotency_key):\n  this.now()\n  this.log('inside')\n  return (x, idempotency_key)\n\
    r = this.step('work', work, 5)\nthis.log('after')\nreturn [r, this.now()]";

#[allow(clippy::unnecessary_wraps, reason = "the shape of every answerer")]
fn step_answers(seq: u32, call: &Call) -> Option<Reply> {
    Some(if call.op == Op::StepBegin { ok(json!({"idempotency_key": "key"})) } else { ok(json!(seq)) })
}

#[tokio::test]
async fn a_finished_step_is_not_run_again() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(STEP))).unwrap();
    let first = rig.beside(slot.report(step_answers)).await;
    assert_eq!(first.output(), r#"[[5,"key"],4]"#);
    let numbers: Vec<(u32, Op)> = first.calls.iter().map(|(seq, call)| (*seq, call.op)).collect();
    assert_eq!(numbers, [(1, Op::StepBegin), (2, Op::Now), (1, Op::StepEnd), (4, Op::Now)]);
    let mut again = run_of(&handler(STEP));
    again.journal = journal(&first);
    let second = run(&mut rig, &again).await;
    assert_eq!((second.output(), second.calls.len()), (first.output(), 0));
    assert_eq!(second.logs[0].0, first.logs[1].0, "the entry after the step has the same key");
}

#[tokio::test]
async fn what_a_handle_learns_in_a_step_it_forgets_after_it() {
    let mut rig = Rig::new().await;
    let script = handler("s = system.setting('a')\nthis.step('s', lambda: s.save(value=1) and None)\ns.acquire()");
    let saved = |seq: u32, call: &Call| match call.op {
        Op::RecordSave => Some(ok(json!({"id": "00000000-0000-0000-0000-000000000001", "name": "a"}))),
        _ => step_answers(seq, call),
    };
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&script)).unwrap();
    let first = rig.beside(slot.report(saved)).await;
    let mut again = run_of(&script);
    again.journal = journal(&first);
    let second = run(&mut rig, &again).await;
    assert_eq!((second.output(), second.calls.len()), ("null".to_owned(), 0), "a replay does not run the step, so it does not learn");
}

#[tokio::test]
async fn an_unfinished_step_begins_again_with_its_own_numbers() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(STEP))).unwrap();
    let first = rig.beside(slot.report(step_answers)).await;
    let mut again = run_of(&handler(STEP));
    again.journal = first.calls.iter().take(2).map(|(seq, call)| recorded(*seq, call, (*seq == 2).then(|| ok(json!(2))))).collect();
    let mut slot = rig.slot();
    slot.writer.run(&again).unwrap();
    let second = rig.beside(slot.report(step_answers)).await;
    assert_eq!(second.output(), first.output());
    assert_eq!(second.calls[0].0, 1, "the beginning goes out again under its number");
}

#[tokio::test]
async fn a_failed_step_raises_the_same_in_a_replay() {
    let mut rig = Rig::new().await;
    let body = "class Odd(Exception): pass\nglobals()['Odd'] = Odd\nOdd.__qualname__ = 'Odd'\ndef fail(): raise Odd('why', 3)\n\
        try:\n  this.step('fail', fail)\nexcept Odd as e:\n  return list(e.args)";
    let first = run(&mut rig, &run_of(&handler(body))).await;
    assert_eq!(first.output(), r#"["why",3]"#);
    let mut again = run_of(&handler(body));
    again.journal = journal(&first);
    let second = run(&mut rig, &again).await;
    assert_eq!((second.output(), second.calls.len()), (first.output(), 0));
}

#[tokio::test]
async fn a_recorded_error_is_raised_again() {
    let mut rig = Rig::new().await;
    let script = handler("try:\n  system.setting('x').get('value')\nexcept flow_api.ResourceNotFoundError as e:\n  return str(e)");
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&script)).unwrap();
    let first = rig.beside(slot.report(|_, _| Some(fault("ResourceNotFoundError", "There is no setting 'x'.")))).await;
    let mut again = run_of(&script);
    again.journal = first.calls.iter().map(|(seq, call)| recorded(*seq, call, Some(fault("ResourceNotFoundError", "recorded")))).collect();
    assert_eq!(run(&mut rig, &again).await.output(), "\"recorded\"");
}

#[tokio::test]
async fn random_and_hashes_are_the_same_in_every_attempt() {
    let mut rig = Rig::new().await;
    let script = handler("import random\nreturn [random.random(), list({'a', 'b', 'c', 'd', 'e'}), hash('x')]");
    let (first, second) = (rig.run(&script).await.output(), rig.run(&script).await.output());
    assert_eq!(first, second);
    let mut slot = rig.slot();
    for _ in 0..2 {
        slot.writer.run(&run_of(&script)).unwrap();
        assert_eq!(rig.beside(slot.report(plain_answer)).await.output(), first, "in a slot that is used again too");
    }
}
