//! Where the server runs as root, each trust domain's flows run as a user of their own: what that keeps apart by itself, without
//! Landlock. Elsewhere it is only tested that `doctor` says so.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::server::Server;
use super::slot_rig::{Report, Rig, Slot, handler, run_of, within};

const FIRST: u32 = 1_900_065_001;
const SECOND: u32 = 1_900_065_002;

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A flow that keeps a file, starts a child, says what it is, and stays.
const RESIDENT: &str = "
import json, os, time
def handler(system, this, inputs):
    open('note', 'w').write('for nobody else')
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    this.log(json.dumps([os.getpid(), os.getcwd(), child, os.getuid(), os.getgid(), os.getgroups()]))
    this.sleep(1000)
";

/// Tries to reach the resident; each outcome is `done` or the name of an error.
const VISITOR: &str = "
import errno, os
def handler(system, this, inputs):
    pid, folder, child = GIVEN
    acts = {
        'list': lambda: os.listdir(folder),
        'read': lambda: open(folder + '/note').read(),
        'write': lambda: open(folder + '/left', 'w'),
        'root': lambda: os.listdir(os.path.dirname(folder)),
        'signal': lambda: os.kill(pid, 0),
        'signal to its child': lambda: os.kill(child, 0),
        'folder by process': lambda: os.listdir(f'/proc/{pid}/cwd/'),
        'descriptors': lambda: os.listdir(f'/proc/{pid}/fd'),
        'memory': lambda: open(f'/proc/{pid}/mem', 'rb'),
        'environment': lambda: open(f'/proc/{child}/environ').read(),
    }
    outcomes = {}
    for name, act in acts.items():
        try:
            act()
            outcomes[name] = 'done'
        except OSError as error:
            outcomes[name] = errno.errorcode[error.errno]
    return outcomes
";

/// A zygote without Landlock that runs flows as `user`, with its work below `folder`.
async fn open_rig(folder: &Path, user: Option<u32>) -> Rig {
    let root = folder.join(format!("{}-{}", user.unwrap_or(0), uuid::Uuid::now_v7()));
    Rig::with(|options| {
        options.work_root = root;
        options.landlock = false;
        options.user = user;
    })
    .await
}

async fn resident(rig: &mut Rig) -> (Slot, Value) {
    let mut slot = rig.slot();
    slot.writer.run(&run_of(RESIDENT)).expect("RUN is sent");
    let listening = async {
        let mut report = Report::default();
        // The sleep is never answered.
        while report.logs.is_empty() {
            slot.step(&mut report, &mut |_, _| None).await;
        }
        serde_json::from_str(&report.logs[0].1.message).expect("JSON")
    };
    let known: Value = rig.beside(listening).await;
    (slot, known)
}

async fn visit(rig: &mut Rig, known: &Value) -> Value {
    let given = json!([known[0], known[1], known[2]]);
    let report = rig.run(&VISITOR.replace("GIVEN", &given.to_string())).await;
    serde_json::from_str(&report.output()).expect("JSON")
}

fn all_but_done(outcomes: &Value, among: &[&str]) {
    for (name, outcome) in outcomes.as_object().expect("an object") {
        assert!(among.contains(&outcome.as_str().expect("text")), "{name}: {outcomes}");
    }
}

#[tokio::test]
async fn a_domain_cannot_reach_another_even_without_landlock() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    set_mode(folder.path(), 0o755);
    let (mut first, mut second) = (open_rig(folder.path(), Some(FIRST)).await, open_rig(folder.path(), Some(SECOND)).await);
    let (_slot, known) = resident(&mut first).await;
    assert_eq!((&known[3], &known[4], &known[5]), (&json!(FIRST), &json!(FIRST), &json!([])), "{:?}", first.ready.report);
    let outcomes = visit(&mut second, &known).await;
    all_but_done(&outcomes, &["EACCES", "EPERM"]);
    // The control: the same acts of the same user.
    let mut same = open_rig(folder.path(), Some(FIRST)).await;
    let outcomes = visit(&mut same, &known).await;
    for name in ["list", "read", "write", "root", "signal", "signal to its child"] {
        assert_eq!(outcomes[name], "done", "{outcomes}");
    }
    // And without users, two zygotes see each other's folders.
    let (mut first, mut second) = (open_rig(folder.path(), None).await, open_rig(folder.path(), None).await);
    let (_slot, known) = resident(&mut first).await;
    let outcomes = visit(&mut second, &known).await;
    assert_eq!((&outcomes["read"], &outcomes["signal"]), (&json!("done"), &json!("done")), "{outcomes}");
}

/// Python and the work directory lie below folders of root that others may not enter: they are there all the same, and nothing else.
#[tokio::test]
async fn closed_folders_are_covered_and_only_what_is_needed_is_seen() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    set_mode(folder.path(), 0o700);
    std::fs::write(folder.path().join("secret"), "not for flows").expect("it is written");
    let mut rig = open_rig(folder.path(), Some(FIRST)).await;
    let line = rig.ready.report.iter().find(|line| line.part == "user of their own").expect("a line");
    if !line.holds && line.detail.contains("cannot be covered") {
        // A container without the right to mount: nothing changed, and it is said.
        return;
    }
    assert!(line.holds && line.detail.contains(&folder.path().display().to_string()), "{line:?}");
    let body = format!(
        "import os, subprocess, sys, json, getpass\nopen('own', 'w').write('x')\n\
         seen = subprocess.run([sys.executable, '-c', 'import os; print(os.getuid())'], capture_output=True, text=True).stdout.strip()\n\
         return [os.listdir({:?}) == [os.path.basename(os.path.dirname(os.getcwd()))], open(os.path.abspath('own')).read(), seen, getpass.getuser()]",
        folder.path().display().to_string()
    );
    let report = rig.run(&handler(&body)).await;
    assert_eq!(report.output(), format!(r#"[true,"x","{FIRST}","flow"]"#));
    assert!(folder.path().join("secret").exists(), "for everyone else it is there");
}

#[tokio::test]
async fn a_slot_of_another_user_is_killed_and_its_folder_wiped() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut rig = open_rig(folder.path(), Some(FIRST)).await;
    let (slot, known) = resident(&mut rig).await;
    let place = PathBuf::from(known[1].as_str().expect("a path"));
    let meta = place.parent().expect("a work root").metadata().expect("it is there");
    assert_eq!((meta.uid(), meta.gid(), meta.mode() & 0o777), (FIRST, FIRST, 0o700));
    assert!(place.join("note").exists());
    rig.zygote.kill(slot.number, libc::SIGKILL, true).expect("it is told");
    assert_eq!(rig.exit(slot.number).await.signal, Some(libc::SIGKILL));
    let child = known[2].as_i64().expect("a number");
    assert!(!Path::new(&format!("/proc/{child}")).exists(), "what it started is gone too");
    rig.zygote.stop();
    rig.gone().await;
    assert!(!place.exists());
}

/// The first user of flows that a server's project gets, and whether what flows usually do works for him.
const PLAIN: &str = "
import os, ssl, sqlite3, socket, subprocess, sys, tempfile
from concurrent.futures import ProcessPoolExecutor
def square(n):
    return n * n
def handler(system, this, inputs):
    ssl.create_default_context()
    sqlite3.connect('db').execute('create table t (x)')
    with tempfile.NamedTemporaryFile() as f:
        f.write(b'x')
    socket.getaddrinfo('localhost', 80)
    assert subprocess.run([sys.executable, '-c', 'print(6)'], capture_output=True, text=True).stdout == '6\\n'
    assert subprocess.run(['sh', '-c', 'echo shell'], capture_output=True, text=True).stdout == 'shell\\n'
    this.step('once', lambda: 1)
    return [os.getuid(), os.stat('..').st_uid, oct(os.stat('..').st_mode & 0o777)]
";

#[tokio::test]
async fn each_project_has_a_user_of_its_own_and_keeps_it() {
    let mut server = Server::start().await;
    let project = server.post("/project?plain=true", &json!({ "name": "apart" })).await.body["id"].clone();
    server.flow("here", PLAIN, &json!({})).await;
    server.flow("there", PLAIN, &json!({ "project_id": project })).await;
    let mut before = Vec::new();
    for flow in ["here", "there"] {
        let record = server.run(flow, &Value::Null).await;
        assert_eq!(record["status"], "ENDED_SUCCESS", "{record}");
        before.push(record["output_value"].clone());
    }
    if !is_root() {
        assert_eq!(before[0][0], before[1][0], "flows run as the server's user");
        return;
    }
    for seen in &before {
        assert!(seen[0].as_u64().expect("a number") >= 1_900_000_000, "{seen}");
        assert_eq!((&seen[0], &seen[2]), (&seen[1], &json!("0o700")), "{seen}");
    }
    assert_ne!(before[0][0], before[1][0]);
    server.stop().await;
    server.restart().await;
    // In the other order.
    for (flow, before) in [("there", &before[1]), ("here", &before[0])] {
        assert_eq!(&server.run(flow, &Value::Null).await["output_value"], before, "{flow}");
    }
}

#[tokio::test]
async fn a_range_that_is_used_up_is_said() {
    if !is_root() {
        return;
    }
    // One is the workspace's, where scripts are checked that are saved.
    let server = Server::start_with(&["[engine]", "user_ids = '1900070000-1900070001'"]).await;
    let project = server.post("/project?plain=true", &json!({ "name": "apart" })).await.body["id"].clone();
    server.flow("here", "def handler(system, this, inputs):\n    return 1\n", &json!({})).await;
    server.flow("there", "import os\ndef handler(system, this, inputs):\n    return 1\n", &json!({ "project_id": project })).await;
    let (here, there) = (server.run("here", &Value::Null).await, server.run("there", &Value::Null).await);
    let statuses = [&here["status"], &there["status"]];
    assert!(statuses.contains(&&json!("ENDED_SUCCESS")) && statuses.contains(&&json!("ENDED_ERROR")), "{here} {there}");
    let messages = format!("{} {}", here["status_message"], there["status_message"]);
    assert!(messages.contains("engine.user_ids"), "{messages}");
}

async fn doctor(user_ids: Option<&str>) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead"));
    command.arg("doctor").envs(user_ids.map(|text| ("FLOWSTEAD_ENGINE_USER_IDS", text)));
    let output = within(command.output()).await.expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let line = text.lines().find(|line| line.contains("user of their own"));
    line.unwrap_or_else(|| panic!("no line:\n{text}")).to_owned()
}

#[tokio::test]
async fn doctor_says_whether_flows_have_users_of_their_own() {
    let on = doctor(None).await;
    let off = doctor(Some("")).await;
    assert!(off.starts_with("NO "), "{off}");
    if is_root() {
        assert!(on.starts_with("yes") && on.contains("1900065535"), "{on}");
        assert!(off.contains("engine.user_ids is empty"), "{off}");
    } else {
        assert!(on.starts_with("NO ") && on.contains("does not run as root"), "{on}");
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("the mode can be set");
}
