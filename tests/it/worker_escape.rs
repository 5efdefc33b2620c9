//! A slot on its own: which acts of flow code reach outside, and which do not.

use super::slot_rig::{Report, Rig, handler, run_of};
use flowstead::protocol::Outcome;

/// The line on which a handler's body begins.
const FIRST: u32 = 4;

/// The ways out that Python tells of: the event, and a body whose last line takes it.
const ESCAPES: &[(&str, &str)] = &[
    ("socket.connect", "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))"),
    ("socket.connect", "import http.client\nhttp.client.HTTPConnection('127.0.0.1', 9).request('POST', '/')"),
    ("socket.connect", "import asyncio\nasyncio.run(asyncio.open_connection('127.0.0.1', 9))"),
    ("socket.sendto", "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))"),
    ("socket.sendmsg", "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', 9))"),
    ("socket.bind", "import socket\nsocket.socket(socket.AF_UNIX).bind('here')"),
    ("subprocess.Popen", "import subprocess\nsubprocess.run(['true'])"),
    ("subprocess.Popen", "import asyncio\nasyncio.run(asyncio.create_subprocess_exec('true'))"),
    ("os.system", "import os\nos.system('true secret')"),
    ("os.posix_spawn", "import os\nos.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)"),
    ("os.fork", "import os\nos.fork() or os._exit(0)"),
    ("_posixsubprocess.fork_exec", "import multiprocessing.util\nmultiprocessing.util.spawnv_passfds(b'/bin/true', [b'true'], [])"),
    ("_posixsubprocess.fork_exec", "import subprocess, sys\nsys.audit = lambda *args: None\nsubprocess.run(['true'])"),
    ("open", "import os\nos.close(os.open('/dev/shm/flowstead-test', os.O_RDWR | os.O_CREAT)), os.unlink('/dev/shm/flowstead-test')"),
    ("os.utime", "import os\nos.utime('/proc/version')"),
    ("os.chmod", "import os\nos.chmod('/proc/version', 0o755)"),
    ("ctypes.dlopen", "import ctypes\nctypes.CDLL('libc.so.6')"),
    ("ctypes.dlsym", "import ctypes\nctypes.CDLL(None).getpid()"),
    ("ctypes.dlsym", "import ctypes\nctypes.pythonapi.system(b'true')"),
    ("os.kill", "import os, signal\nos.kill(os.getppid(), signal.SIGCONT)"),
    ("os.killpg", "import os, signal\nos.killpg(os.getppid(), signal.SIGCONT)"),
    ("resource.prlimit", "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CORE)"),
    ("os.mkfifo", "import os\nos.mkfifo('/dev/shm/flowstead-fifo'), os.unlink('/dev/shm/flowstead-fifo')"),
    ("os.mknod", "import os\nos.mknod('/dev/shm/flowstead-node'), os.unlink('/dev/shm/flowstead-node')"),
    (
        "_posixshmem.shm_open",
        "from multiprocessing import shared_memory\nshared_memory.SharedMemory(create=True, size=8, track=False).unlink()",
    ),
    ("syslog.syslog", "import syslog\nsyslog.syslog('x')"),
];

/// What happens inside, or is refused, or is no act at all.
const HARMLESS: &[&str] = &[
    "import asyncio, concurrent.futures, ctypes, ctypes.util, email, http.client, logging, multiprocessing, platform, secrets",
    "import socket, sqlite3, ssl, subprocess, tempfile, urllib.request, uuid, webbrowser, xml.etree.ElementTree, zoneinfo",
    "import platform\nplatform.platform(), platform.processor()",
    "import ctypes\nctypes.pythonapi.Py_GetVersion",
    "import uuid\nuuid.uuid4()",
    "open('file', 'w').write('x')\nopen('file', 'a').write('y')\nopen(__import__('os').path.abspath('other'), 'x').close()",
    "import os, pathlib\npathlib.Path('a/b').mkdir(parents=True)\nos.rename('a', 'c')\nos.chmod('c', 0o700)\nos.utime('c')\nos.symlink('c', 'd')",
    "import shutil, os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()\nshutil.copytree('a', 'z')\nshutil.rmtree('a')\nshutil.move('z', 'y')",
    "import tempfile\nwith tempfile.TemporaryDirectory() as d: open(d + '/x', 'w').close()\ntempfile.NamedTemporaryFile().write(b'x')",
    "open('/etc/hosts').read()\nopen('/dev/null', 'w').write('x')",
    "try:\n  open('/tmp/not-to-be-made', 'w')\nexcept PermissionError: pass\nelse: raise AssertionError",
    "try:\n  open('/absent/file', 'w')\nexcept OSError: pass",
    "import sqlite3\nsqlite3.connect(':memory:').execute('create table a (b)')\nsqlite3.connect('own.db').execute('create table a (b)')",
    "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\na, b = socket.socketpair()\na.sendmsg([b'x'])\na.send(b'x')",
    "import asyncio\nasyncio.run(asyncio.sleep(0))",
    "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
    "import socket\nsocket.getaddrinfo('localhost', 80), socket.gethostbyname('localhost'), socket.if_nameindex()",
    "import os, pwd\npwd.getpwuid(0), os.path.expanduser('~root')",
    "import os\nos.kill(os.getpid(), 0), os.killpg(0, 0)\ntry: os.kill(os.getppid(), 0)\nexcept PermissionError: pass",
    "import os\nos.mkfifo('fifo'), os.mkfifo(path='other', dir_fd=os.open('.', os.O_RDONLY))\nassert os.mkfifo in os.supports_dir_fd",
];

#[tokio::test]
async fn each_way_out_is_told_with_the_line_of_the_flow_that_takes_it() {
    let mut rig = Rig::new().await;
    for (event, body) in ESCAPES {
        let report = rig.run(&handler(&format!("try:\n  {}\nexcept OSError: pass", body.replace('\n', "\n  ")))).await;
        let lines = u32::try_from(body.lines().count()).unwrap();
        let told: Vec<_> = report.escapes.iter().map(|e| (e.event.as_str(), e.file.as_str(), e.line, e.function.as_str())).collect();
        assert_eq!(told, [(*event, "the flow", FIRST + lines, "handler")], "{body}: {report:?}");
        assert!(!report.escapes[0].argument.contains("secret"), "{report:?}");
        assert!(report.unclean().is_some(), "{body}: {report:?}");
    }
}

#[tokio::test]
async fn what_stays_inside_is_no_way_out() {
    let mut rig = Rig::new().await;
    for body in HARMLESS {
        let report = rig.run(&handler(body)).await;
        assert!(matches!(report.done.as_ref().map(|d| &d.outcome), Some(Outcome::Success { .. })), "{body}: {report:?}");
        assert!(report.escapes.is_empty() && report.knocks.is_empty(), "{body}: {report:?}");
    }
}

#[tokio::test]
async fn only_the_first_way_out_is_told() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("import os\nos.system('true')\nos.system('false')")).await;
    assert_eq!(report.escapes.len(), 1, "{report:?}");
    assert_eq!((report.escapes[0].line, report.escapes[0].argument.as_str()), (FIRST + 1, "true"));
}

#[tokio::test]
async fn one_that_is_on_disk_already_is_not_told_again_but_soils_the_slot() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let mut run = run_of(&handler("import os\nos.system('true')"));
    run.escaped = true;
    slot.writer.run(&run).unwrap();
    let report = rig.beside(slot.report(super::slot_rig::plain_answer)).await;
    assert!(report.escapes.is_empty(), "{report:?}");
    assert!(report.unclean().is_some(), "{report:?}");
}

async fn step(body: &str) -> Report {
    Rig::new().await.run(&handler(body)).await
}

#[tokio::test]
async fn what_a_step_does_belongs_to_the_step() {
    let report = step("import os\nthis.step('one', lambda: os.system('true'))").await;
    assert!(report.escapes.is_empty() && report.unclean().is_none(), "{report:?}");
    let report = step("import os\nthis.step('one', lambda: os.system('true'))\nos.system('false')").await;
    assert_eq!(report.escapes.iter().map(|e| e.argument.as_str()).collect::<Vec<_>>(), ["false"], "{report:?}");
}

#[tokio::test]
async fn a_thread_of_a_step_is_covered_and_one_beside_it_is_not() {
    let own = "import os, threading\ndef go():\n  t = threading.Thread(target=os.system, args=('true',))\n  t.start()\n  t.join()\nthis.step('one', go)";
    let report = step(own).await;
    assert!(report.escapes.is_empty(), "{report:?}");
    let beside = "import os, threading\nbegun = threading.Event()\ndef act():\n  begun.wait()\n  os.system('true')\n\
        t = threading.Thread(target=act)\nt.start()\nthis.step('one', lambda: (begun.set(), t.join(), None)[2])";
    let report = step(beside).await;
    assert_eq!(report.escapes.len(), 1, "{report:?}");
    assert_eq!((report.escapes[0].line, report.escapes[0].function.as_str()), (FIRST + 4, "handler.<locals>.act"));
}

#[tokio::test]
async fn a_flow_cannot_take_the_hook_away() {
    let body = "import gc, sys, os\nsys.audit = None\nsys.addaudithook(lambda event, args: None)\n\
        for thing in gc.get_objects():\n  if callable(thing) and 'audit' in getattr(thing, '__name__', ''): assert thing.__module__ == 'sys'\n\
        for name in [n for n in sys.modules if 'audit' in n or n == '_flow_api']: del sys.modules[name]\n\
        os.system('true')";
    let report = step(body).await;
    assert_eq!(report.escapes.len(), 1, "{report:?}");
    let report = step("import sys\nsys.addaudithook(lambda event, args: None)").await;
    assert_eq!(report.unclean(), Some("the flow added an audit hook, which stays"), "{report:?}");
}

#[tokio::test]
async fn a_module_that_acts_when_it_is_loaded_is_told() {
    let mut rig = Rig::new().await;
    let report = rig.run("import os\nos.system('true')\ndef handler(system, this, inputs): pass\n").await;
    assert_eq!((report.escapes[0].line, report.escapes[0].function.as_str()), (2, "<module>"), "{report:?}");
}
