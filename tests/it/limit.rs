//! Every limit has a flow that breaks it and reads its message, while another execution beside it is unharmed.

use std::collections::BTreeSet;

use flowstead::config::Config;
use serde_json::{Value, json};

use super::server::Server;

/// A setting, what breaks it, and what the end says.
struct Case {
    /// As in the configuration.
    key: &'static str,
    /// What it is set to.
    value: &'static str,
    /// The handler's body.
    body: &'static str,
    /// Pieces of the status message.
    says: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        key: "limits.max_runtime_minutes",
        value: "0.02",
        body: "this.sleep(3600)",
        says: &["ran longer than its max_runtime_minutes of 0.02"],
    },
    Case { key: "limits.cpu_seconds", value: "1", body: "while True: pass", says: &["CPU time", "1 seconds"] },
    Case {
        key: "limits.memory_bytes",
        value: "536870912",
        body: "return len(bytearray(1 << 30))",
        says: &["ran out of memory; it may use 512 MiB (limits.memory_bytes)"],
    },
    // Each of them has room, all together have not.
    Case {
        key: "limits.memory_bytes",
        value: "536870912",
        body: "for _ in range(4):\n        if os.fork() == 0:\n            held = b'x' * (160 << 20)\n            time.sleep(600)\n    time.sleep(600)",
        says: &["processes held more than 512 MiB of memory together", "limits.memory_bytes"],
    },
    // They grow while the handler only waits.
    Case {
        key: "limits.memory_bytes",
        value: "536870912",
        body: "for _ in range(4):\n        if os.fork() == 0:\n            time.sleep(0.5)\n            held = b'x' * (160 << 20)\n            time.sleep(600)\n    this.sleep(3600)",
        says: &["processes held more than 512 MiB of memory together", "limits.memory_bytes"],
    },
    Case {
        key: "limits.memory_bytes",
        value: "536870912",
        body: "import threading\n    for _ in range(10_000): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        says: &["could not start another thread", "may use 512 MiB (limits.memory_bytes)"],
    },
    // What is in no process, but in memory all the same.
    Case {
        key: "limits.memory_bytes",
        value: "536870912",
        body: "held = os.memfd_create('m')\n    for _ in range(600): os.write(held, bytes(1 << 20))\n    time.sleep(600)",
        says: &["processes held more than 512 MiB of memory together", "limits.memory_bytes"],
    },
    Case {
        key: "limits.work_bytes",
        value: "1000000",
        body: "for n in range(100): open(str(n), 'wb').write(bytes([n]) * 50_000)\n    time.sleep(600)",
        says: &["work directory held more than 1000000 bytes", "limits.work_bytes"],
    },
    // Files without a name are not seen in the folder.
    Case {
        key: "limits.work_bytes",
        value: "1000000",
        body: "f = open('gone', 'wb')\n    os.unlink('gone')\n    f.write(b'x' * 3_000_000)\n    f.flush()\n    time.sleep(600)",
        says: &["work directory held more than 1000000 bytes", "limits.work_bytes"],
    },
    // It ends before anybody could look.
    Case {
        key: "limits.work_bytes",
        value: "1000000",
        body: "open('large', 'wb').write(b'x' * 3_000_000)",
        says: &["work directory held more than 1000000 bytes", "limits.work_bytes"],
    },
    Case {
        key: "limits.work_files",
        value: "50",
        body: "for n in range(100): os.mkdir(str(n))\n    time.sleep(600)",
        says: &["work directory held more than 50 files and folders", "limits.work_files"],
    },
    Case {
        key: "limits.processes",
        value: "10",
        body: "import threading\n    for _ in range(10_000): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
        says: &["had more than 10 processes and threads at once", "limits.processes"],
    },
    Case {
        key: "limits.file_bytes",
        value: "100000",
        body: "with open('big', 'wb') as f: f.write(bytes(200_000))",
        says: &["a file that is too large; it may have 100000 bytes (limits.file_bytes)"],
    },
    Case {
        key: "limits.processes",
        value: "20",
        body: "for _ in range(40): os.fork() or (time.sleep(60), os._exit(0))",
        says: &["had more than 20 processes and threads at once", "limits.processes"],
    },
    Case {
        key: "limits.open_files",
        value: "1024",
        body: "return len([open('/dev/null') for _ in range(2000)])",
        says: &["too many files and connections open; it may have 1024 (limits.open_files)"],
    },
    Case { key: "limits.value_bytes", value: "10000", body: "return 'x' * 20_000", says: &["returned 20002 bytes", "the limit is 10000"] },
    Case {
        key: "limits.log_bytes",
        value: "100000",
        body: "for _ in range(10_000): print('x' * 100)",
        says: &["wrote more than 100000 bytes of log", "limits.log_bytes"],
    },
    Case {
        key: "limits.log_lines_per_second",
        value: "5",
        body: "for n in range(10_000): this.log(n)",
        says: &["wrote more than 5 log entries in one second", "limits.log_lines_per_second"],
    },
    Case {
        key: "limits.journal_calls",
        value: "20",
        body: "for _ in range(30): this.now()",
        says: &["more than 20 recorded calls", "this.restart(inputs)", "limits.journal_calls"],
    },
    Case {
        key: "limits.journal_bytes",
        value: "50000",
        body: "for _ in range(30): this.step('large', lambda: 'x' * 5_000)",
        says: &["more than 50000 bytes", "this.restart(inputs)", "limits.journal_bytes"],
    },
    Case {
        key: "engine.max_depth",
        value: "3",
        body: "this.flow('bad')",
        says: &["This would be the 4th level", "the limit is 3", "this.restart(inputs)"],
    },
    Case {
        key: "engine.max_children",
        value: "4",
        body: "for _ in range(6): this.flow('sleeper', wait=False)",
        says: &["has 4 live children, which is the limit"],
    },
];

/// Settings that a test of another shape breaks: the module and the test.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("limits.log_overflow", "limit", "a_log_that_is_cut_short_says_so_and_its_execution_goes_on"),
    ("engine.slots", "limit", "no_more_executions_compute_at_once_than_there_are_slots"),
    ("engine.runs_per_slot", "limit", "a_slot_that_ran_often_enough_is_replaced"),
    ("engine.grace_seconds", "bad_flow", "a_flow_that_swallows_every_exception_is_killed_after_the_grace_time"),
    ("engine.max_parked", "suspend", "roots_wait_for_room_that_executions_without_replay_hold_and_children_do_not"),
    ("engine.max_parked_bytes", "limit", "executions_that_wait_with_much_memory_lose_their_processes_and_go_on"),
];

/// Limits that records say, likewise.
const ON_RECORDS: &[(&str, &str, &str)] = &[
    ("FLOW.max_running", "turn", "a_flow_that_says_how_many_run_at_once_holds_the_others_back"),
    ("PROJECT.limits.max_running", "turn", "a_project_that_says_how_many_run_at_once_holds_the_others_back"),
    ("WORKSPACE.limits.max_running", "turn", "a_workspace_that_says_how_many_run_at_once_holds_the_others_back"),
];

/// Settings of these sections that limit nothing.
const NO_LIMITS: &[&str] = &["engine.isolation", "engine.idle_slots", "engine.user_ids"];

const SLEEPER: &str = "def handler(system, this, inputs):\n    this.sleep(3600)\n";
/// Runs beside the bad one and must not notice.
const BYSTANDER: &str = "
def handler(system, this, inputs):
    this.sleep(0.1)
    return 'unharmed'
";

fn flow(body: &str) -> String {
    format!("import os, time\ndef handler(system, this, inputs):\n    {body}\n")
}

/// The lines that set `section.key`.
fn setting(key: &str, value: &str) -> [String; 2] {
    let (section, key) = key.split_once('.').expect("section.key");
    [format!("[{section}]"), format!("{key} = {value}")]
}

async fn server(key: &str, value: &str) -> Server {
    let lines = setting(key, value);
    Server::start_with(&lines.each_ref().map(String::as_str)).await
}

fn output(record: &Value) -> &Value {
    assert_eq!(record["status"], "ENDED_SUCCESS", "{record}");
    &record["output_value"]
}

#[test]
fn every_limit_of_the_configuration_has_a_test_that_breaks_it() {
    let config = serde_json::to_value(Config::default()).expect("the defaults are JSON");
    let keys = ["engine", "limits"].into_iter().flat_map(|section| {
        let keys = config[section].as_object().expect("a section").keys();
        keys.map(move |key| format!("{section}.{key}"))
    });
    let keys: BTreeSet<String> = keys.collect();
    let named = CASES.iter().map(|case| case.key).chain(ELSEWHERE.iter().map(|(key, ..)| *key)).chain(NO_LIMITS.iter().copied());
    let named: BTreeSet<String> = named.map(str::to_owned).collect();
    assert_eq!(keys, named, "each setting has a line here, and each line a setting");
    for (key, module, test) in ELSEWHERE.iter().chain(ON_RECORDS) {
        let path = format!("{}/tests/it/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).expect("the module is there");
        assert!(source.contains(&format!("async fn {test}()")), "the test of {key} is gone: {test}");
    }
}

#[tokio::test]
async fn every_limit_ends_its_execution_with_a_message_of_its_own_and_nothing_else() {
    for case in CASES {
        let server = server(case.key, case.value).await;
        server.flow("sleeper", SLEEPER, &Value::Null).await;
        server.flow("bystander", BYSTANDER, &Value::Null).await;
        server.flow("bad", &flow(case.body), &json!({ "isolation": "fresh" })).await;
        let bystander = server.launch("bystander", &Value::Null).await;
        let record = server.run("bad", &Value::Null).await;
        let message = record["status_message"].as_str().unwrap_or_default();
        assert_eq!(record["status"], "ENDED_ERROR", "{}: {record}", case.key);
        for piece in case.says {
            assert!(message.contains(piece), "{}: '{piece}' is not in the message: {message}", case.key);
        }
        let bystander = server.ended(&bystander).await;
        assert_eq!(output(&bystander), "unharmed", "{}", case.key);
    }
}

#[tokio::test]
async fn a_log_that_is_cut_short_says_so_and_its_execution_goes_on() {
    let server = Server::start_with(&["[limits]", "log_bytes = 10000", "log_overflow = 'truncate'"]).await;
    server.flow("bad", &flow("for n in range(1000): this.log('x' * 100)\n    return 'done'"), &Value::Null).await;
    let record = server.run("bad", &Value::Null).await;
    assert_eq!(output(&record), "done");
    let messages = server.messages(record["id"].as_str().expect("an id")).await;
    assert!((10..100).contains(&messages.len()), "{} entries were kept", messages.len());
    let last = messages.last().expect("an entry");
    assert!(last.contains("The log ends here: the execution wrote more than 10000 bytes of log"), "{last}");
}

/// What was logged before counts after the server has been killed, too.
#[tokio::test]
async fn the_limit_of_a_log_holds_over_lives_of_the_server() {
    let body = "for n in range(30): this.log('x' * 200)\n    this.sleep(inputs['seconds'])\n    for n in range(30): this.log('y' * 200)\n    return 'done'";
    for (overflow, ends) in [("end", "ENDED_ERROR"), ("truncate", "ENDED_SUCCESS")] {
        let setting = format!("log_overflow = '{overflow}'");
        let mut server = Server::start_with(&["[limits]", "log_bytes = 10000", &setting]).await;
        server.flow("logs", &flow(body), &Value::Null).await;
        let id = server.launch("logs", &json!({ "seconds": 1 })).await;
        server.until(&id, |record| record["status"] == "SLEEPING").await;
        // And once more, when a log that may be cut has been.
        for _ in 0..2 {
            server.kill9().await;
            server.restart().await;
        }
        let record = server.ended(&id).await;
        assert_eq!(record["status"], ends, "{record}");
        let messages = server.messages(&id).await;
        let kept = messages.iter().filter(|m| m.starts_with('x') || m.starts_with('y')).count();
        assert!((30..40).contains(&kept), "{overflow}: {kept} entries were kept");
        let cuts = messages.iter().filter(|m| m.contains("The log ends here")).count();
        assert_eq!(cuts, usize::from(overflow == "truncate"));
        let words = record["status_message"].as_str().unwrap_or_default();
        assert_eq!(words.contains("wrote more than 10000 bytes of log"), overflow == "end", "{record}");
    }
}

/// A log that was cut stays cut, and says so once.
#[tokio::test]
async fn a_log_that_was_cut_is_not_gone_on_with_after_a_restart() {
    let mut server = Server::start_with(&["[limits]", "log_bytes = 5000", "log_overflow = 'truncate'"]).await;
    let body = "for n in range(60): this.log('x' * 200)\n    this.sleep(2)\n    this.log('more')\n    return 'done'";
    server.flow("logs", &flow(body), &Value::Null).await;
    let id = server.launch("logs", &Value::Null).await;
    server.until(&id, |record| record["status"] == "SLEEPING").await;
    server.kill9().await;
    server.restart().await;
    assert_eq!(output(&server.ended(&id).await), "done");
    let messages = server.messages(&id).await;
    assert_eq!(messages.iter().filter(|m| m.contains("The log ends here")).count(), 1, "{messages:?}");
    assert!(messages.last().is_some_and(|m| m.contains("The log ends here")), "{messages:?}");
}

/// Each says when it began and ended, by one clock.
#[tokio::test]
async fn no_more_executions_compute_at_once_than_there_are_slots() {
    let server = server("engine.slots", "1").await;
    let body = "begin = time.monotonic()\n    time.sleep(0.05)\n    return {'begin': begin, 'end': time.monotonic()}";
    server.flow("busy", &flow(body), &json!({ "isolation": "fresh" })).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(server.launch("busy", &Value::Null).await);
    }
    let mut times = Vec::new();
    for id in ids {
        let record = server.ended(&id).await;
        let at = |key: &str| output(&record)[key].as_f64().expect("a time");
        times.push((at("begin"), at("end")));
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    assert!(times.windows(2).all(|pair| pair[0].1 <= pair[1].0), "two ran at once: {times:?}");
}

#[tokio::test]
async fn a_slot_that_ran_often_enough_is_replaced() {
    let server = server("engine.runs_per_slot", "2").await;
    server.flow("pid", &flow("return os.getpid()"), &Value::Null).await;
    let mut pids = Vec::new();
    for _ in 0..3 {
        pids.push(output(&server.run("pid", &Value::Null).await).as_i64().expect("a number"));
    }
    assert!(pids[0] == pids[1] && pids[1] != pids[2], "{pids:?}");
}

/// Both hold more than the budget together, so one of them waits without its process.
#[tokio::test]
async fn executions_that_wait_with_much_memory_lose_their_processes_and_go_on() {
    let server = server("engine.max_parked_bytes", "100000000").await;
    let body = "held = bytearray(os.urandom(1)) * (80 << 20)\n    this.sleep(1.5)\n    return len(held)";
    server.flow("large", &flow(body), &Value::Null).await;
    let ids = [server.launch("large", &Value::Null).await, server.launch("large", &Value::Null).await];
    let mut attempts = 0;
    for id in &ids {
        let record = server.ended(id).await;
        assert_eq!(output(&record), &json!(80 << 20));
        attempts += record["attempt"].as_i64().expect("a number");
    }
    assert_eq!(attempts, 3, "one of them was replayed");
}
