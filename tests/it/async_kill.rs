//! Async handlers whose process, or whose server, is killed while their tasks await: they go on with no call repeated, and
//! their tasks in the order they had.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

/// Tasks of one execution, and rounds of each.
const TASKS: i64 = 5;
const ROUNDS: i64 = 6;

/// Each task sleeps, waits for a child and blocks in turn, for times that differ. What it did goes at once into a setting, which is
/// exactly once, and into a list in memory, which every attempt makes anew: in the end both must be the same.
const TASKED: &str = "
import asyncio, ctypes, random

async def handler(system, this, inputs):
    ctypes.CDLL(None).prctl(15, inputs['mark'].encode(), 0, 0, 0)
    trail = system.setting('trail ' + inputs['mark']).save(value=[])
    seen = []

    def note(what):
        seen.append(what)
        trail.save(value=trail.get('value') + [what])
        this.log(what)

    async def work(name):
        for round in range(inputs['rounds']):
            await this.sleep_async(random.random() / 5)
            note(f'{name} {round} slept')
            child = await this.flow_async('child', seconds=random.random() / 5, key=f'{name} {round}')
            assert child.get_outputs() == {'key': f'{name} {round}'}
            note(f'{name} {round} has its child')
            try:
                await asyncio.wait_for(this.sleep_async(600), 0.02)
            except TimeoutError:
                note(f'{name} {round} waited')

    await asyncio.gather(*(work(f'task {n}') for n in range(inputs['tasks'])))
    assert seen == trail.get('value'), [pair for pair in zip(seen, trail.get('value')) if pair[0] != pair[1]]
    return {'seen': len(seen), 'different': len(set(seen))}
";
const CHILD: &str = "
def handler(system, this, inputs):
    this.sleep(inputs['seconds'])
    return {'key': inputs['key']}
";

async fn server() -> Server {
    let server = Server::start().await;
    server.flow("tasked", TASKED, &json!({ "on_loss": "resume" })).await;
    server.flow("child", CHILD, &json!({ "on_loss": "resume" })).await;
    server
}

async fn launch(server: &Server, mark: &str) -> String {
    server.launch("tasked", &json!({ "mark": mark, "tasks": TASKS, "rounds": ROUNDS })).await
}

/// Returns once an execution has done so much; fewer when it ended before.
async fn done(server: &Server, (mark, id): (&str, &str), count: usize) -> usize {
    for _ in 0..2400 {
        let record = server.get(&format!("/execution/{id}?plain=true")).await.body;
        let status = record["status"].as_str().unwrap_or_default();
        assert!(status == "ENDED_SUCCESS" || !status.starts_with("ENDED"), "{record}");
        let trail = server.get(&format!("/setting/trail%20{mark}?by=name&plain=true")).await;
        let length = trail.body["value"].as_array().map_or(0, Vec::len);
        if length >= count {
            return length;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("execution {id} did not get to {count}: {:?}", server.get(&format!("/execution/{id}?plain=true")).await);
}

/// Kills the process that gave itself this name. `false` if there is none.
fn kill_marked(mark: &str) -> bool {
    let mut any = false;
    for entry in std::fs::read_dir("/proc").expect("/proc can be listed").flatten() {
        let comm = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if comm.trim() == mark
            && let Ok(pid) = entry.file_name().to_string_lossy().parse()
        {
            any |= nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).is_ok();
        }
    }
    any
}

async fn check(server: &Server, id: &str) -> Value {
    let record = server.ended(id).await;
    assert_eq!(record["status"], "ENDED_SUCCESS", "{}", record["status_message"]);
    let all = TASKS * ROUNDS * 3;
    assert_eq!(record["output_value"], json!({ "seen": all, "different": all }));
    let filter = json!({ "field": "parent_execution_id", "op": "eq", "value": id }).to_string();
    let children = server.request("GET", "/execution").query(&[("filter", filter.as_str()), ("limit", "1")]);
    assert_eq!(super::server::answer(children).await.body["total"], json!(TASKS * ROUNDS), "each child was made once");
    let logs = server.logs(id).await;
    assert_eq!(logs.iter().filter(|e| e["stream"].is_null()).count(), usize::try_from(all).expect("a small number"), "each line once");
    record
}

/// A name for processes of this run alone.
fn mark() -> String {
    let id = uuid::Uuid::now_v7().simple().to_string();
    format!("a{}", &id[id.len() - 14..])
}

#[tokio::test]
async fn an_async_handler_whose_process_is_killed_again_and_again_goes_on_in_the_same_order() {
    let server = server().await;
    let mark = mark();
    let id = launch(&server, &mark).await;
    let all = usize::try_from(TASKS * ROUNDS * 3).expect("a small number");
    let mut kills = 0;
    for part in 1..8 {
        if done(&server, (&mark, &id), all * part / 9).await < all {
            kills += i32::from(kill_marked(&mark));
        }
    }
    let record = check(&server, &id).await;
    assert!(kills >= 3 && record["attempt"].as_i64() > Some(3), "{kills} kills, {record}");
}

#[tokio::test]
async fn async_handlers_go_on_in_the_same_order_over_kills_of_the_server() {
    let mut server = server().await;
    let mut runs = Vec::new();
    for _ in 0..4 {
        let mark = mark();
        let id = launch(&server, &mark).await;
        runs.push((mark, id));
    }
    for (kill, (mark, id)) in (1..4).zip(&runs) {
        done(&server, (mark, id), 15 * kill).await;
        server.kill9().await;
        server.restart().await;
    }
    for (_, id) in &runs {
        check(&server, id).await;
    }
}

/// Behind their one call, tasks log between timers of the loop: no call says in which order that was.
const TALKATIVE: &str = "
import asyncio, ctypes, random

async def handler(system, this, inputs):
    ctypes.CDLL(None).prctl(15, inputs['mark'].encode(), 0, 0, 0)

    async def work(name):
        await this.sleep_async(random.random() / 2)
        for round in range(inputs['rounds']):
            this.log(f'{name} {round}')
            await asyncio.sleep(random.random() / 3)

    await asyncio.gather(*(work(f'task {n}') for n in range(inputs['tasks'])))
    return 'done'
";

/// The lines of the flow itself, once there are so many, or all there will be.
async fn lines(server: &Server, id: &str, count: usize) -> Vec<String> {
    for _ in 0..2400 {
        let ended =
            server.get(&format!("/execution/{id}?plain=true")).await.body["status"].as_str().is_some_and(|s| s.starts_with("ENDED"));
        let logs = server.logs(id).await;
        let own = logs.iter().filter(|entry| entry["stream"].is_null());
        let lines: Vec<String> = own.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect();
        if ended || lines.len() >= count {
            return lines;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("execution {id} did not log {count} lines: {:?}", server.messages(id).await);
}

#[tokio::test]
async fn what_tasks_log_behind_the_last_call_is_there_once_though_they_are_killed_again_and_again() {
    let mut server = server().await;
    server.flow("talkative", TALKATIVE, &json!({ "on_loss": "resume" })).await;
    let mark = mark();
    let id = server.launch("talkative", &json!({ "mark": mark, "tasks": TASKS, "rounds": ROUNDS })).await;
    let all = usize::try_from(TASKS * ROUNDS).expect("a small number");
    let mut kills = 0;
    for part in 1..8 {
        if lines(&server, &id, all * part / 9).await.len() < all {
            if part == 4 {
                server.kill9().await;
                server.restart().await;
            } else {
                kills += i32::from(kill_marked(&mark));
            }
        }
    }
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], kills >= 3), (&json!("ENDED_SUCCESS"), true), "{kills} kills, {record}");
    let mut lines = lines(&server, &id, all).await;
    lines.sort_unstable();
    let mut expected: Vec<String> = (0..TASKS).flat_map(|task| (0..ROUNDS).map(move |round| format!("task {task} {round}"))).collect();
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

/// Calls of a thread are made in an order of its own.
const THREADED: &str = "
import os, threading

def handler(system, this, inputs):
    thread = threading.Thread(target=lambda: system.setting('threaded').save(value=1))
    thread.start()
    thread.join()
    os.kill(os.getpid(), 9)
";

#[tokio::test]
async fn an_execution_whose_threads_made_calls_is_not_replayed() {
    let server = Server::start().await;
    server.flow("threaded", THREADED, &Value::Null).await;
    let record = server.run("threaded", &Value::Null).await;
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    let message = record["status_message"].as_str().unwrap_or_default();
    assert!(message.contains("it cannot be replayed: Python threads of its own made flow_api calls"), "{message}");
    assert_eq!(record["attempt"], 1);
}

/// Waits for a child and a long sleep at a time.
const WAITING: &str = "
import asyncio

async def handler(system, this, inputs):
    try:
        await asyncio.gather(this.flow_async('child', seconds=600, key=''), this.sleep_async(600))
    finally:
        this.log('cleaned up')
";

async fn seen(server: &Server, id: &str, status: &str) -> Value {
    for _ in 0..1200 {
        let record = server.get(&format!("/execution/{id}?plain=true")).await.body;
        if record["status"] == status {
            return record;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("execution {id} was never {status}: {:?}", server.get(&format!("/execution/{id}")).await);
}

#[tokio::test]
async fn an_async_handler_that_only_awaits_is_parked_paused_and_cancelled() {
    let mut server = server().await;
    server.flow("waiting", WAITING, &Value::Null).await;
    let id = server.launch("waiting", &Value::Null).await;
    let record = seen(&server, &id, "WAITING_DEPENDENCY").await;
    let words = record["blocked_on"].as_str().unwrap_or_default();
    assert!(words.contains("the end of") && words.contains("sleeping until"), "{record}");
    server.post(&format!("/execution/{id}/pause"), &Value::Null).await;
    seen(&server, &id, "PAUSED").await;
    server.post(&format!("/execution/{id}/resume"), &Value::Null).await;
    seen(&server, &id, "WAITING_DEPENDENCY").await;
    server.kill9().await;
    server.restart().await;
    seen(&server, &id, "WAITING_DEPENDENCY").await;
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    let record = server.ended(&id).await;
    assert_eq!(record["status"], "ENDED_CANCELLED", "{record}");
    assert!(server.logs(&id).await.iter().any(|e| e["message"] == "cleaned up"));
}
