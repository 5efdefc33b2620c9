//! Forks, daemons, bombs: no process outlives the execution that started it, and none speaks for it.

use flowstead::protocol::Outcome;

use crate::slot_rig::{Report, Rig, handler, plain_answer, run_of};

fn is_alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test]
async fn a_forked_child_must_not_speak_for_the_execution() {
    let mut rig = Rig::new().await;
    let body = "import os\npid = os.fork()\nif pid == 0:\n  try:\n    this.log('from the child')\n  except Exception as e:\n    print(type(e).__name__)\n  return 'child'\n\
        os.waitpid(pid, 0)\nreturn 'parent'";
    let report = rig.run(&handler(body)).await;
    assert_eq!(report.output(), "\"parent\"");
    assert_eq!(report.lines, [("stdout", "InternalError".to_owned())]);
    assert!(report.logs.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_pool_of_forked_workers_works() {
    let mut rig = Rig::new().await;
    let script = "import multiprocessing\ndef square(x): return x * x\ndef handler(system, this, inputs):\n  \
        with multiprocessing.get_context('fork').Pool(2) as pool: return pool.map(square, [1, 2, 3])";
    assert_eq!(rig.run(script).await.output(), "[1,4,9]");
}

#[tokio::test]
async fn a_daemon_ends_with_its_execution() {
    let mut rig = Rig::new().await;
    let body = "import os\nr, w = os.pipe()\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    os.write(w, str(os.getpid()).encode())\n    \
        import time; time.sleep(1000)\n  os._exit(0)\nreturn int(os.read(r, 20))";
    let report = rig.run(&handler(body)).await;
    let daemon: i32 = report.output().parse().unwrap();
    assert!(!is_alive(daemon), "it is gone when DONE arrives");
    assert!(report.unclean().unwrap().contains("processes"));
}

#[tokio::test]
async fn a_killed_slot_takes_its_daemons_along() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let body = "import os, time\nr, w = os.pipe()\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    os.write(w, str(os.getpid()).encode())\n    \
        time.sleep(1000)\n  os._exit(0)\nthis.log(int(os.read(r, 20)))\ntime.sleep(1000)";
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let mut report = Report::default();
    while report.logs.is_empty() {
        rig.beside(slot.step(&mut report, &mut plain_answer)).await;
    }
    let daemon: i32 = report.messages()[0].parse().unwrap();
    rig.zygote.kill(slot.number, libc::SIGKILL, true).unwrap();
    let exit = rig.exit(slot.number).await;
    assert_eq!(exit.signal, Some(libc::SIGKILL));
    assert!(!is_alive(daemon), "the daemon is gone when the exit is told");
}

#[tokio::test]
async fn processes_that_keep_forking_are_all_caught() {
    let mut rig = Rig::new().await;
    // Each generation forks the next and ends, in sessions of their own: always on the run.
    let body = "import os, time\nif os.fork() == 0:\n  os.setsid()\n  while True:\n    if os.fork() != 0: os._exit(0)\n    os.setsid()\n    time.sleep(0.001)\n\
        time.sleep(0.05)\nreturn 'done'";
    let report = rig.run(&handler(body)).await;
    assert_eq!(report.output(), "\"done\"");
    let pid = rig.zygote.pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let forked: Vec<i32> = children.split_whitespace().map(|p| p.parse().unwrap()).collect();
    assert!(forked.len() <= 1, "only the slot itself may still be on its way out: {forked:?}");
}

#[tokio::test]
async fn signals_do_not_reach_siblings_the_zygote_or_the_server() {
    let mut rig = Rig::new().await;
    if !rig.ready.report.iter().any(|line| line.part == "landlock signals" && line.holds) {
        return;
    }
    let server = std::process::id();
    let body = format!(
        "import os\nout = []\nfor pid in ({server}, os.getppid()):\n  try:\n    os.kill(pid, 0)\n  except PermissionError:\n    out.append('refused')\nreturn out"
    );
    let report = rig.run(&handler(&body)).await;
    assert_eq!(report.output(), r#"["refused","refused"]"#);
}

#[tokio::test]
async fn the_sandbox_bites() {
    let mut rig = Rig::new().await;
    let body = "import os, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nout = {}\n\
        def attempt(name, f):\n  try:\n    f(); out[name] = 'works'\n  except OSError as e:\n    out[name] = e.errno\n\
        def unshare():\n  if libc.unshare(0x10000000): raise OSError(ctypes.get_errno(), '')\n\
        attempt('unshare', unshare)\nattempt('etc', lambda: open('/etc/x', 'w'))\nattempt('shadow', lambda: open('/etc/shadow'))\n\
        attempt('root', lambda: os.listdir('/'))\nattempt('sibling', lambda: os.mkdir('../other'))\nattempt('own', lambda: os.mkdir('mine'))\n\
        attempt('chown', lambda: os.chown('.', 1, 1))\n\
        out['env'] = sorted(os.environ)\nout['fds'] = sorted(int(f) for f in os.listdir('/proc/self/fd'))[:4]\n\
        out['cwd'] = os.environ['HOME'] == os.getcwd()\nreturn out";
    let report = rig.run(&handler(body)).await;
    let out: serde_json::Value = serde_json::from_str(&report.output()).unwrap();
    assert_eq!(out["unshare"], libc::EPERM);
    for refused in ["etc", "shadow", "root", "sibling"] {
        assert_eq!(out[refused], libc::EACCES, "{refused}: {out}");
    }
    assert_eq!(out["own"], "works");
    assert_eq!(out["chown"], libc::EPERM);
    assert_eq!(out["env"], serde_json::json!(["HOME", "LANG", "PATH", "TZ"]));
    assert_eq!(out["cwd"], true);
    // Whether there is one is the server's choice.
    assert!(rig.ready.report.iter().filter(|line| line.part != "user of their own").all(|line| line.holds), "{:?}", rig.ready.report);
}

#[tokio::test]
async fn ordinary_things_work_inside_the_sandbox() {
    let mut rig = Rig::new().await;
    let body = "import ssl, sqlite3, socket, subprocess, tempfile, threading, zoneinfo, datetime\n\
        ssl.create_default_context()\nsqlite3.connect('db').execute('create table t (x)')\n\
        with tempfile.NamedTemporaryFile() as f: f.write(b'x')\n\
        a, b = socket.socketpair()\na.send(b'x')\nb.recv(1)\nsocket.getaddrinfo('localhost', 80)\n\
        datetime.datetime.now(zoneinfo.ZoneInfo('Europe/Vienna'))\n\
        return subprocess.run(['sh', '-c', 'echo from a shell'], capture_output=True, text=True).stdout";
    let report = rig.run(&handler(body)).await;
    assert_eq!(report.output(), "\"from a shell\\n\"");
    assert!(matches!(report.outcome(), Outcome::Success { .. }));
}
