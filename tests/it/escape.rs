//! Executions that reach outside flow_api and lose their process: nothing is repeated that the author did not vouch for.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;

/// Two calls with a post between them, as an author would write it. `wait`: seconds after it.
const POST: &str = "
import os, socket
def handler(system, this, inputs):
    this.set_output('before', 1)
    with socket.create_connection(('127.0.0.1', inputs['port'])) as peer:
        peer.sendall(b'POST / HTTP/1.0')
    this.log(f'pid {os.getpid()}')
    this.sleep(inputs['wait'])
    return 'done'
";
const POST_IN_A_STEP: &str = "
import os, socket
def post(port):
    with socket.create_connection(('127.0.0.1', port)) as peer:
        peer.sendall(b'POST / HTTP/1.0')
def handler(system, this, inputs):
    this.step('post', post, inputs['port'])
    this.log(f'pid {os.getpid()}')
    this.sleep(inputs['wait'])
    return 'done'
";
/// Seconds that no test waits for.
const LONG: u32 = 1_000;

/// Takes the posts of flows.
struct Peer {
    listener: TcpListener,
}

impl Peer {
    fn new() -> Peer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("a listener can be set so");
        Peer { listener }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().expect("it is bound").port()
    }

    /// The next connection.
    async fn accepted(&self) {
        for _ in 0..1200 {
            if self.listener.accept().is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nobody connected");
    }

    fn nobody_waits(&self) -> bool {
        self.listener.accept().is_err()
    }
}

async fn launch(server: &Server, script: &str, on_loss: &str, peer: &Peer, wait: f64) -> String {
    server.flow("post", script, &json!({ "on_loss": on_loss })).await;
    server.launch("post", &json!({ "port": peer.port(), "wait": wait })).await
}

async fn record(server: &Server, id: &str) -> Value {
    server.get(&format!("/execution/{id}?plain=true")).await.body
}

/// The processes that ran it so far, by its log.
async fn pids(server: &Server, id: &str, count: usize) -> Vec<i32> {
    for _ in 0..600 {
        let logs = server.logs(id).await;
        let texts = logs.iter().filter_map(|entry| entry["message"].as_str()?.strip_prefix("pid ")?.parse().ok());
        let found: Vec<i32> = texts.collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("execution {id} did not come that far");
}

fn kill(pid: i32) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("it runs");
}

fn assert_named(record: &Value) {
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    let message = record["status_message"].as_str().unwrap_or_default();
    for piece in ["line 5 of post (in handler): socket.connect ('127.0.0.1', ", "this.step(", "connector", "on_loss"] {
        assert!(message.contains(piece), "'{piece}' is not in: {message}");
    }
    assert_eq!(record["status_data"]["escaped"]["line"], 5, "{record}");
}

#[tokio::test]
async fn a_post_between_two_calls_ends_an_execution_that_loses_its_process_and_is_named() {
    let (server, peer) = (Server::start().await, Peer::new());
    let id = launch(&server, POST, "auto", &peer, LONG.into()).await;
    kill(pids(&server, &id, 1).await[0]);
    assert_named(&server.ended(&id).await);
    peer.accepted().await;
    assert!(peer.nobody_waits(), "it was posted twice");
}

#[tokio::test]
async fn the_same_post_in_a_step_is_resumed_and_not_repeated() {
    let (server, peer) = (Server::start().await, Peer::new());
    let id = launch(&server, POST_IN_A_STEP, "auto", &peer, 1.5).await;
    kill(pids(&server, &id, 1).await[0]);
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("done")), "{record}");
    assert_eq!((&record["attempt"], &record["escaped"]), (&json!(2), &Value::Null), "{record}");
    peer.accepted().await;
    assert!(peer.nobody_waits(), "it was posted twice");
}

/// As authors post: with a library, between two calls or in a step.
const LIBRARY: &str = "
import os, urllib.request

def post(port):
    request = urllib.request.Request(f'http://127.0.0.1:{port}/book', data=b'order 7')
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()

def handler(system, this, inputs):
    this.set_output('before', 1)
    told = this.step('book', post, inputs['port']) if inputs['in_step'] else post(inputs['port'])
    this.log(f'pid {os.getpid()}')
    this.sleep(inputs['wait'])
    return told
";

/// A server elsewhere that answers every post with how many there were; counts them.
fn booking() -> (u16, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let count = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = count.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let lines = (&mut reader).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let length = lines.filter_map(|l| l.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok()).last().unwrap_or(0);
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let number = counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            let _ = write!(&stream, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nbooking {number}");
        }
    });
    (port, count)
}

#[tokio::test]
async fn a_post_with_a_library_ends_the_execution_at_a_loss_and_in_a_step_it_resumes() {
    let server = Server::start().await;
    server.flow("post", LIBRARY, &json!({})).await;
    for in_step in [false, true] {
        let (port, count) = booking();
        let wait = if in_step { 1.5 } else { f64::from(LONG) };
        let id = server.launch("post", &json!({ "port": port, "in_step": in_step, "wait": wait })).await;
        kill(pids(&server, &id, 1).await[0]);
        let record = server.ended(&id).await;
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 1, "it was posted once: {record}");
        if in_step {
            let expected = (&json!("ENDED_SUCCESS"), &json!("booking 1"), &json!(2));
            assert_eq!((&record["status"], &record["output_value"], &record["attempt"]), expected, "{record}");
        } else {
            assert_eq!(record["status"], "ENDED_ERROR", "{record}");
            let message = record["status_message"].as_str().unwrap_or_default();
            for piece in ["line 6 of post (in post): ", "this.step(", "connector", "on_loss"] {
                assert!(message.contains(piece), "'{piece}' is not in: {message}");
            }
        }
    }
}

#[tokio::test]
async fn an_act_is_on_disk_before_it_happens() {
    let (mut server, peer) = (Server::start().await, Peer::new());
    let id = launch(&server, POST, "auto", &peer, LONG.into()).await;
    peer.accepted().await;
    server.kill9().await;
    server.restart().await;
    let record = server.ended(&id).await;
    assert_named(&record);
    let escape = &record["escaped"];
    assert_eq!((&escape["event"], &escape["after"], &escape["epoch"]), (&json!("socket.connect"), &json!(1), &json!(1)), "{record}");
}

#[tokio::test]
async fn an_execution_that_sleeps_after_an_act_ends_when_the_server_was_killed() {
    let (mut server, peer) = (Server::start().await, Peer::new());
    let id = launch(&server, POST, "auto", &peer, LONG.into()).await;
    for _ in 0..600 {
        if record(&server, &id).await["status"] == "SLEEPING" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.kill9().await;
    server.restart().await;
    assert_named(&server.ended(&id).await);
}

#[tokio::test]
async fn an_execution_that_waits_after_an_act_keeps_its_process_beyond_the_budget() {
    let (server, peer) = (Server::start_with(&["[engine]", "max_parked = 0"]).await, Peer::new());
    for (script, attempts) in [(POST, 1), (POST_IN_A_STEP, 2)] {
        let id = launch(&server, script, "auto", &peer, 1.5).await;
        let record = server.ended(&id).await;
        assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(attempts)), "{record}");
    }
}

#[tokio::test]
async fn a_server_that_leaves_lets_an_execution_finish_that_acted_and_waits() {
    let (mut server, peer) = (Server::start().await, Peer::new());
    let id = launch(&server, POST, "auto", &peer, 1.5).await;
    pids(&server, &id, 1).await;
    let own = server.child.id().and_then(|pid| pid.try_into().ok()).expect("the server runs");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(own), nix::sys::signal::Signal::SIGTERM).expect("it runs");
    server.child.wait().await.expect("the server leaves");
    server.restart().await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(1)), "{record}");
}

#[tokio::test]
async fn an_author_who_vouches_gets_a_replay_and_the_first_act_stays_on_record() {
    let (server, peer) = (Server::start().await, Peer::new());
    let id = launch(&server, POST, "resume", &peer, 1.5).await;
    kill(pids(&server, &id, 1).await[0]);
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(2)), "{record}");
    assert_eq!(record["escaped"]["attempt"], 1, "{record}");
    peer.accepted().await;
    peer.accepted().await;
}

#[tokio::test]
async fn restart_begins_a_new_epoch_without_what_the_old_one_held_or_did() {
    let script = "
import os
def handler(system, this, inputs):
    system.setting('turns').acquire()
    this.flow('child', wait=False)
    this.step('mark', lambda: None)
    os.system('true')
    this.log(f'pid {os.getpid()}')
    this.sleep(1.5)
    system.setting('turns').release()
    return 'done'
";
    let child = "def handler(system, this, inputs):\n    this.sleep(1000)\n";
    let server = Server::start().await;
    server.flow("child", child, &json!({})).await;
    server.post("/setting?plain=true", &json!({ "name": "turns", "value": 0 })).await;
    server.flow("again", script, &json!({ "on_loss": "restart" })).await;
    let id = server.launch("again", &Value::Null).await;
    kill(pids(&server, &id, 1).await[0]);
    let both = pids(&server, &id, 2).await;
    assert_ne!(both[0], both[1]);
    let record = server.ended(&id).await;
    let filter = json!({ "field": "flow_name", "op": "eq", "value": "child" }).to_string();
    let children = super::server::answer(server.request("GET", "/execution").query(&[("filter", filter.as_str())])).await;
    assert_eq!(children.body["total"], 2, "each epoch starts its own child: {children:?}");
    let ends: Vec<&str> = children.body["items"].as_array().unwrap().iter().filter_map(|c| c["status_message"].as_str()).collect();
    assert!(ends.iter().any(|end| end.contains("starts from the top")), "{ends:?}");
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("done")), "{record}");
    assert_eq!(record["escaped"]["epoch"], 2, "{record}");
}

#[tokio::test]
async fn restart_gives_up_on_code_that_ends_its_own_process_again_and_again() {
    let server = Server::start().await;
    server.flow("poison", "import os\ndef handler(system, this, inputs):\n    os._exit(3)\n", &json!({ "on_loss": "restart" })).await;
    let record = server.run("poison", &Value::Null).await;
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    assert!(record["status_message"].as_str().unwrap_or_default().contains("3 times"), "{record}");
}

#[tokio::test]
async fn a_slot_that_reached_outside_is_not_used_again() {
    let script =
        "import os\ndef handler(system, this, inputs):\n    if inputs['act']:\n        os.system('true')\n    return os.getpid()\n";
    let server = Server::start().await;
    server.flow("pid", script, &json!({})).await;
    let mut seen = Vec::new();
    for act in [false, false, true, false] {
        seen.push(server.run("pid", &json!({ "act": act })).await["output_value"].clone());
    }
    assert_eq!((&seen[0], &seen[1]), (&seen[1], &seen[2]), "a clean slot is used again: {seen:?}");
    assert_ne!(seen[2], seen[3], "{seen:?}");
}
