//! The shortest way through zygote and slot, and what a slot does from one execution to the next.

use flowstead::protocol::{Check, LogKey, Outcome};

use crate::slot_rig::{Rig, handler, plain_answer, run_of};

#[tokio::test]
async fn a_flow_says_hello() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("this.log('hello', name=inputs['name'])\nreturn this.success('done')")).await;
    let Outcome::Success { message, output, .. } = report.outcome() else { panic!("{report:?}") };
    assert_eq!((message.as_deref(), output.is_none()), (Some("done"), true));
    let (key, log) = &report.logs[0];
    assert_eq!((*key, log.message.as_str(), log.level.as_str()), (LogKey { seq: 0, n: 1 }, "hello", "info"));
    assert_eq!(log.data.as_ref().map(|d| d.get()), Some(r#"{"name":"Ada"}"#));
    assert_eq!(report.unclean(), None);
}

#[tokio::test]
async fn a_clean_slot_takes_one_execution_after_the_other_in_fresh_modules() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let script = handler("global seen\nseen = 'seen' in globals()\nopen('left', 'w').close()\nreturn seen");
    for _ in 0..3 {
        slot.writer.run(&run_of(&script)).unwrap();
        let report = rig.beside(slot.report(plain_answer)).await;
        assert_eq!((report.output().as_str(), report.unclean()), ("false", None));
        assert!(std::fs::read_dir(rig.work_root().join("slot-1")).unwrap().next().is_none(), "the work directory is emptied");
    }
    slot.writer.exit();
    let exit = rig.exit(slot.number).await;
    assert_eq!((exit.code, exit.signal), (Some(0), None));
}

#[tokio::test]
async fn compiled_code_is_offered_once_and_accepted_by_other_slots() {
    let mut rig = Rig::new().await;
    let script = handler("return 1 / inputs['zero'] if 'zero' in inputs else 'fine'");
    let first = rig.run(&script).await;
    let code: serde_json::Value = serde_json::from_str(&first.code.expect("CODE is sent after compiling")).unwrap();
    let mut slot = rig.slot();
    let mut run = run_of(&script);
    run.code = code["code"].as_str().map(str::to_owned);
    run.inputs = crate::slot_rig::raw(&serde_json::json!({"zero": 0}));
    slot.writer.run(&run).unwrap();
    let report = rig.beside(slot.report(plain_answer)).await;
    assert!(report.code.is_none(), "nothing was compiled");
    assert!(report.error().contains("return 1 / inputs['zero']"), "source lines are shown: {}", report.error());
}

#[tokio::test]
async fn a_handler_takes_two_parameters_or_three() {
    let mut rig = Rig::new().await;
    for (script, output) in [
        ("def handler(system, this): return 2", "2"),
        ("def handler(system, this, inputs=None): return inputs", r#"{"name":"Ada"}"#),
        ("def handler(*args): return len(args)", "3"),
        (
            "import functools\ndef wrap(f):\n  @functools.wraps(f)\n  def g(*a): return f(*a)\n  return g\n@wrap\ndef handler(system, this): return 2",
            "2",
        ),
        ("class H:\n  def __call__(self, system, this, inputs): return 3\nhandler = H()", "3"),
        ("async def handler(system, this, inputs):\n  import asyncio\n  await asyncio.sleep(0)\n  return 4", "4"),
    ] {
        assert_eq!(rig.run(script).await.output(), output, "{script}");
    }
    for script in
        ["def handler(): pass", "def handler(a): pass", "def handler(a, b, c, d): pass", "def handler(a, b, *, c): pass", "handler = 3"]
    {
        let report = rig.run(script).await;
        assert!(report.error().contains("(system, this, inputs)"), "{script}: {}", report.error());
    }
}

#[tokio::test]
async fn a_check_finds_what_is_wrong_without_running_it() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let mut check = async |script: &str| {
        slot.writer.check(&Check { script: script.into(), script_name: "the flow".into(), describe: false }).unwrap();
        rig.beside(slot.checked()).await
    };
    let broken = check("def handler(system, this, inputs):\n  x = = 2").await;
    assert!(broken.has_syntax_error);
    assert_eq!(broken.problems[0].line, 2);
    let missing = check("raise SystemExit").await;
    assert!(!missing.has_syntax_error && missing.problems[0].message.contains("handler"), "{missing:?}");
    let older = check("def handler(system, this):\n  this.task('REST', url='x')\n  system.flows(filter={})").await;
    assert!(older.has_deprecation);
    assert_eq!(older.problems.iter().map(|p| p.line).collect::<Vec<_>>(), [1, 2, 3]);
    let fine = check("def handler(system, this, inputs):\n  return this.success()").await;
    assert!(fine.problems.is_empty() && !fine.has_deprecation);
}
