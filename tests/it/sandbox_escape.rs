//! The escape corpus: what a flow tries against the machine, the server and other executions, each beside the same act without the
//! sandbox, which must end otherwise. All acts are harmless where they succeed.

use std::collections::BTreeMap;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use serde_json::{Value, json};

use super::server::Server;

/// The errors of the sandbox.
const SANDBOX: &[&str] = &["EPERM", "EACCES"];

/// A name, the act as a Python expression, and how it must end.
type Act = (&'static str, &'static str, &'static [&'static str]);

/// Paths, signals and sockets.
const ACTS: &[Act] = &[
    ("the database", "open(given['data'] + '/flowstead.db', 'rb').read(1)", SANDBOX),
    ("the key file", "open(given['key'], 'rb').read(1)", SANDBOX),
    ("the data folder", "os.listdir(given['data'])", SANDBOX),
    ("another execution's folder", "os.listdir(given['other'])", SANDBOX),
    ("another execution's file", "open(given['other'] + '/note').read()", SANDBOX),
    ("a file in another execution's folder", "open(given['other'] + '/left', 'w')", SANDBOX),
    ("the server's environment", "open(f'/proc/{given[\"server\"]}/environ').read()", SANDBOX),
    ("the server's memory", "open(f'/proc/{given[\"server\"]}/mem', 'rb')", SANDBOX),
    ("what the server has open", "os.readlink(f'/proc/{given[\"server\"]}/fd/2')", SANDBOX),
    ("a descriptor of the server", "open(f'/proc/{given[\"server\"]}/fd/2', 'a')", SANDBOX),
    ("the server's folder", "os.listdir(f'/proc/{given[\"server\"]}/cwd/')", SANDBOX),
    ("another execution's memory", "open(f'/proc/{given[\"slot\"]}/mem', 'rb')", SANDBOX),
    ("the home folder", "os.listdir(given['home'])", SANDBOX),
    ("a signal to the server", "os.kill(given['server'], 0)", SANDBOX),
    ("a signal to the server by another way", "signal.pidfd_send_signal(os.pidfd_open(given['server']), 0)", SANDBOX),
    ("the server's memory map", "open(f'/proc/{given[\"server\"]}/maps').read(1)", SANDBOX),
    ("a way around by a symbolic link", "(os.symlink(given['key'], 'way'), open('way', 'rb').read(1))", SANDBOX),
    ("a way around by a hard link", "os.link(given['other'] + '/note', 'note')", &["EACCES", "EPERM", "EXDEV"]),
    ("the end of another execution's file", "os.truncate(given['other'] + '/note', 15)", SANDBOX),
    (
        "another execution's folder by another name",
        "os.rename(given['other'] + '/note', given['other'] + '/note')",
        &["EACCES", "EPERM", "EXDEV"],
    ),
    ("a signal to the zygote", "os.kill(given['zygote'], 0)", SANDBOX),
    ("a signal to another execution", "os.kill(given['slot'], 0)", SANDBOX),
    ("an abstract socket", "socket.socket(socket.AF_UNIX).connect('\\0' + given['abstract'])", SANDBOX),
    ("another user", "os.setgroups([])", SANDBOX),
    ("another owner", "(open('own', 'w'), os.chown('own', 1, 1))", SANDBOX),
    ("a device", "os.mknod('zero', stat.S_IFCHR | 0o600, os.makedev(1, 5))", SANDBOX),
];

/// System calls: some work, others fail in the kernel for their nonsensical arguments. In the sandbox they do not come that far.
const CALLS: &[Act] = &[
    ("ptrace", "seized()", SANDBOX),
    ("process_vm_readv", "call('process_vm_readv', os.getpid())", SANDBOX),
    ("process_vm_writev", "call('process_vm_writev', os.getpid())", SANDBOX),
    ("limits of the server", "call('prlimit64', given['server'], 7)", SANDBOX),
    ("priority of the server", "call('setpriority', 0, given['server'], 0)", SANDBOX),
    ("priority of all", "call('setpriority', 2, 0, 0)", SANDBOX),
    ("disk priority of the server", "call('ioprio_set', 1, given['server'], -1)", SANDBOX),
    ("processors of the server", "call('sched_setaffinity', given['server'], 0)", SANDBOX),
    ("scheduling of the server", "call('sched_setscheduler', given['server'], -1)", SANDBOX),
    ("memory of the server on another node", "call('migrate_pages', given['server'], -1)", SANDBOX),
    ("pidfd_getfd", "call('pidfd_getfd', -1)", SANDBOX),
    ("kcmp", "call('kcmp', os.getpid(), os.getpid())", SANDBOX),
    ("mount", "call('mount', 0, b'/absent', b'tmpfs')", SANDBOX),
    ("umount2", "call('umount2', b'/absent')", SANDBOX),
    ("pivot_root", "call('pivot_root', b'/absent', b'/absent')", SANDBOX),
    ("chroot", "call('chroot', b'/absent')", SANDBOX),
    ("unshare", "call('unshare', 0x10000000)", SANDBOX),
    ("setns", "call('setns', -1)", SANDBOX),
    ("clone into a namespace", "call('clone', 0x10000000 | 17) or os._exit(0)", SANDBOX),
    ("clone3", "call('clone3', 0, 0)", &["ENOSYS"]),
    ("bpf", "call('bpf', -1)", SANDBOX),
    ("perf_event_open", "call('perf_event_open', 0, 0, -1, -1)", SANDBOX),
    ("userfaultfd", "call('userfaultfd', -1)", SANDBOX),
    ("io_uring_setup", "call('io_uring_setup', 0)", SANDBOX),
    ("add_key", "call('add_key')", SANDBOX),
    ("request_key", "call('request_key')", SANDBOX),
    ("keyctl", "call('keyctl', -1)", SANDBOX),
    ("kexec_load", "call('kexec_load', 0, -1)", SANDBOX),
    ("init_module", "call('init_module')", SANDBOX),
    ("reboot", "call('reboot')", SANDBOX),
    ("swapon", "call('swapon', b'/absent')", SANDBOX),
    ("acct", "call('acct', b'/absent')", SANDBOX),
    ("open_by_handle_at", "call('open_by_handle_at', -1)", SANDBOX),
    ("settimeofday", "call('settimeofday')", SANDBOX),
    ("sethostname", "call('sethostname', b'x', -1)", SANDBOX),
    ("personality", "call('personality', 0xffffffff)", SANDBOX),
    ("fanotify_init", "call('fanotify_init', -1)", SANDBOX),
];

const NUMBERS: &[(&str, libc::c_long)] = &[
    ("ptrace", libc::SYS_ptrace),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("prlimit64", libc::SYS_prlimit64),
    ("setpriority", libc::SYS_setpriority),
    ("ioprio_set", libc::SYS_ioprio_set),
    ("sched_setaffinity", libc::SYS_sched_setaffinity),
    ("sched_setscheduler", libc::SYS_sched_setscheduler),
    ("migrate_pages", libc::SYS_migrate_pages),
    ("pidfd_getfd", libc::SYS_pidfd_getfd),
    ("kcmp", libc::SYS_kcmp),
    ("mount", libc::SYS_mount),
    ("umount2", libc::SYS_umount2),
    ("pivot_root", libc::SYS_pivot_root),
    ("chroot", libc::SYS_chroot),
    ("unshare", libc::SYS_unshare),
    ("setns", libc::SYS_setns),
    ("clone", libc::SYS_clone),
    ("clone3", libc::SYS_clone3),
    ("bpf", libc::SYS_bpf),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("userfaultfd", libc::SYS_userfaultfd),
    ("io_uring_setup", libc::SYS_io_uring_setup),
    ("add_key", libc::SYS_add_key),
    ("request_key", libc::SYS_request_key),
    ("keyctl", libc::SYS_keyctl),
    ("kexec_load", libc::SYS_kexec_load),
    ("init_module", libc::SYS_init_module),
    ("reboot", libc::SYS_reboot),
    ("swapon", libc::SYS_swapon),
    ("acct", libc::SYS_acct),
    ("open_by_handle_at", libc::SYS_open_by_handle_at),
    ("settimeofday", libc::SYS_settimeofday),
    ("sethostname", libc::SYS_sethostname),
    ("personality", libc::SYS_personality),
    ("fanotify_init", libc::SYS_fanotify_init),
];

/// Tries each act in a child of its own and says how it ended: `done`, or the error's name.
const TRIES: &str = "
import ctypes, errno, os, signal, socket, stat, time
libc = ctypes.CDLL(None, use_errno=True)

def tried(given):
    def call(name, *arguments):
        words = [a if isinstance(a, bytes) else ctypes.c_long(a) for a in (arguments + (0,) * 6)[:6]]
        result = libc.syscall(ctypes.c_long(given['numbers'][name]), *words)
        if result == -1:
            raise OSError(ctypes.get_errno(), name)
        return result

    def seized():
        child = os.fork()
        if child == 0:
            time.sleep(60)
        try:
            call('ptrace', 0x4206, child)
        finally:
            os.kill(child, 9)

    scope = {'given': given, 'call': call, 'seized': seized, 'os': os, 'signal': signal, 'socket': socket, 'stat': stat}
    outcomes = {}
    for name, act in given['acts']:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                eval(act, scope)
                outcome = 'done'
            except OSError as error:
                outcome = errno.errorcode.get(error.errno, str(error))
            except BaseException as error:
                outcome = repr(error)
            os.write(writes, outcome.encode())
            os._exit(0)
        os.close(writes)
        outcomes[name] = os.read(reads, 1000).decode()
        os.close(reads)
        os.waitpid(child, 0)
    return outcomes
";
const FLOW: &str = "\ndef handler(system, this, inputs):\n    return tried(inputs)\n";
const PROGRAM: &str = "\nimport json, sys\nprint(json.dumps(tried(json.load(sys.stdin))))\n";
/// The other execution: keeps a file, says who and where it is, and stays.
const OTHER: &str = "
import json, os
def handler(system, this, inputs):
    open('note', 'w').write('for nobody else')
    this.save(message=json.dumps([os.getpid(), os.getppid(), os.getcwd()]))
    this.sleep(1000)
";

type Outcomes = BTreeMap<String, String>;

async fn message(server: &Server, id: &str) -> Value {
    for _ in 0..600 {
        let record = server.get(&format!("/execution/{id}?plain=true")).await.body;
        if let Some(text) = record["message"].as_str() {
            return serde_json::from_str(text).expect("JSON");
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("execution {id} said nothing");
}

/// The same acts without the sandbox, in a folder of their own.
fn outside(given: &Value) -> Outcomes {
    use std::io::Write;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut child = std::process::Command::new(env!("FLOWSTEAD_PYTHON_EXECUTABLE"))
        .args(["-c", &format!("{TRIES}{PROGRAM}")])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("Python can be started");
    child.stdin.take().expect("it is a pipe").write_all(given.to_string().as_bytes()).expect("it is written");
    let output = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn key_file(folder: &std::path::Path) -> std::path::PathBuf {
    let files = std::fs::read_dir(folder).expect("the data folder").flatten().map(|entry| entry.path());
    files.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("key"))).expect("there is a key file")
}

#[tokio::test]
async fn nothing_of_the_corpus_gets_out_and_each_act_fails_for_the_sandbox() {
    let name = format!("flowstead-{}", uuid::Uuid::now_v7());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let _peer = UnixListener::bind_addr(&address).expect("the name is free");
    let server = Server::start().await;
    server.flow("other", OTHER, &Value::Null).await;
    server.flow("escape", &format!("{TRIES}{FLOW}"), &Value::Null).await;
    let other = server.launch("other", &Value::Null).await;
    let known = message(&server, &other).await;
    let acts: Vec<&Act> = ACTS.iter().chain(CALLS).collect();
    let given = json!({
        "data": server.folder(),
        "key": key_file(&server.folder()),
        "home": env!("CARGO_MANIFEST_DIR"),
        "server": server.child.id(),
        "slot": known[0],
        "zygote": known[1],
        "other": known[2],
        "abstract": name,
        "numbers": NUMBERS.iter().copied().collect::<BTreeMap<_, _>>(),
        "acts": acts.iter().map(|(name, act, _)| (name, act)).collect::<Vec<_>>(),
    });
    let control = outside(&given);
    let record = server.run("escape", &given).await;
    assert_eq!(record["status"], "ENDED_SUCCESS", "{record}");
    let inside: Outcomes = serde_json::from_value(record["output_value"].clone()).expect("texts");
    let mut wrong = Vec::new();
    for (name, _, refusals) in acts {
        let (within, without) = (&inside[*name], &control[*name]);
        // A kernel without the call, and a user without the right, tell nothing about the sandbox.
        let says_nothing = without == "ENOSYS" || (!nix::unistd::getuid().is_root() && SANDBOX.contains(&without.as_str()));
        if !refusals.contains(&within.as_str()) || (within == without && !says_nothing) {
            wrong.push(format!("{name}: {within} in the sandbox, {without} outside"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let record = server.get(&format!("/execution/{other}?plain=true")).await.body;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("SLEEPING"), &json!(1)), "the other one goes on: {record}");
    server.post(&format!("/execution/{other}/cancel"), &Value::Null).await;
}

/// Every process forks as fast as it can; at most a thousand, should nothing stop them.
#[tokio::test]
async fn a_fork_bomb_is_ended_and_nobody_else_notices() {
    let bomb = "
import os, time
def handler(system, this, inputs):
    for _ in range(10):
        try:
            os.fork()
        except OSError:
            pass
    time.sleep(60)
";
    let server = Server::start_with(&["[limits]", "processes = 50"]).await;
    server.flow("bomb", bomb, &Value::Null).await;
    server.flow("hello", "def handler(system, this, inputs):\n    return 'hello'\n", &Value::Null).await;
    let record = server.run("bomb", &Value::Null).await;
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    let message = record["status_message"].as_str().unwrap_or_default();
    assert!(message.contains("more than 50 processes and threads at once") && message.contains("limits.processes"), "{message}");
    assert_eq!(server.run("hello", &Value::Null).await["output_value"], "hello");
}

#[tokio::test]
async fn doctor_lists_every_part_and_what_it_means() {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead")).arg("doctor").output().await.expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    for part in [
        "no_new_privs",
        "capabilities",
        "landlock files",
        "landlock signals",
        "seccomp",
        "rlimit open files",
        "processes",
        "watch on acts outside",
        "watch on native acts",
        "user of their own",
        "memory of executions",
        "work directories",
    ] {
        let line = text.lines().position(|line| line.get(4..).is_some_and(|rest| rest.starts_with(part)));
        let line = line.unwrap_or_else(|| panic!("{part} is not listed:\n{text}"));
        let meaning = text.lines().nth(line + 1).unwrap_or_default();
        assert!(meaning.starts_with("      ") && meaning.trim().len() > 20, "{part} has no meaning:\n{text}");
    }
}
