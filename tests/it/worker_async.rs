//! Async handlers inside a slot: awaited calls, the order in which their answers are given, cancels, replays, threads.

use flowstead::protocol::{CANCEL_SIGNAL, Call, Op, Outcome, Recorded, Reply};
use serde_json::json;

use crate::slot_rig::{Report, Rig, Slot, handler, ok, plain_answer, recorded, run_of};

fn async_handler(body: &str) -> String {
    handler(body).replace("import flow_api", "import asyncio, flow_api").replace("def handler", "async def handler")
}

/// Collects events until so many calls came; none is answered.
async fn calls(rig: &mut Rig, slot: &mut Slot, report: &mut Report, count: usize) {
    while report.calls.len() < count && report.done.is_none() && !report.closed {
        rig.beside(slot.step(report, &mut |_, _| None)).await;
    }
}

/// Collects to the end; what is still asked is answered with its number.
async fn finish(rig: &mut Rig, slot: &mut Slot, report: &mut Report) {
    while report.done.is_none() && !report.closed {
        rig.beside(slot.step(report, &mut |seq, _| Some(ok(json!(seq))))).await;
    }
}

const NAPS: &str = "order = []
async def nap(name):
  await this.sleep_async(1)
  order.append(name)
  this.log(name)
await asyncio.gather(*(nap(name) for name in 'abc'))
return [order, this.now()]";

/// Runs [`NAPS`] and answers its sleeps in this order.
async fn naps(rig: &mut Rig, order: [u32; 3]) -> Report {
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(NAPS))).unwrap();
    calls(rig, &mut slot, &mut report, 3).await;
    for seq in order {
        slot.writer.reply(seq, &ok(json!(null))).unwrap();
    }
    finish(rig, &mut slot, &mut report).await;
    report
}

/// What the server has of a first attempt; every call answered with null, in the order of `done`.
fn journal(report: &Report, done: &[u32]) -> Vec<Recorded> {
    let row = |(seq, call): &(u32, Call)| {
        let at = done.iter().position(|d| d == seq);
        let mut row = recorded(*seq, call, at.map(|_| ok(json!(null))));
        row.done = at.map(|at| at as u64 * 1_000);
        row
    };
    report.calls.iter().map(row).collect()
}

#[tokio::test]
async fn tasks_go_on_in_the_order_of_their_answers() {
    let mut rig = Rig::new().await;
    let report = naps(&mut rig, [3, 1, 2]).await;
    assert_eq!(report.output(), r#"[["c","a","b"],4]"#);
    assert!(report.calls[..3].iter().all(|(_, call)| call.awaited) && !report.calls[3].1.awaited);
    assert_eq!(report.calls[3].1.delivered, [3, 1, 2], "the next call says what was given before it");
    assert_eq!(report.unclean(), None);
}

#[tokio::test]
async fn a_replay_gives_the_answers_in_the_recorded_order() {
    let mut rig = Rig::new().await;
    for order in [[3, 1, 2], [2, 3, 1], [1, 2, 3]] {
        let first = naps(&mut rig, order).await;
        let mut again = run_of(&async_handler(NAPS));
        // The rows' own times say something else: only what was given counts.
        again.journal = journal(&first, &[1, 2, 3, 4]);
        let mut slot = rig.slot();
        slot.writer.run(&again).unwrap();
        let second = rig.beside(slot.report(plain_answer)).await;
        assert_eq!(second.calls.len(), 0);
        assert_eq!(second.messages(), first.messages());
        assert_eq!(second.output(), first.output().replace("4]", "null]"));
    }
}

#[tokio::test]
async fn what_was_answered_after_the_last_call_is_given_as_it_came() {
    let mut rig = Rig::new().await;
    let first = naps(&mut rig, [3, 1, 2]).await;
    let mut again = run_of(&async_handler(NAPS));
    again.journal = journal(&first, &[3, 2]);
    again.journal.truncate(3);
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&again).unwrap();
    calls(&mut rig, &mut slot, &mut report, 1).await;
    assert_eq!(report.calls[0].0, 1, "the open call goes out again under its number");
    slot.writer.reply(1, &ok(json!(null))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    assert_eq!(report.output(), r#"[["c","b","a"],4]"#);
}

const RACE: &str = "async def late():
  await asyncio.sleep(0.3)
  return this.random()
async def waits():
  await this.sleep_async(1)
  return this.now()
return await asyncio.gather(late(), waits())";

#[tokio::test]
async fn a_timer_that_went_off_between_answers_does_so_again() {
    let mut rig = Rig::new().await;
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(RACE))).unwrap();
    // Its timer first, then the answer.
    while report.calls.len() < 2 {
        rig.beside(slot.step(&mut report, &mut |_, call| (call.op == Op::Random).then(|| ok(json!("random"))))).await;
    }
    slot.writer.reply(1, &ok(json!(null))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    let names = |report: &Report| report.calls.iter().map(|(seq, call)| (*seq, call.op)).collect::<Vec<_>>();
    assert_eq!(names(&report), [(1, Op::Sleep), (2, Op::Random), (3, Op::Now)], "{report:?}");
    let mut again = run_of(&async_handler(RACE));
    again.journal = journal(&report, &[2, 1, 3]);
    let mut slot = rig.slot();
    slot.writer.run(&again).unwrap();
    let second = rig.beside(slot.report(plain_answer)).await;
    assert_eq!((second.output().as_str(), second.calls.len()), ("[null,null]", 0), "{second:?}");
}

#[tokio::test]
async fn a_call_whose_task_was_cancelled_is_abandoned_and_its_answer_dropped() {
    let mut rig = Rig::new().await;
    let body =
        "try:\n  await asyncio.wait_for(this.sleep_async(9), 0.05)\nexcept TimeoutError:\n  await this.sleep_async(1)\n  return this.now()";
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(body))).unwrap();
    calls(&mut rig, &mut slot, &mut report, 2).await;
    assert_eq!(report.abandoned, [1]);
    slot.writer.reply(1, &ok(json!("late"))).unwrap();
    slot.writer.reply(2, &ok(json!(null))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    assert_eq!((report.output().as_str(), report.calls[2].1.delivered.clone()), ("3", vec![2]));
    // In a replay the answer to the abandoned call, recorded or not, must not come before it is abandoned again.
    for done in [vec![1, 2, 3], vec![2, 3]] {
        let mut again = run_of(&async_handler(body));
        again.journal = journal(&report, &done);
        let mut slot = rig.slot();
        slot.writer.run(&again).unwrap();
        let second = rig.beside(slot.report(|seq, _| Some(ok(json!(seq))))).await;
        assert_eq!(second.output(), "null", "{second:?}");
    }
}

#[tokio::test]
async fn a_blocking_call_keeps_the_answers_of_others_for_their_tasks() {
    let mut rig = Rig::new().await;
    let body = "task = asyncio.create_task(this.sleep_async(1))\nawait asyncio.sleep(0)\nnow = this.now()\nawait task\nreturn now";
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(body))).unwrap();
    calls(&mut rig, &mut slot, &mut report, 2).await;
    slot.writer.reply(1, &ok(json!("slept"))).unwrap();
    slot.writer.reply(2, &ok(json!("now"))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    assert_eq!(report.output(), "\"now\"");
}

#[tokio::test]
async fn a_handler_says_when_it_only_awaits() {
    let mut rig = Rig::new().await;
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler("await asyncio.gather(this.sleep_async(1), asyncio.sleep(2))\nthis.now()"))).unwrap();
    while report.awaits != [true, false, true] && report.done.is_none() {
        rig.beside(slot.step(&mut report, &mut |_, _| None)).await;
    }
    slot.writer.reply(1, &ok(json!(null))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    assert_eq!(report.output(), "null");
}

/// Runs it, cancels once it says that it only awaits, or logs that it is busy; sleeps of 1,000 seconds are not answered.
async fn cancelled(body: &str) -> Report {
    let mut rig = Rig::new().await;
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(body))).unwrap();
    let mut sent = false;
    while report.done.is_none() && !report.closed {
        if !sent && (report.awaits.contains(&true) || report.messages().contains(&"busy")) {
            rig.zygote.kill(slot.number, CANCEL_SIGNAL, false).unwrap();
            sent = true;
        }
        let mut answer = |_: u32, call: &Call| (!call.args.get().contains("1000")).then(|| ok(json!(null)));
        rig.beside(slot.step(&mut report, &mut answer)).await;
    }
    assert!(matches!(report.outcome(), Outcome::Cancelled { .. }), "{body}: {report:?}");
    report
}

#[tokio::test]
async fn a_cancel_comes_out_of_whatever_an_async_handler_awaits() {
    for body in [
        "await this.sleep_async(1000)",
        "await asyncio.gather(this.sleep_async(1000), asyncio.sleep(1000))",
        "task = asyncio.create_task(this.sleep_async(1000))\nawait asyncio.sleep(0)\nawait asyncio.shield(task)",
        "async with asyncio.TaskGroup() as group:\n  group.create_task(this.sleep_async(1000))",
        "this.log('busy')\nawait asyncio.sleep(1000)",
        "this.log('busy')\nawait asyncio.Event().wait()",
        "this.log('busy')\nwhile True: pass",
        "this.log('busy')\nwhile True: await asyncio.sleep(0)",
        "this.log('busy')\nthis.sleep(1000)",
        "async def work():\n  this.log('busy')\n  this.sleep(1000)\nawait asyncio.gather(work(), this.sleep_async(1000))",
        "this.log('busy')\nawait asyncio.to_thread(__import__('time').sleep, 0.3)\nawait this.sleep_async(1000)",
    ] {
        cancelled(body).await;
    }
}

#[tokio::test]
async fn an_async_handler_cleans_up_after_a_cancel() {
    let body = "try:
  await this.sleep_async(1000)
except asyncio.CancelledError:
  this.log('told')
  raise
finally:
  this.save(message='released')
  await this.sleep_async(1)
  await asyncio.gather(this.sleep_async(1), this.sleep_async(1))
  this.log('cleaned')";
    let report = cancelled(body).await;
    assert_eq!(report.messages(), ["told", "cleaned"]);
    assert_eq!(report.calls.iter().filter(|(_, call)| call.op == Op::Sleep).count(), 4);
}

#[tokio::test]
async fn a_cancel_that_an_async_handler_swallows_comes_again_with_the_next_await() {
    let body = "n = 0
while True:
  try:
    this.log('ready')
    await this.sleep_async(1000)
  except BaseException:
    n += 1
  if n == 3: break
return 'ignored'";
    let report = cancelled(body).await;
    assert_eq!((report.messages(), report.calls.len()), (vec!["ready"], 1));
}

#[tokio::test]
async fn a_cancel_from_before_this_attempt_is_raised_where_every_task_waits() {
    let mut rig = Rig::new().await;
    let first = naps(&mut rig, [1, 2, 3]).await;
    let body =
        NAPS.replace("  await this.sleep_async(1)\n", "  try:\n    await this.sleep_async(1)\n  finally:\n    this.log('bye ' + name)\n");
    let mut again = run_of(&async_handler(&body));
    again.journal = journal(&first, &[2]);
    again.journal.truncate(3);
    again.cancelled = true;
    let mut slot = rig.slot();
    slot.writer.run(&again).unwrap();
    let second = rig.beside(slot.report(plain_answer)).await;
    assert!(matches!(second.outcome(), Outcome::Cancelled { .. }), "{second:?}");
    assert_eq!((second.messages(), second.calls.len()), (vec!["bye b", "b", "bye a", "bye c"], 0));
}

#[tokio::test]
async fn a_replay_that_stands_still_is_found_out() {
    let mut rig = Rig::new().await;
    let first = naps(&mut rig, [1, 2, 3]).await;
    for body in
        ["await this.sleep_async(1)", "try:\n  await asyncio.Event().wait()\nexcept BaseException: pass\nawait asyncio.Event().wait()"]
    {
        let mut again = run_of(&async_handler(body));
        again.journal = journal(&first, &[1, 2, 3, 4]);
        let mut slot = rig.slot();
        slot.writer.run(&again).unwrap();
        let second = rig.beside(slot.report(plain_answer)).await;
        let Outcome::Diverged { message, .. } = second.outcome() else { panic!("{body}: {second:?}") };
        assert!(message.contains("call"), "{message}");
    }
}

#[tokio::test]
async fn calls_of_other_threads_say_so() {
    let mut rig = Rig::new().await;
    let body = "this.now()\nasync def nap():\n  await this.sleep_async(1)\nresult = await asyncio.gather(asyncio.to_thread(this.now), nap())\nreturn this.now()";
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(body))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    let off_main: Vec<bool> = report.calls.iter().map(|(_, call)| call.off_main).collect();
    assert_eq!((off_main.iter().filter(|off| **off).count(), off_main[0], off_main[3]), (1, false, false));
}

#[tokio::test]
async fn a_thread_that_waits_does_not_hold_up_the_tasks() {
    let mut rig = Rig::new().await;
    let body = "async def nap():
  await this.sleep_async(1)
  this.log('slept')
await asyncio.gather(asyncio.to_thread(this.sleep, 5), nap())";
    let (mut slot, mut report) = (rig.slot(), Report::default());
    slot.writer.run(&run_of(&async_handler(body))).unwrap();
    calls(&mut rig, &mut slot, &mut report, 2).await;
    let of = |off_main: bool| report.calls.iter().find(|(_, call)| call.off_main == off_main).map(|(seq, _)| *seq).unwrap();
    let (thread, task) = (of(true), of(false));
    slot.writer.reply(task, &ok(json!(null))).unwrap();
    while report.logs.is_empty() {
        rig.beside(slot.step(&mut report, &mut |_, _| None::<Reply>)).await;
    }
    slot.writer.reply(thread, &ok(json!(null))).unwrap();
    finish(&mut rig, &mut slot, &mut report).await;
    assert_eq!(report.output(), "null");
}
