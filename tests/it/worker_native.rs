//! What native code does without an audit event of Python is seen by the kernel, and told to the server before it happens.
//!
//! The native code here is a system call as machine code, called by ctypes: no library is loaded and no name looked up, so no
//! event is raised.
#![cfg(target_arch = "x86_64")]

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::Server;
use super::slot_rig::{Report, Rig, handler};

/// `syscall(number, ...)` without a name; helpers that make an address and a child.
pub const NATIVE: &str = "
import ctypes, mmap, os, socket, struct
CODE = bytes.fromhex('4889f84889f74889d64889ca4d89c24d89c84c8b4c24080f05c3')
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(CODE)
anchor = ctypes.c_char.from_buffer(page)
call = ctypes.CFUNCTYPE(ctypes.c_long, *[ctypes.c_long] * 7)(ctypes.addressof(anchor))
kept = []

def syscall(*numbers):
    return call(*(numbers + (0,) * (7 - len(numbers))))

def pointer(data):
    kept.append(ctypes.create_string_buffer(data, len(data)))
    return ctypes.addressof(kept[-1])

def address(port):
    return pointer(struct.pack('<H', 2) + struct.pack('>H', port) + bytes([127, 0, 0, 1]) + bytes(8)), 16

def message(receiver=None, data=b'xyz'):
    name, length = receiver or (0, 0)
    parts = pointer(struct.pack('QQ', pointer(data), len(data)))
    return struct.pack('QIxxxxQQQQixxxx', name, length, parts, 1, 0, 0, 0)

CONNECT, SENDTO, SENDMSG, SENDMMSG, EXECVE, FORK, VFORK = 42, 44, 46, 307, 59, 57, 58
";

fn native(body: &str) -> String {
    format!("{NATIVE}\n{}", handler(body))
}

async fn run(body: &str) -> Report {
    let mut rig = Rig::new().await;
    assert!(watches(&rig), "this kernel tells nothing: {:?}", rig.ready.report);
    let report = rig.run(&native(body)).await;
    assert!(report.escapes.is_empty(), "Python saw nothing of it: {report:?}");
    report
}

fn watches(rig: &Rig) -> bool {
    rig.ready.report.iter().any(|line| line.part == "watch on native acts" && line.holds)
}

#[tokio::test]
async fn a_native_connect_is_told_with_its_address() {
    let report = run("s = socket.socket()\nreturn syscall(CONNECT, s.fileno(), *address(9))").await;
    assert_eq!(report.knocks, [("connect", "127.0.0.1 port 9".to_owned())]);
    assert_eq!(report.output(), "-111", "the call went on, and nobody listens there");
}

#[tokio::test]
async fn a_native_sendto_is_told_where_it_names_an_address() {
    let body = "s = socket.socket(type=socket.SOCK_DGRAM)\na, b = socket.socketpair()\ndata = pointer(b'xyz')\n\
        return [syscall(SENDTO, a.fileno(), data, 3), syscall(SENDTO, s.fileno(), data, 3, 0, *address(9))]";
    let report = run(body).await;
    assert_eq!(report.knocks, [("sendto", "127.0.0.1 port 9".to_owned())]);
    assert_eq!(report.output(), "[3,3]");
}

#[tokio::test]
async fn a_native_sendmsg_is_told_where_its_header_names_an_address() {
    let body = "s = socket.socket(type=socket.SOCK_DGRAM)\na, b = socket.socketpair()\n\
        return [syscall(SENDMSG, a.fileno(), pointer(message())), syscall(SENDMSG, s.fileno(), pointer(message(address(9))))]";
    let report = run(body).await;
    assert_eq!(report.knocks, [("sendmsg", "127.0.0.1 port 9".to_owned())]);
    assert_eq!(report.output(), "[3,3]");
}

#[tokio::test]
async fn a_native_sendmmsg_is_told_if_any_of_its_headers_names_an_address() {
    let body = "s = socket.socket(type=socket.SOCK_DGRAM)\na, b = socket.socketpair()\n\
        def several(*headers):\n  return pointer(b''.join(header + bytes(8) for header in headers)), len(headers)\n\
        s.bind(('127.0.0.1', 0))\n\
        return [syscall(SENDMMSG, a.fileno(), *several(message(), message())), \
        syscall(SENDMMSG, s.fileno(), *several(message(address(9)), message(address(7))))]";
    let report = run(body).await;
    assert_eq!(report.knocks, [("sendmmsg", "127.0.0.1 port 9".to_owned())]);
    assert_eq!(report.output(), "[2,2]");
}

/// One that cannot be read may have any address: it counts as a way out.
#[tokio::test]
async fn a_header_that_cannot_be_read_counts_as_a_way_out() {
    let report = run("s = socket.socket(type=socket.SOCK_DGRAM)\nreturn syscall(SENDMSG, s.fileno(), 8)").await;
    assert_eq!(report.knocks, [("sendmsg", String::new())]);
    assert_eq!(report.output(), "-14", "the kernel cannot read it either");
}

#[tokio::test]
async fn a_native_child_and_its_program_are_told() {
    let body = "path, words = pointer(b'/bin/true\\0'), pointer(bytes(8))\npid = syscall(FORK)\n\
        if pid == 0:\n  syscall(EXECVE, path, words, words)\n  os._exit(1)\n\
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])";
    let report = run(body).await;
    assert_eq!(report.knocks, [("fork", String::new()), ("execve", "/bin/true".to_owned())]);
    assert_eq!(report.output(), "0");
}

#[tokio::test]
async fn what_native_code_does_in_a_step_belongs_to_the_step() {
    let body = "s = socket.socket()\nthis.step('one', lambda: syscall(CONNECT, s.fileno(), *address(9)))\nreturn 'done'";
    let report = run(body).await;
    assert!(report.knocks.is_empty(), "{report:?}");
    let body = "import threading\ns = socket.socket()\nbegun = threading.Event()\ndef act():\n  begun.wait()\n  \
        syscall(CONNECT, s.fileno(), *address(9))\nt = threading.Thread(target=act)\nt.start()\n\
        this.step('one', lambda: (begun.set(), t.join(), None)[2])";
    assert_eq!(run(body).await.knocks.len(), 1, "a thread beside the step is none of it");
}

/// The slot's own calls are not told, else each would cost a way to the server and back.
#[tokio::test]
async fn flow_api_calls_and_connected_sockets_are_not_told() {
    let body =
        "a, b = socket.socketpair()\nfor n in range(50):\n  this.now()\n  this.log(n)\n  a.sendall(b'x')\n  b.recv(1)\n  a.sendmsg([b'y'])";
    let report = run(body).await;
    assert!(report.knocks.is_empty(), "{report:?}");
}

async fn until(server: &Server, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let record = server.get(&format!("/execution/{id}?plain=true")).await.body;
        if holds(&record) {
            return record;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("execution {id} did not come that far");
}

fn kill(pid: &Value) {
    let pid = pid.as_str().and_then(|text| text.parse().ok()).expect("a process number");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("it runs");
}

/// Connects natively between two calls, as a database driver would.
async fn connected(act: &str) -> (Server, TcpListener, String) {
    let server = Server::start().await;
    let peer = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let body = format!(
        "s = socket.socket()\nport = inputs['port']\n{act}\nthis.save(message=str(os.getpid()))\nthis.sleep(inputs['wait'])\nreturn 'done'"
    );
    server.flow("driver", &native(&body), &Value::Null).await;
    let port = peer.local_addr().expect("it is bound").port();
    let id = server.launch("driver", &json!({ "port": port, "wait": 3 })).await;
    (server, peer, id)
}

#[tokio::test]
async fn a_native_connect_is_on_disk_and_a_loss_after_it_ends_the_execution() {
    let (server, peer, id) = connected("syscall(CONNECT, s.fileno(), *address(port))").await;
    tokio::task::spawn_blocking(move || peer.accept().map(drop)).await.expect("no panic").expect("it connects");
    let record = until(&server, &id, |record| record["status"] == "SLEEPING").await;
    kill(&record["message"]);
    let record = server.ended(&id).await;
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    let message = record["status_message"].as_str().unwrap_or_default();
    for piece in ["a place in native code that driver called: connect 127.0.0.1 port ", "this.step(", "on_loss"] {
        assert!(message.contains(piece), "'{piece}' is not in: {message}");
    }
}

#[tokio::test]
async fn a_native_connect_in_a_step_is_resumed_after_a_loss() {
    let (server, peer, id) = connected("this.step('one', lambda: syscall(CONNECT, s.fileno(), *address(port)))").await;
    tokio::task::spawn_blocking(move || peer.accept().map(drop)).await.expect("no panic").expect("it connects");
    let record = until(&server, &id, |record| record["status"] == "SLEEPING").await;
    kill(&record["message"]);
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("done")), "{record}");
}
