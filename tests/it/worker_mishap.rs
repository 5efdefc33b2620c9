//! What a flow can do to itself: each has a clear end, the zygote and other slots go on, nothing is left.

use flowstead::engine::zygote::SlotExit;
use flowstead::protocol::{EXIT_SOCKET_LOST, Outcome};

use crate::slot_rig::{Report, Rig, handler, plain_answer, run_of};

async fn error_of(script: &str) -> String {
    Rig::new().await.run(script).await.error().to_owned()
}

/// Runs it in a slot that dies of it, and shows that the zygote lives on.
async fn deadly(body: &str) -> (Report, SlotExit) {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let report = rig_report(&mut rig, &mut slot).await;
    let exit = rig.exit(slot.number).await;
    assert_eq!(rig.run(&handler("return 'still here'")).await.output(), "\"still here\"");
    (report, exit)
}

async fn rig_report(_rig: &mut Rig, slot: &mut crate::slot_rig::Slot) -> Report {
    slot.report(plain_answer).await
}

#[tokio::test]
async fn a_syntax_error_is_said_in_the_first_line() {
    let text = error_of("def handler(system, this, inputs):\n    x = = 1\n").await;
    assert!(text.starts_with("The script has a syntax error in line 2: invalid syntax\n"), "{text}");
    assert!(text.contains("x = = 1"), "{text}");
}

#[tokio::test]
async fn a_missing_handler_is_said_with_a_near_name() {
    let text = error_of("def handle(system, this, inputs): pass").await;
    assert!(text.starts_with("The script has no function named 'handler'") && text.contains("Did you mean 'handle'?"), "{text}");
}

#[tokio::test]
async fn a_failing_import_is_said_in_the_first_line() {
    let text = error_of("import no_such_module\ndef handler(system, this, inputs): pass").await;
    assert!(text.starts_with("An import of the script failed: No module named 'no_such_module'\n"), "{text}");
    let text = error_of("x = 1 / 0\ndef handler(system, this, inputs): pass").await;
    assert!(text.starts_with("The script failed before its handler was called: ZeroDivisionError"), "{text}");
}

#[tokio::test]
async fn a_traceback_shows_lines_of_the_flow_and_no_others() {
    let text = error_of(&handler("import json\njson.loads('{')")).await;
    assert!(
        text.starts_with("Traceback (most recent call last):\n  File \"the flow\", line 5, in handler\n    json.loads('{')\n"),
        "{text}"
    );
    assert!(!text.contains("decoder.py") && !text.contains('/'), "{text}");
    assert!(text.lines().last().unwrap().starts_with("json.decoder.JSONDecodeError"), "{text}");
}

#[tokio::test]
async fn sys_exit_is_an_error_that_says_so() {
    let text = error_of(&handler("import sys\nsys.exit(3)")).await;
    assert!(text.starts_with("The flow called sys.exit(3)"), "{text}");
}

#[tokio::test]
async fn endless_recursion_is_an_ordinary_error() {
    let text = error_of("def f(): return f()\ndef handler(system, this, inputs): f()").await;
    assert!(text.contains("RecursionError") && text.len() < 4000, "{text}");
}

#[tokio::test]
async fn memory_over_the_limit_is_an_error_that_says_so() {
    let text = error_of(&handler("x = bytearray(8 << 30)")).await;
    assert!(text.starts_with("The flow ran out of memory; it may use 2048 MiB (limits.memory_bytes)."), "{text}");
}

#[tokio::test]
async fn a_file_over_the_limit_is_an_error() {
    let text = error_of(&handler("with open('big', 'wb') as f:\n  for _ in range(100): f.write(bytes(1 << 20))")).await;
    assert!(text.starts_with("The flow wrote a file that is too large; it may have 67108864 bytes (limits.file_bytes)."), "{text}");
}

#[tokio::test]
async fn cpu_time_over_the_limit_ends_a_loop() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let mut run = run_of(&handler("while True:\n  pass"));
    run.limits.cpu_seconds = 1;
    slot.writer.run(&run).unwrap();
    let report = rig.beside(slot.report(plain_answer)).await;
    assert_eq!(report.error(), "The execution used up its CPU time of 1 seconds.");
}

#[tokio::test]
async fn os_exit_shows_as_an_exit_code() {
    let (report, exit) = deadly("import os\nthis.log('before')\nos._exit(7)").await;
    assert!(report.closed && report.messages() == ["before"], "{report:?}");
    assert_eq!((exit.code, exit.signal), (Some(7), None));
}

#[tokio::test]
async fn a_segmentation_fault_shows_as_a_signal() {
    let (report, exit) = deadly("import ctypes\nprint('before')\nctypes.string_at(0)").await;
    assert!(report.closed && report.messages() == ["before"], "{report:?}");
    assert_eq!(exit.signal, Some(libc::SIGSEGV));
    assert!(report.lines.iter().any(|(_, line)| line.contains("line 6 in handler")), "the line is shown: {:?}", report.lines);
}

#[tokio::test]
async fn deep_recursion_in_c_ends_the_slot_alone() {
    // Nested iterators call each other in C, without a look at the recursion limit.
    let body = "it = iter([])\nfor _ in range(1_000_000): it = filter(None, it)\nlist(it)";
    let (report, exit) = deadly(body).await;
    assert!(report.done.is_none() && exit.signal.is_some(), "{report:?} {exit:?}");
}

#[tokio::test]
async fn closing_every_descriptor_ends_the_slot() {
    let (report, exit) = deadly("import os\nos.closerange(3, 4096)\nthis.save(message='x')").await;
    assert!(report.closed && report.done.is_none(), "{report:?}");
    assert_eq!(exit.code, Some(EXIT_SOCKET_LOST));
}

#[tokio::test]
async fn garbage_on_the_socket_ends_the_slot_for_the_server() {
    let mut rig = Rig::new().await;
    let report = rig.run(&handler("import os\nos.write(900, b'x' * 64)\nthis.sleep(1)")).await;
    assert!(report.closed && report.done.is_none(), "{report:?}");
}

#[tokio::test]
async fn a_slot_that_cannot_be_used_again_says_why() {
    let mut rig = Rig::new().await;
    for (body, why) in [
        ("import os\nos.environ['X'] = '1'", "the environment"),
        ("import os\nos.mkdir('d')\nos.chdir('d')", "the working directory"),
        ("import signal\nsignal.signal(signal.SIGTERM, lambda *a: None)", "signal handlers"),
        ("import signal\nsignal.signal(signal.SIGUSR1, lambda *a: None)", "signal handlers"),
        ("import sys\nsys.path.append('x')", "sys.path"),
        ("import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])", "blocked signals"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))", "resource limits"),
        ("import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()", "threads"),
        ("import subprocess\nsubprocess.Popen(['sleep', '600'])", "processes"),
    ] {
        let report = rig.run(&handler(body)).await;
        assert!(matches!(report.outcome(), Outcome::Success { .. }), "{report:?}");
        assert!(report.unclean().is_some_and(|text| text.contains(why)), "{body}: {:?}", report.unclean());
    }
    let joined = rig.run(&handler("import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()")).await;
    assert_eq!(joined.unclean(), None);
}

#[tokio::test]
async fn an_unclean_slot_leaves_by_itself() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    slot.writer.run(&run_of(&handler("import os\nos.environ['X'] = '1'"))).unwrap();
    rig.beside(slot.report(plain_answer)).await;
    assert_eq!(rig.exit(slot.number).await.code, Some(0));
}

#[tokio::test]
async fn a_killed_zygote_takes_everything_with_it() {
    let mut rig = Rig::new().await;
    let mut slot = rig.slot();
    let body = "import subprocess\np = subprocess.Popen(['setsid', 'sleep', '1234'])\nthis.log(p.pid)\nthis.sleep(1000)";
    slot.writer.run(&run_of(&handler(body))).unwrap();
    let mut report = Report::default();
    while report.calls.is_empty() {
        slot.step(&mut report, &mut |_, _| None).await;
    }
    let grandchild: i32 = report.messages()[0].parse().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(rig.zygote.pid()), nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_eq!(rig.gone().await, "it was killed by signal 9");
    assert!(!std::path::Path::new(&format!("/proc/{grandchild}")).exists(), "the grandchild is gone");
}
