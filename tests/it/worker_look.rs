//! Where a flow stands, seen by a signal: in whatever Python waits in, and without the flow noticing.

use flowstead::protocol::{Call, LOOK_SIGNAL, Stack};
use serde_json::json;

use crate::slot_rig::{Report, Rig, Slot, handler, ok, recorded, run_of, within};

/// The line of the script that a handler's body begins in.
const FIRST: u32 = 4;

/// Calls that do not wait are answered at once.
fn quick(_seq: u32, call: &Call) -> Option<flowstead::protocol::Reply> {
    (!call.op.waits()).then(|| ok(json!(7)))
}

/// Asks until the slot has told where it stands once more; a signal that comes a moment too early is not seen.
async fn look(rig: &mut Rig, slot: &mut Slot, report: &mut Report) -> Stack {
    let before = report.stacks.len();
    let mut answer = quick;
    let asking = async {
        while report.stacks.len() == before {
            rig.zygote.kill(slot.number, LOOK_SIGNAL, false).unwrap();
            let step = tokio::time::timeout(std::time::Duration::from_millis(50), slot.step(report, &mut answer));
            let _ = rig.beside(step).await;
        }
    };
    within(asking).await;
    report.stacks.last().unwrap().clone()
}

/// Runs a body, looks once it has logged a line, and gives what was seen, with the rig to go on.
async fn seen(body: &str) -> (Stack, Rig, Slot, Report) {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let mut report = Report::default();
    let mut answer = quick;
    while report.logs.is_empty() {
        rig.beside(slot.step(&mut report, &mut answer)).await;
    }
    let stack = look(&mut rig, &mut slot, &mut report).await;
    (stack, rig, slot, report)
}

fn lines(stack: &Stack) -> Vec<u32> {
    stack.frames.iter().map(|frame| frame.line).collect()
}

#[tokio::test]
async fn it_is_seen_in_whatever_python_waits_in() {
    for (body, module) in [
        ("import time\nthis.log('ready')\ntime.sleep(1000)", None),
        ("import socket\nthis.log('ready')\na, b = socket.socketpair(); a.recv(1)", None),
        ("import threading\nthis.log('ready')\nlock = threading.Lock(); lock.acquire(); lock.acquire()", None),
        ("import subprocess\nthis.log('ready')\nsubprocess.run(['sleep', '1000'])", Some("subprocess")),
        ("import re\nthis.log('ready')\nre.match('(a+)+b', 'a' * 40)", Some("re")),
        ("pass\nthis.log('ready')\nwhile True: pass", None),
        ("pass\nthis.log('ready')\nthis.sleep(1000)", Some("flow_api")),
    ] {
        let (mut stack, mut rig, mut slot, mut report) = seen(body).await;
        let is_there = |stack: &Stack| {
            let inside = stack.inside.as_ref();
            lines(stack) == [FIRST + 2] && inside.is_none_or(|inside| module.is_some_and(|m| inside.module.starts_with(m)))
        };
        // Right after its log entry it may still be on its way there.
        for _ in 0..200 {
            if is_there(&stack) {
                break;
            }
            stack = look(&mut rig, &mut slot, &mut report).await;
        }
        assert!(is_there(&stack), "{body}: {stack:?}");
    }
}

#[tokio::test]
async fn a_deep_stack_is_shown_by_its_ends() {
    let body = "def down(n):\n  if n == 0:\n    this.log('ready')\n    while True: pass\n  down(n - 1)\ndown(500)";
    let (stack, ..) = seen(body).await;
    assert_eq!((stack.frames.len(), stack.left_out), (20, 482), "{stack:?}");
    assert_eq!((stack.frames[0].function.as_str(), stack.frames[19].function.as_str()), ("handler", "handler.<locals>.down"));
}

#[tokio::test]
async fn tasks_of_an_async_handler_are_seen_where_they_await() {
    let script = "import asyncio\n\nasync def wait(this, seconds):\n    await asyncio.sleep(seconds)\n\nasync def handler(system, this):\n    \
                  other = asyncio.create_task(wait(this, 1000), name='other')\n    this.log('ready')\n    await this.sleep_async(1000)\n";
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(script)).unwrap();
    let mut report = Report::default();
    let mut answer = quick;
    while report.awaits.is_empty() {
        rig.beside(slot.step(&mut report, &mut answer)).await;
    }
    let stack = look(&mut rig, &mut slot, &mut report).await;
    assert_eq!(stack.frames, [], "no task runs");
    let tasks: Vec<(&str, u32)> = stack.tasks.iter().map(|task| (task.name.as_str(), task.frames.last().map_or(0, |f| f.line))).collect();
    assert_eq!(tasks, [("other", 4), ("Task-1", 9)], "{stack:?}");
}

#[tokio::test]
async fn the_flow_does_not_notice() {
    // Looked at all the time: while it computes, waits for answers, and waits in Python.
    let body = "import random, time\nthis.log('ready')\nfor n in range(300):\n  this.save(message=str(n))\ntime.sleep(0.2)\n\
                this.sleep(0)\nreturn random.random()";
    let mut outputs = Vec::new();
    for is_watched in [true, false] {
        let mut rig = Rig::new().await;
        let mut slot = rig.slot();
        slot.writer.run(&run_of(&handler(body))).unwrap();
        let mut report = Report::default();
        let mut answer = |_: u32, _: &Call| Some(ok(json!(null)));
        while report.done.is_none() {
            if is_watched {
                rig.zygote.kill(slot.number, LOOK_SIGNAL, false).unwrap();
            }
            rig.beside(slot.step(&mut report, &mut answer)).await;
        }
        assert_eq!(report.stacks.is_empty(), !is_watched, "{} stacks", report.stacks.len());
        assert_eq!(report.unclean(), None, "the slot can be used again");
        outputs.push((report.output(), report.calls.len(), report.messages().len()));
    }
    assert_eq!(outputs[0], outputs[1]);
}

#[tokio::test]
async fn a_replay_that_is_looked_at_goes_its_way() {
    let body = "for n in range(2000):\n  this.save(message=str(n))\nthis.sleep(1)\nreturn 'there'";
    let script = handler(body);
    let mut rig = Rig::new().await;
    let first = rig.run(&script).await;
    let mut run = run_of(&script);
    run.journal = first.calls.iter().take(2_000).map(|(seq, call)| recorded(*seq, call, Some(ok(json!(null))))).collect();
    let mut again = rig.slot();
    again.writer.run(&run).unwrap();
    let mut report = Report::default();
    let mut answer = |_: u32, _: &Call| Some(ok(json!(null)));
    while report.done.is_none() {
        rig.zygote.kill(again.number, LOOK_SIGNAL, false).unwrap();
        rig.beside(again.step(&mut report, &mut answer)).await;
    }
    assert_eq!((report.output().as_str(), report.calls.len()), ("\"there\"", 1), "only the sleep was live");
}

#[tokio::test]
async fn a_slot_without_an_execution_says_nothing() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    rig.zygote.kill(slot.number, LOOK_SIGNAL, false).unwrap();
    slot.writer.run(&run_of(&handler("return 1"))).unwrap();
    let report = rig.beside(slot.report(crate::slot_rig::plain_answer)).await;
    assert_eq!(report.output(), "1");
}
