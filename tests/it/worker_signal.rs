//! Ends and cancels: lifecycle signals that cannot be lost, and a cancel that comes out of whatever a flow waits in.

use flowstead::protocol::{CANCEL_SIGNAL, Outcome};

use crate::slot_rig::{Report, Rig, fault, handler, plain_answer, run_of};

/// Runs it, cancels once it has logged its first line, and gives the report.
async fn cancelled(body: &str) -> Report {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let mut report = Report::default();
    let mut answer = |_: u32, call: &flowstead::protocol::Call| (!call.op.waits()).then(|| crate::slot_rig::ok(serde_json::Value::Null));
    let mut sent = false;
    while report.done.is_none() && !report.closed {
        if !sent && !report.logs.is_empty() {
            rig.zygote.kill(slot.number, CANCEL_SIGNAL, false).unwrap();
            sent = true;
        }
        rig.beside(slot.step(&mut report, &mut answer)).await;
    }
    report
}

fn assert_cancelled(report: &Report) {
    assert!(matches!(report.outcome(), Outcome::Cancelled { .. }), "{report:?}");
    assert_eq!(report.unclean(), Some("the execution was cancelled"));
}

#[tokio::test]
async fn a_cancel_comes_out_of_a_durable_sleep() {
    assert_cancelled(&cancelled("this.log('ready')\nthis.sleep(1000)").await);
}

#[tokio::test]
async fn a_cancel_comes_out_of_a_busy_loop() {
    assert_cancelled(&cancelled("this.log('ready')\nwhile True: pass").await);
}

#[tokio::test]
async fn a_cancel_comes_out_of_what_python_blocks_in() {
    for body in [
        "import time\nthis.log('ready')\ntime.sleep(1000)",
        "import socket\na, b = socket.socketpair()\nthis.log('ready')\na.recv(1)",
        "import threading\nlock = threading.Lock()\nlock.acquire()\nthis.log('ready')\nlock.acquire()",
        "import re\nthis.log('ready')\nre.match('(a+)+b', 'a' * 40)",
        "import subprocess\nthis.log('ready')\nsubprocess.run(['sleep', '1000'])",
        "import asyncio\nthis.log('ready')\nasyncio.run(asyncio.sleep(1000))",
    ] {
        let report = cancelled(body).await;
        assert!(matches!(report.outcome(), Outcome::Cancelled { .. }), "{body}: {report:?}");
    }
}

#[tokio::test]
async fn a_swallowed_cancel_comes_out_of_what_python_blocks_in_next() {
    for body in [
        "import time\nthis.log('ready')\ntry: time.sleep(1000)\nexcept BaseException: pass\ntime.sleep(1000)",
        "import time\nclass Late:\n  def __del__(self): this.log('ready'); time.sleep(1000)\nlate = Late()\ndel late\ntime.sleep(1000)",
        "import asyncio, time\nasync def main():\n  asyncio.get_running_loop().call_soon(lambda: (this.log('ready'), time.sleep(1000)))\n  await asyncio.sleep(1000)\nasyncio.run(main())",
    ] {
        let report = cancelled(body).await;
        assert!(matches!(report.outcome(), Outcome::Cancelled { .. }), "{body}: {report:?}");
    }
}

#[tokio::test]
async fn cleaning_up_is_not_disturbed_by_a_repeated_cancel() {
    let body = "import time\ntry:\n  this.log('ready')\n  time.sleep(1000)\nfinally:\n  time.sleep(0.3)\n  this.log('cleaned')";
    let report = cancelled(body).await;
    assert_cancelled(&report);
    assert_eq!(report.messages(), ["ready", "cleaned"]);
}

#[tokio::test]
async fn cleaning_up_after_a_cancel_may_call() {
    let body = "try:\n  this.log('ready')\n  this.sleep(1000)\nfinally:\n  this.save(message='released')\n  this.log('cleaned')";
    let report = cancelled(body).await;
    assert_cancelled(&report);
    assert!(report.calls.iter().any(|(_, call)| call.op == flowstead::protocol::Op::Save), "{report:?}");
    assert_eq!(report.messages(), ["ready", "cleaned"]);
}

#[tokio::test]
async fn a_swallowed_cancel_is_raised_again_by_every_call() {
    let body = "n = 0\nwhile True:\n  try:\n    this.log('ready')\n    this.sleep(1000)\n  except BaseException:\n    n += 1\n  if n == 3: break\nreturn 'ignored'";
    let report = cancelled(body).await;
    assert_cancelled(&report);
    assert_eq!(report.messages(), ["ready"]);
}

#[tokio::test]
async fn an_error_while_cleaning_up_leaves_a_cancel_a_cancel() {
    assert_cancelled(&cancelled("try:\n  this.log('ready')\n  this.sleep(1000)\nfinally:\n  1 / 0").await);
}

#[tokio::test]
async fn the_server_can_answer_a_call_with_a_cancel() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler("this.sleep(5)"))).unwrap();
    let report = rig.beside(slot.report(|_, _| Some(fault("ExecutionCancel", "")))).await;
    assert_cancelled(&report);
}

#[tokio::test]
async fn a_late_answer_to_an_abandoned_call_is_dropped() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    // The alarm repeats: one that rings just before the call waits is not seen by it.
    let body = "import signal\ndef ring(*_):\n  signal.setitimer(signal.ITIMER_REAL, 0)\n  raise TimeoutError('ring')\nsignal.signal(signal.SIGALRM, ring)\n\
        try:\n  signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)\n  this.sleep(1000)\nexcept TimeoutError:\n  return this.now()";
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let mut report = Report::default();
    while report.calls.len() < 2 {
        rig.beside(slot.step(&mut report, &mut |_, _| None)).await;
    }
    slot.writer.reply(1, &crate::slot_rig::ok(serde_json::json!("late"))).unwrap();
    slot.writer.reply(2, &crate::slot_rig::ok(serde_json::json!("right"))).unwrap();
    while report.done.is_none() {
        rig.beside(slot.step(&mut report, &mut plain_answer)).await;
    }
    assert_eq!(report.output(), "\"right\"");
}

#[tokio::test]
async fn success_passes_except_exception_and_runs_finally() {
    let mut rig = Rig::new().await;
    let body = "try:\n  this.success('done')\nexcept Exception:\n  this.log('caught')\nfinally:\n  this.log('finally')";
    let report = rig.run(&handler(body)).await;
    assert!(matches!(report.outcome(), Outcome::Success { message: Some(m), .. } if m == "done"), "{report:?}");
    assert_eq!(report.messages(), ["finally"]);
}

#[tokio::test]
async fn a_swallowed_success_decides_whatever_comes_later() {
    let mut rig = Rig::new().await;
    for after in ["return {'a': 1}", "this.error('too late')", "this.save(message='too late')"] {
        let report = rig.run(&handler(&format!("try:\n  this.success('done')\nexcept BaseException:\n  pass\n{after}"))).await;
        assert!(matches!(report.outcome(), Outcome::Success { message: Some(m), output: None, .. } if m == "done"), "{report:?}");
        assert!(report.calls.is_empty());
    }
}

#[tokio::test]
async fn an_exception_after_a_success_is_an_error() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("try:\n  this.success('done')\nfinally:\n  1 / 0")).await;
    assert!(report.error().ends_with("ZeroDivisionError: division by zero"), "{report:?}");
    assert!(!report.error().contains("ExecutionSuccess"), "{report:?}");
}

#[tokio::test]
async fn an_error_keeps_its_hint_and_data() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("this.error('no', hint='try again', data={'code': 7})")).await;
    let Outcome::Error { message, hint, data, .. } = report.outcome() else { panic!("{report:?}") };
    assert_eq!((message.as_str(), hint.as_deref()), ("no", Some("try again")));
    assert_eq!(data.as_ref().map(|d| d.get()), Some(r#"{"code":7}"#));
}

#[tokio::test]
async fn end_and_restart_say_what_they_are() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("this.end('cancelled', 'enough')")).await;
    assert!(matches!(report.outcome(), Outcome::Cancelled { message: Some(m) } if m == "enough"), "{report:?}");
    let report = rig.run(&handler("this.end('ENDED_ERROR', 'bad')")).await;
    assert_eq!(report.error(), "bad");
    let report = rig.run(&handler("this.end('finished')")).await;
    assert!(report.error().contains("it is 'success', 'error' or 'cancelled'"), "{report:?}");
    let report = rig.run(&handler("this.restart({'n': 2})")).await;
    assert!(matches!(report.outcome(), Outcome::Restart { inputs } if inputs.get() == r#"{"n":2}"#), "{report:?}");
}
