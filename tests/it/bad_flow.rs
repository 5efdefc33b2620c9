//! Flows that do their worst: each ends itself with a message that says what happened, and nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

/// Names the calling process, so that what it leaves behind can be found in `/proc`.
const MARK: &str = "
import ctypes, os, stat, time

def mark(inputs):
    ctypes.CDLL(None).prctl(15, inputs['mark'].encode(), 0, 0, 0)
";
const HELLO: &str = "def handler(system, this, inputs):\n    return {'hello': inputs.get('name', 'world')}\n";
/// Runs beside the bad one and must not notice.
const BYSTANDER: &str = "
def handler(system, this, inputs):
    for n in range(20):
        this.sleep(0.05)
        this.set_output('n', n)
";
/// What `/proc/PID/comm` holds at most.
const MARK_LENGTH: usize = 15;

struct Bad {
    server: Server,
    mark: String,
    bystander: String,
}

impl Bad {
    /// A server with the flow `bad` on it, and a bystander on its way.
    async fn flow(script: &str, columns: &Value, config: &[&str]) -> Bad {
        let server = Server::start_with(config).await;
        // Naming the process reaches outside, and may be repeated.
        let mut columns = columns.as_object().cloned().unwrap_or_default();
        columns.entry("on_loss").or_insert(json!("resume"));
        server.flow("bad", &format!("{MARK}{script}"), &Value::Object(columns)).await;
        server.flow("hello", HELLO, &Value::Null).await;
        server.flow("bystander", BYSTANDER, &Value::Null).await;
        let bystander = server.launch("bystander", &Value::Null).await;
        let id = uuid::Uuid::now_v7().simple().to_string();
        let mark = format!("m{}", &id[id.len() - (MARK_LENGTH - 1)..]);
        Bad { server, mark, bystander }
    }

    async fn launch(&self) -> String {
        self.server.launch("bad", &json!({ "mark": self.mark })).await
    }

    /// Runs the flow and checks how it ended and that everything else is as it was.
    async fn ends(&self, status: &str, pieces: &[&str]) -> Value {
        let id = self.launch().await;
        let record = self.server.ended(&id).await;
        self.check(&record, status, pieces).await;
        record
    }

    async fn check(&self, record: &Value, status: &str, pieces: &[&str]) {
        let message = record["status_message"].as_str().unwrap_or_default();
        assert_eq!(record["status"], status, "{message}");
        for piece in pieces {
            assert!(message.contains(piece), "'{piece}' is not in the message: {message}");
        }
        let bystander = self.server.ended(&self.bystander).await;
        assert_eq!(bystander["status"], "ENDED_SUCCESS", "the bystander: {bystander}");
        assert_eq!(bystander["output_value"], json!({ "n": 19 }));
        assert_eq!(bystander["attempt"], 1, "the bystander was disturbed");
        let hello = self.server.run("hello", &json!({ "name": "again" })).await;
        assert_eq!(hello["output_value"], json!({ "hello": "again" }), "{hello}");
        self.no_process_is_left().await;
    }

    async fn no_process_is_left(&self) {
        let mut left = Vec::new();
        for _ in 0..200 {
            left = marked(&self.mark);
            if left.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("processes of the flow are left: {left:?}");
    }
}

/// Living processes of this name.
fn marked(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc can be listed").flatten() {
        let comm = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if comm.trim() == mark {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

#[tokio::test]
async fn a_flow_that_prints_200_megabytes_ends_at_the_limit() {
    let script = "
def handler(system, this, inputs):
    for _ in range(3200):
        print('x' * 65535)
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    bad.ends("ENDED_ERROR", &["64 MiB of log"]).await;
}

#[tokio::test]
async fn a_flow_that_recurses_forever_runs_out_of_something_and_says_so() {
    let script = "
import sys

def down(n):
    return down(n + 1)

def handler(system, this, inputs):
    sys.setrecursionlimit(2**31 - 1)
    return down(0)
";
    let bad = Bad::flow(script, &Value::Null, &["[limits]", "memory_bytes = 536870912"]).await;
    let record = bad.ends("ENDED_ERROR", &[]).await;
    let message = record["status_message"].as_str().unwrap_or_default();
    assert!(["out of memory", "RecursionError", "SIGSEGV", "limits.memory_bytes"].iter().any(|piece| message.contains(piece)), "{message}");
}

#[tokio::test]
async fn the_children_of_a_flow_that_forks_end_with_it() {
    let script = "
def handler(system, this, inputs):
    for n in range(30):
        if os.fork() == 0:
            mark(inputs)
            time.sleep(3600)
    return {'forked': 30}
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let record = bad.ends("ENDED_SUCCESS", &[]).await;
    assert_eq!(record["output_value"], json!({ "forked": 30 }));
}

#[tokio::test]
async fn a_forked_child_cannot_speak_for_the_execution() {
    let script = "
def handler(system, this, inputs):
    child = os.fork()
    if child == 0:
        mark(inputs)
        try:
            this.set_output('by', 'the child')
        except Exception:
            os._exit(7)
        return {'by': 'the child'}
    _, status = os.waitpid(child, 0)
    return {'child': os.waitstatus_to_exitcode(status)}
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let record = bad.ends("ENDED_SUCCESS", &[]).await;
    assert_eq!(record["output_value"], json!({ "child": 7 }));
}

#[tokio::test]
async fn a_child_that_returns_from_the_handler_is_not_the_execution() {
    let script = "
def handler(system, this, inputs):
    child = os.fork()
    if child == 0:
        mark(inputs)
        return {'by': 'the child'}
    os.waitpid(child, 0)
    return {'by': 'the parent'}
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let record = bad.ends("ENDED_SUCCESS", &[]).await;
    assert_eq!(record["output_value"], json!({ "by": "the parent" }));
}

#[tokio::test]
async fn a_flow_that_allocates_8_gigabytes_is_refused_them() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    return len(b'x' * (8 << 30))
";
    let bad = Bad::flow(script, &json!({ "isolation": "fresh" }), &[]).await;
    bad.ends("ENDED_ERROR", &["ran out of memory", "1024 MiB"]).await;
}

#[tokio::test]
async fn a_flow_that_loops_forever_can_be_cancelled() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    this.log('looping')
    while True:
        pass
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let id = bad.launch().await;
    looping(&bad.server, &id).await;
    let cancelled = bad.server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    bad.check(&bad.server.ended(&id).await, "ENDED_CANCELLED", &[]).await;
}

#[tokio::test]
async fn a_flow_that_swallows_every_exception_is_killed_after_the_grace_time() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    this.log('looping')
    while True:
        try:
            while True:
                time.sleep(60)
        except BaseException:
            pass
";
    let bad = Bad::flow(script, &Value::Null, &["[engine]", "grace_seconds = 0.5"]).await;
    let id = bad.launch().await;
    looping(&bad.server, &id).await;
    let cancelled = bad.server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    bad.check(&bad.server.ended(&id).await, "ENDED_CANCELLED", &[]).await;
}

/// Returns once the flow has logged that it loops.
async fn looping(server: &Server, id: &str) {
    for _ in 0..600 {
        if server.logs(id).await.iter().any(|e| e["message"] == "looping") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the flow never began: {:?}", server.get(&format!("/execution/{id}")).await);
}

#[tokio::test]
async fn a_flow_that_uses_more_than_its_cpu_time_is_ended() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    while True:
        pass
";
    let bad = Bad::flow(script, &json!({ "isolation": "fresh" }), &["[limits]", "cpu_seconds = 1"]).await;
    bad.ends("ENDED_ERROR", &["CPU time", "1 second"]).await;
}

#[tokio::test]
async fn a_flow_that_takes_longer_than_its_limit_is_ended() {
    let script = "
def handler(system, this, inputs):
    this.sleep(3600)
";
    let bad = Bad::flow(script, &json!({ "max_runtime_minutes": 0.005 }), &[]).await;
    bad.ends("ENDED_ERROR", &["0.005", "minutes"]).await;
}

#[tokio::test]
async fn a_flow_that_leaves_its_process_is_tried_again_and_then_ended() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    os._exit(3)
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    bad.ends("ENDED_ERROR", &["exit code 3", "os._exit"]).await;
}

#[tokio::test]
async fn a_segmentation_fault_ends_one_execution() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    this.log('before')
    ctypes.string_at(0)
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let record = bad.ends("ENDED_ERROR", &["SIGSEGV", "ctypes"]).await;
    let entries = bad.server.logs(record["id"].as_str().expect("an id")).await;
    let before = entries.iter().filter(|e| e["message"] == "before").count();
    assert_eq!(before, 1, "the line before the fault is there once: {entries:?}");
}

#[tokio::test]
async fn a_flow_that_closes_its_descriptors_is_ended() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    os.closerange(0, 4096)
    this.log('nobody hears this')
    this.set_output('never', 'stored')
    return {'never': 'stored'}
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let record = bad.ends("ENDED_ERROR", &["connection", "descriptor"]).await;
    assert_eq!(record["output_value"], Value::Null);
}

#[tokio::test]
async fn a_flow_that_writes_on_its_connection_is_ended() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    for fd in [int(fd) for fd in os.listdir('/proc/self/fd')]:
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.write(fd, b'no frame at all, and longer than a header')
        except OSError:
            pass
    this.set_output('never', 'stored')
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    bad.ends("ENDED_ERROR", &["connection"]).await;
}

#[tokio::test]
async fn a_flow_that_kills_itself_is_not_tried_forever() {
    let script = "
def handler(system, this, inputs):
    mark(inputs)
    os.kill(os.getpid(), 9)
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    bad.ends("ENDED_ERROR", &["was killed 20 times at the same place"]).await;
}

#[tokio::test]
async fn a_daemon_that_a_flow_started_does_not_outlive_it() {
    let script = "
def handler(system, this, inputs):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            mark(inputs)
            for fd in range(3):
                os.close(fd)
            time.sleep(3600)
        os._exit(0)
    os.wait()
    return {'started': True}
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    let record = bad.ends("ENDED_SUCCESS", &[]).await;
    assert_eq!(record["output_value"], json!({ "started": true }));
}

#[tokio::test]
async fn threads_that_a_flow_left_running_end_with_it() {
    let script = "
import threading

def handler(system, this, inputs):
    mark(inputs)
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return {'started': True}
";
    let bad = Bad::flow(script, &Value::Null, &[]).await;
    bad.ends("ENDED_SUCCESS", &[]).await;
}
