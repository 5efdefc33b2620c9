//! The calls of flow_api as they arrive at the server, and its answers as a flow sees them.

use flowstead::protocol::{Call, ChildArgs, Fault, Op, Reply, ReturnWhen};
use serde_json::{Value, json};

use crate::slot_rig::{Report, Rig, handler, ok, raw, run_of};

const CHILD: &str = "00000000-0000-0000-0000-0000000000c1";
const OTHER: &str = "00000000-0000-0000-0000-0000000000c2";

/// A small world: one child, one setting, one file.
#[allow(clippy::unnecessary_wraps, reason = "the shape of every answerer")]
fn world(_seq: u32, call: &Call) -> Option<Reply> {
    let args: Value = serde_json::from_str(call.args.get()).unwrap();
    Some(match call.op {
        Op::Child => ok(json!([{"id": CHILD, "name": call.target, "status": "ENDED_SUCCESS", "reason": null}])),
        Op::ChildRun => ok(json!([{"id": CHILD, "name": "c", "status": "ENDED_SUCCESS", "reason": null}])),
        Op::Wait => ok(json!([{"id": OTHER, "name": "c", "status": "ENDED_SUCCESS", "reason": null}])),
        Op::RecordGet => {
            let fields = args["fields"].as_array().cloned().unwrap_or_default();
            ok(Value::Object(
                fields.iter().map(|f| (f.as_str().unwrap().to_owned(), json!(format!("the {}", f.as_str().unwrap())))).collect(),
            ))
        }
        Op::RecordExists => ok(json!(true)),
        Op::RecordSave | Op::FileWrite => ok(json!({"id": OTHER, "name": "saved"})),
        Op::RecordList => ok(json!([{"id": CHILD, "name": "d/a.txt"}, {"id": OTHER, "name": "d/b.csv"}])),
        Op::OwnUser | Op::OwnWorkspace => ok(json!({"id": OTHER, "name": "me"})),
        Op::FileRead => ok(json!("aMOkbGxv")),
        Op::EnvName => ok(json!("test")),
        _ => ok(Value::Null),
    })
}

async fn run(rig: &mut Rig, body: &str) -> Report {
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(body))).unwrap();
    rig.beside(slot.report(world)).await
}

fn args(report: &Report, index: usize) -> Value {
    serde_json::from_str(report.calls[index].1.args.get()).unwrap()
}

#[tokio::test]
async fn a_child_gets_inputs_and_loose_keywords() {
    let mut rig = Rig::new().await;
    let report =
        run(&mut rig, "c = this.flow('other', inputs={'a': 1}, timeout=2, priority=3, wait=system.return_when.ALL_ENDED)\nreturn repr(c)")
            .await;
    let (_, call) = &report.calls[0];
    assert_eq!((call.op, call.target.as_str()), (Op::Child, "other"));
    let child: ChildArgs = serde_json::from_str(call.args.get()).unwrap();
    assert_eq!((child.kind.as_str(), child.run, child.wait, child.priority), ("FLOW", true, Some(ReturnWhen::AllEnded), Some(3)));
    assert_eq!(child.input_value.unwrap().get(), r#"{"a":1,"timeout":2}"#);
    assert_eq!(report.output(), format!("\"<Execution 'other' {CHILD}>\""));
}

#[tokio::test]
async fn children_are_made_run_and_waited_for() {
    let mut rig = Rig::new().await;
    let body = format!(
        "a = this.flow('x', run=False)\na.run()\na.run_async()\na.wait(timeout=5)\n\
        b = system.execution('{OTHER}')\ndone = this.wait_for(a, b, return_when=flow_api.ReturnWhen.FIRST_ENDED)\n\
        b.cancel()\nthis.pause()\nthis.script('def handler(system, this): pass', wait=False)\nthis.task('REST', url='http://x')\nreturn [d is b for d in done]"
    );
    let report = run(&mut rig, &body).await;
    assert_eq!(report.output(), "[true]");
    let calls: Vec<(Op, Value)> = (0..report.calls.len()).map(|i| (report.calls[i].1.op, args(&report, i))).collect();
    assert_eq!(calls[0].1["run"], false);
    assert_eq!(calls[1], (Op::ChildRun, json!({"ids": [CHILD], "wait": true})));
    assert_eq!(calls[2], (Op::ChildRun, json!({"ids": [CHILD], "wait": false})));
    assert_eq!(calls[3], (Op::Wait, json!({"ids": [CHILD], "return_when": "ALL_SUCCEEDED", "timeout": 5})));
    assert_eq!(calls[4], (Op::Wait, json!({"ids": [CHILD, OTHER], "return_when": "FIRST_ENDED"})));
    assert_eq!((calls[5].0, report.calls[5].1.target.as_str()), (Op::Cancel, OTHER));
    assert_eq!(calls[6].0, Op::Pause);
    assert_eq!((calls[7].1["kind"].as_str(), calls[7].1["wait"].as_str()), (Some("SCRIPT"), None));
    assert_eq!(
        calls[8].1,
        json!({"connector_type": "REST", "kind": "CONNECTION", "input_value": {"url": "http://x"}, "run": true, "wait": "ALL_SUCCEEDED"})
    );
}

#[tokio::test]
async fn a_failed_child_is_an_error_that_holds_it() {
    let mut rig = Rig::new().await;
    let body = "try:\n  this.flow('x')\nexcept flow_api.DependencyFailedError as e:\n  return [str(e), repr(e.executions[0])]";
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let failed = |_: u32, _: &Call| {
        let data = json!({"executions": [{"id": CHILD, "name": "x", "status": "ENDED_ERROR", "reason": "why"}]});
        Some(Reply::Err(Fault {
            exception: "DependencyFailedError".into(),
            message: "x failed".into(),
            field: None,
            data: Some(raw(&data)),
        }))
    };
    let report = rig.beside(slot.report(failed)).await;
    assert_eq!(report.output(), format!(r#"["x failed","<Execution 'x' {CHILD}>"]"#));
}

#[tokio::test]
async fn records_are_read_and_written() {
    let mut rig = Rig::new().await;
    let body = "s = system.setting(' x ')\na = s.get('value')\nb = s.get('name', 'value')\nc = s.load('value')\nd = s.get_dict('value')\n\
        s.save(value=3)\ne = s.exists()\ns.delete(permanently=True)\ns.archive()\ns.restore()\nreturn [a, b, c, d, e, repr(s)]";
    let report = run(&mut rig, body).await;
    assert_eq!(
        report.output(),
        json!(["the value", ["the name", "the value"], "the value", {"value": "the value"}, true, format!("<Setting 'saved' {OTHER}>")])
            .to_string()
    );
    assert_eq!(args(&report, 0), json!({"name": "x", "fields": ["value"]}));
    assert_eq!(args(&report, 4), json!({"name": "x", "fields": {"value": 3}}));
    assert_eq!(args(&report, 6), json!({"id": OTHER, "permanently": true}), "a saved record is known by its id");
    assert_eq!(report.calls[0].1.target, "setting");
}

#[tokio::test]
async fn a_clone_is_new_until_it_is_saved() {
    let mut rig = Rig::new().await;
    let report = run(&mut rig, "c = system.flow('x').clone(name='y')\nc.save(description='d')\nreturn repr(c)").await;
    let saved = args(&report, 1);
    assert_eq!((saved.get("id"), &saved["fields"]["name"], &saved["fields"]["description"]), (None, &json!("y"), &json!("d")));
    assert_eq!(saved["fields"]["script"], "the script");
    assert_eq!(report.output(), format!("\"<Flow 'saved' {OTHER}>\""));
}

#[tokio::test]
async fn foreign_keys_are_handles() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler("return [repr(this.flow_id if False else system.setting('x').project())]"))).unwrap();
    let report = rig.beside(slot.report(|_, _| Some(ok(json!({"project_id": OTHER}))))).await;
    assert_eq!(report.output(), format!(r#"["<Project {OTHER}>"]"#));
}

#[tokio::test]
async fn wrong_names_offer_near_ones() {
    let mut rig = Rig::new().await;
    for (body, hint) in [
        ("system.setting('x').get('valeu')", "Did you mean 'value'?"),
        ("system.setting('x').save(valu=1)", "Did you mean 'value'?"),
        ("system.seting('x')", "Did you mean 'setting'?"),
        ("this.sucess()", "Did you mean 'success'?"),
        ("this.flow('x', wait='SOON')", "ALL_SUCCEEDED"),
        ("system.execution('no id')", "a UUID"),
        ("system.setting(3)", "named by a string"),
        ("this.sleep(-1)", "zero or more"),
        ("this.using(3)", "the name or the id of a wrapper"),
        ("system.execution('00000000-0000-0000-0000-0000000000c1').log('x')", "`this` alone"),
    ] {
        let report = run(&mut rig, body).await;
        assert!(report.error().contains(hint), "{body}: {}", report.error());
    }
}

#[tokio::test]
async fn settings_are_locks() {
    let mut rig = Rig::new().await;
    let body = "with system.setting('gate') as s:\n  pass\nsystem.setting('gate').acquire(timeout=2)\nsystem.setting('gate').release()";
    let report = run(&mut rig, body).await;
    let ops: Vec<Op> = report.calls.iter().map(|(_, call)| call.op).collect();
    assert_eq!(ops, [Op::LockAcquire, Op::LockRelease, Op::LockAcquire, Op::LockRelease]);
    assert_eq!((report.calls[0].1.target.as_str(), args(&report, 2)), ("gate", json!({"timeout": 2})));
}

#[tokio::test]
async fn files_come_and_go_as_text_bytes_and_base64() {
    let mut rig = Rig::new().await;
    let body = "f = system.file('d/x.txt')\nout = [f.get_text_content(), f.get_bytes_content().hex(), f.get_base64_content()]\n\
        f.save_text_content('hällo')\nf.save_bytes_content(b'\\x00')\nf.save_base64_content('AA==')\n\
        out.append([repr(x) for x in system.files(dir='d', glob='*.csv')])\nreturn out";
    let report = run(&mut rig, body).await;
    assert_eq!(report.output(), json!(["hällo", "68c3a46c6c6f", "aMOkbGxv", [format!("<File 'd/b.csv' {OTHER}>")]]).to_string());
    assert_eq!(args(&report, 3), json!({"content": "aMOkbGxv"}));
    assert_eq!(args(&report, 6)["filter_"], json!({"field": "name", "op": "like", "value": "d/%"}));
}

#[tokio::test]
async fn listings_start_when_iterated() {
    let mut rig = Rig::new().await;
    let body = "x = system.flows(filter_={'field': 'name', 'op': 'eq', 'value': 'a'}, order='-name', limit=5)\nthis.now()\nreturn [repr(f) for f in x]";
    let report = run(&mut rig, body).await;
    assert_eq!(report.calls.iter().map(|(_, c)| c.op).collect::<Vec<_>>(), [Op::Now, Op::RecordList]);
    assert_eq!(args(&report, 1), json!({"filter_": {"field": "name", "op": "eq", "value": "a"}, "order": "-name", "limit": 5}));
    assert!(report.output().contains("<Flow 'd/a.txt'"), "{report:?}");
}

#[tokio::test]
async fn outputs_progress_and_the_rest() {
    let mut rig = Rig::new().await;
    let body = "this.set_output('a', None)\nthis.set_output({'b': 1})\nthis.save(message='half', output_value={'c': 2})\nthis.set_progress(1, 4, 'quarter')\n\
        this.sleep(0.5)\nthis.sleep_until(1e9)\nreturn [repr(system.get_own_user()), repr(system.get_own_client()), system.get_env_name(), this.get_outputs()]";
    let report = run(&mut rig, body).await;
    assert_eq!(args(&report, 0), json!({"output_merge": {"a": null}}));
    assert_eq!(args(&report, 1), json!({"output_value": {"b": 1}}));
    assert_eq!(args(&report, 2), json!({"message": "half", "output_value": {"c": 2}}));
    assert_eq!((report.progress[0].done, report.progress[0].total, report.progress[0].message.as_deref()), (1.0, 4.0, Some("quarter")));
    assert_eq!((args(&report, 3), args(&report, 4)), (json!({"seconds": 0.5}), json!({"until": 1e9})));
    assert_eq!(
        report.output(),
        json!([format!("<User 'me' {OTHER}>"), format!("<Workspace 'me' {OTHER}>"), "test", "the output_value"]).to_string()
    );
}

#[tokio::test]
async fn calls_of_several_threads_take_turns() {
    let mut rig = Rig::new().await;
    let body = "import threading\nout = []\ndef work():\n  for _ in range(50): out.append(this.now())\n\
        ts = [threading.Thread(target=work) for _ in range(4)]\n[t.start() for t in ts]\n[t.join() for t in ts]\nreturn len(out)";
    let report = run(&mut rig, body).await;
    assert_eq!(report.output(), "200");
    let numbers: Vec<u32> = report.calls.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
}
