//! A backup of a workspace at work, and the same workspace put back elsewhere while the first goes on.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::kill_suite::outside::Outside;
use super::server::Server;

/// Acts outside under a key; a repeated act comes again under the same one.
const ACT: &str = "
import socket
def act(port, key):
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(f'{key}\\n'.encode())
        return s.makefile().readline()
";
const HOLDER: &str = "
def handler(system, this, inputs):
    system.setting('gate').acquire()
    this.sleep(100000)
";
const CHILD: &str = "
def handler(system, this, inputs):
    this.step('before', lambda: act(inputs['port'], inputs['key'] + ' before'))
    with system.setting('gate'):
        done = system.setting('done')
        done.save(value=done.get('value') + [inputs['key']])
    this.step('after', lambda: act(inputs['port'], inputs['key'] + ' after'))
    return inputs['key']
";
const PARENT: &str = "
def handler(system, this, inputs):
    this.step('before', lambda: act(inputs['port'], 'parent before'))
    children = [this.flow('child', port=inputs['port'], key=f'child {n}', wait=False) for n in range(2)]
    keys = [child.get('output_value') for child in this.wait_for(*children)]
    this.step('after', lambda: act(inputs['port'], 'parent after'))
    return keys
";
/// Acts again and again until it is told to stop.
const RUNNER: &str = "
def handler(system, this, inputs):
    n = 0
    while not system.setting('stop').get('value'):
        this.step(f'act {n}', lambda: act(inputs['port'], f'runner {n}'))
        n += 1
    return n
";
const SLEEPER: &str = "
def handler(system, this, inputs):
    this.sleep(100000)
";

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_flowstead"))
}

async fn cli(arguments: &[&str], paths: &[&Path]) -> Output {
    program().args(arguments).args(paths).output().await.expect("the binary can be started")
}

/// `flowstead backup FILE --data DIR`.
async fn backup(server: &Server, file: &Path, more: &[&str]) -> Output {
    let mut command = program();
    command.arg("backup").arg(file).arg("--data").arg(server.folder()).args(more);
    command.output().await.expect("the binary can be started")
}

/// `flowstead restore FILE --data DIR`.
async fn restore(file: &Path, folder: &Path, key: Option<&Path>) -> Output {
    let mut command = program();
    command.arg("restore").arg(file).arg("--data").arg(folder);
    if let Some(key) = key {
        command.arg("--key-file").arg(key);
    }
    command.output().await.expect("the binary can be started")
}

fn right(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn wrong(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The names of what lies in a folder.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Executions in every state, by what they are.
struct Crowd {
    holder: String,
    parent: String,
    children: Vec<String>,
    runner: String,
    sleeper: String,
    later: String,
    idle: String,
}

impl Crowd {
    async fn gather(server: &Server, outside: &Outside) -> Crowd {
        for (name, script) in [("holder", HOLDER), ("child", CHILD), ("parent", PARENT), ("runner", RUNNER), ("sleeper", SLEEPER)] {
            server.flow(name, &format!("{ACT}{script}"), &json!({})).await;
        }
        for (name, value) in [("gate", json!(0)), ("stop", json!(false)), ("done", json!([]))] {
            server.post("/setting", &json!({ "name": name, "value": value })).await;
        }
        let port = json!({ "port": outside.port });
        let holder = server.launch("holder", &Value::Null).await;
        server.until(&holder, |record| record["status"] == "SLEEPING").await;
        let parent = server.launch("parent", &port).await;
        let asleep = server.launch("sleeper", &Value::Null).await;
        let runner = server.launch("runner", &port).await;
        server.until(&parent, |record| record["status"] == "WAITING_DEPENDENCY").await;
        server.until(&asleep, |record| record["status"] == "SLEEPING").await;
        let filter = json!({ "field": "parent_execution_id", "op": "eq", "value": parent }).to_string();
        let listed = server.request("GET", "/execution?plain=true").query(&[("filter", filter)]);
        let listed = super::server::answer(listed).await.body;
        let children: Vec<String> =
            listed.as_array().expect("a list").iter().map(|child| child["id"].as_str().expect("an id").to_owned()).collect();
        assert_eq!(children.len(), 2);
        for child in &children {
            server.until(child, |record| record["status"] == "WAITING_LOCK").await;
        }
        let made =
            |body: Value| async move { server.post("/execution?plain=true", &body).await.body["id"].as_str().expect("an id").to_owned() };
        let later = made(json!({ "flow_name": "sleeper", "scheduled_for": "2099-01-01T00:00:00Z" })).await;
        let idle = made(json!({ "flow_name": "sleeper", "run": false })).await;
        Crowd { holder, parent, children, runner, sleeper: asleep, later, idle }
    }

    /// All but the one that was never told to run.
    fn live(&self) -> Vec<&String> {
        let mut all = vec![&self.holder, &self.parent, &self.runner, &self.sleeper, &self.later];
        all.extend(&self.children);
        all
    }

    /// The gate opens, the loop is told to stop, and who only sleeps is cancelled: all come to their ends.
    async fn finish(&self, server: &Server) {
        server.send("PATCH", "/setting/stop?by=name", &json!({ "value": true })).await;
        for id in [&self.holder, &self.sleeper, &self.later, &self.idle] {
            server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
        }
        for id in [&self.parent, &self.runner] {
            assert_eq!(server.ended(id).await["status"], "ENDED_SUCCESS");
        }
        let parent = server.ended(&self.parent).await;
        assert_eq!(parent["output_value"], json!(["child 0", "child 1"]), "{parent}");
        let mut done = server.get("/setting/done?by=name&plain=true").await.body["value"].as_array().expect("a list").clone();
        done.sort_by_key(ToString::to_string);
        assert_eq!(done, [json!("child 0"), json!("child 1")], "each saved once");
        for id in [&self.holder, &self.sleeper, &self.later, &self.idle] {
            assert_eq!(server.ended(id).await["status"], "ENDED_CANCELLED");
        }
    }
}

/// The keys of acts outside that an execution's journal has as done.
async fn recorded(server: &Server, id: &str, name: impl Fn(&str) -> String) -> HashSet<String> {
    let events = server.get(&format!("/execution/{id}/events?limit=1000")).await;
    assert_eq!(events.status, 200, "{events:?}");
    let steps = events.body["items"].as_array().expect("a list").clone();
    let done = steps.iter().filter(|step| step["op"] == "step_begin" && step["done_at"].is_string());
    done.map(|step| name(step["target"].as_str().expect("a step has a name"))).collect()
}

/// A schedule whose scheduler waits; gives the execution of that.
async fn ticking(server: &Server) -> String {
    let scheduler = server.post("/scheduler?plain=true", &json!({ "name": "ticks", "script": SLEEPER })).await.body["id"].clone();
    let flow = server.get("/flow/sleeper?by=name&plain=true").await.body["id"].clone();
    let schedule = json!({ "name": "ticking", "scheduler_id": scheduler, "configuration": {}, "is_enabled": true, "flow_id": flow });
    assert_eq!(server.post("/schedule", &schedule).await.status, 201);
    let filter = json!({ "field": "type", "op": "eq", "value": "SCHEDULE" }).to_string();
    for _ in 0..1200 {
        let listed = super::server::answer(server.request("GET", "/execution?plain=true").query(&[("filter", &filter)])).await.body;
        if let Some(id) = listed[0]["id"].as_str() {
            server.until(id, |record| record["status"] == "SLEEPING").await;
            return id.to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the scheduler is not started");
}

#[tokio::test]
async fn a_workspace_at_work_is_backed_up_and_put_back_paused_while_the_first_goes_on() {
    let (server, outside) = (Server::start().await, Outside::open());
    let crowd = Crowd::gather(&server, &outside).await;
    let schedule = json!({ "name": "nightly", "configuration": { "cron": "0 8 * * *" }, "is_enabled": true,
        "flow_id": server.get("/flow/sleeper?by=name&plain=true").await.body["id"] });
    assert_eq!(server.post("/schedule", &schedule).await.status, 201);
    let iteration = ticking(&server).await;
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("workspace.backup");

    // Under load: the runner acts, and others write and are answered.
    let writing = async {
        for n in 0..50 {
            let made = server.post("/setting", &json!({ "name": format!("load {n}"), "value": n })).await;
            assert_eq!(made.status, 201, "{made:?}");
        }
    };
    let (made, ()) = tokio::join!(backup(&server, &file, &["--with-key"]), writing);
    let said = right(&made);
    assert!(said.contains("The key file is in it"), "{said}");
    assert!(String::from_utf8_lossy(&made.stderr).contains("packing the copy: 100 %"), "{made:?}");
    assert_eq!(names(folder.path()), ["workspace.backup"], "nothing else is left");

    let elsewhere = TempDir::new().expect("a temporary folder can be made");
    let said = right(&restore(&file, &elsewhere.path().join("data"), None).await);
    assert!(said.contains("8 live executions are PAUSED") && said.contains("nightly") && said.contains("ticking"), "{said}");
    // The first one comes to its ends as if nothing had been.
    crowd.finish(&server).await;
    let acts = outside.by_key();
    assert!(acts.len() > 6 && acts.values().all(|times| times.len() == 1), "each act once: {acts:?}");
    assert_eq!(server.get("/schedule/nightly?by=name&plain=true").await.body["is_enabled"], true);

    let mut copy = Server::start_in(elsewhere, &[]).await;
    for id in crowd.live().into_iter().chain([&iteration]) {
        let record = copy.get(&format!("/execution/{id}?plain=true")).await.body;
        assert_eq!((&record["status"], &record["is_paused"]), (&json!("PAUSED"), &json!(true)), "{record}");
        assert!(record["blocked_on"].as_str().is_some_and(|words| words.contains("restored from a backup of")), "{record}");
    }
    let idle = copy.get(&format!("/execution/{}?plain=true", crowd.idle)).await.body;
    assert_eq!(idle["status"], "CREATED", "it was not told to run");
    assert_eq!(copy.get("/schedule/nightly?by=name&plain=true").await.body["is_enabled"], false);
    assert_eq!(copy.metric("flowstead_forks_total").await, 0, "nothing went on by itself");

    let before = outside.len();
    let mut known = recorded(&copy, &crowd.runner, |step| step.replace("act", "runner")).await;
    known.extend(recorded(&copy, &crowd.parent, |step| format!("parent {step}")).await);
    for (n, child) in crowd.children.iter().enumerate() {
        let key = copy.get(&format!("/execution/{child}?plain=true")).await.body["input_value"]["key"].clone();
        known.extend(recorded(&copy, child, |step| format!("{} {step}", key.as_str().unwrap_or_else(|| panic!("child {n}")))).await);
    }
    assert!(known.contains("parent before") && known.contains("child 0 before") && known.contains("runner 0"), "{known:?}");

    // One is resumed and ends; the others stay where they are.
    copy.send("PATCH", "/setting/stop?by=name", &json!({ "value": true })).await;
    let resumed = copy.post(&format!("/execution/{}/resume", crowd.runner), &Value::Null).await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
    assert_eq!(copy.ended(&crowd.runner).await["status"], "ENDED_SUCCESS");
    assert_eq!(copy.get(&format!("/execution/{}?plain=true", crowd.parent)).await.body["status"], "PAUSED");
    for id in [&crowd.parent, &crowd.children[0], &crowd.children[1]] {
        copy.post(&format!("/execution/{id}/resume"), &Value::Null).await;
    }
    crowd.finish(&copy).await;
    let again: HashSet<String> =
        outside.by_key().into_iter().filter(|(_, at)| at.iter().any(|(n, _)| *n >= before)).map(|(key, _)| key).collect();
    assert!(again.is_disjoint(&known), "recorded and done again: {:?}", again.intersection(&known).collect::<Vec<_>>());
    assert!(again.contains("parent after") && again.contains("child 1 after"), "{again:?}");

    for (server, operation) in [(&server, "backup"), (&copy, "restore")] {
        let filter = json!({ "field": "operation", "op": "eq", "value": operation }).to_string();
        let entries = super::server::answer(server.request("GET", "/audit?plain=true").query(&[("filter", filter)])).await.body;
        assert_eq!(entries.as_array().map(Vec::len), Some(1), "{entries}");
        assert_eq!(entries[0]["outcome"], "ok");
    }
    copy.stop().await;
    right(&cli(&["audit", "verify", "--data"], &[&copy.folder()]).await);
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_has_no_key_unless_it_is_asked_for() {
    let mut server = Server::start().await;
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("b.zip");
    std::fs::write(&file, "precious").expect("written");
    assert!(wrong(&backup(&server, &file, &[]).await).contains("is not overwritten"));
    assert_eq!(std::fs::read(&file).expect("it is there"), b"precious");
    assert!(wrong(&backup(&server, &folder.path().join("no/such/folder"), &[]).await).contains("No backup can be written"));
    assert_eq!(names(folder.path()), ["b.zip"]);

    let (running, stopped) = (folder.path().join("running.zip"), folder.path().join("stopped.zip"));
    assert!(right(&backup(&server, &running, &[]).await).contains("NOT in it"));
    server.stop().await;
    right(&backup(&server, &stopped, &[]).await);
    for file in [&running, &stopped] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("it is there").permissions());
        assert_eq!(mode & 0o777, 0o600, "for its owner alone");
        let archive = zip::ZipArchive::new(std::fs::File::open(file).expect("it opens")).expect("an archive");
        let mut parts: Vec<&str> = archive.file_names().collect();
        parts.sort_unstable();
        assert_eq!(parts, ["flowstead.db", "manifest.json"]);
    }
    let nowhere = folder.path().join("nowhere");
    let output = program().arg("backup").arg(folder.path().join("c.zip")).arg("--data").arg(&nowhere).output().await.expect("it starts");
    assert!(wrong(&output).contains("There is no database"));
    assert!(!nowhere.exists(), "and none is made");
}

#[tokio::test]
async fn what_cannot_be_put_back_right_is_not_put_back_at_all() {
    let mut server = Server::start().await;
    server.flow("sleeper", SLEEPER, &json!({})).await;
    let asleep = server.launch("sleeper", &Value::Null).await;
    server.until(&asleep, |record| record["status"] == "SLEEPING").await;
    let folder = TempDir::new().expect("a temporary folder can be made");
    let (with_key, without) = (folder.path().join("with.zip"), folder.path().join("without.zip"));
    right(&backup(&server, &with_key, &["--with-key"]).await);
    right(&backup(&server, &without, &[]).await);
    let place = folder.path().join("data");
    let refused = async |file: &Path, key: Option<&Path>| {
        let message = wrong(&restore(file, &place, key).await);
        assert!(!names(&place).iter().any(|name| name != "lock"), "{message}: {:?}", names(&place));
        message
    };
    let damaged = folder.path().join("damaged.zip");
    let whole = std::fs::read(&with_key).expect("it is there");
    std::fs::write(&damaged, &whole[..whole.len() - 100]).expect("written");
    assert!(refused(&damaged, None).await.contains("no whole backup"));
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    std::fs::write(&damaged, &changed).expect("written");
    assert!(refused(&damaged, None).await.contains("checksum"));
    assert!(refused(&folder.path().join("none.zip"), None).await.contains("cannot be opened"));
    assert!(refused(&without, None).await.contains("--key-file"));
    let other = Server::start().await;
    assert!(refused(&without, Some(&other.folder().join("server.key"))).await.contains("not the one of this database"));

    let kept: PathBuf = folder.path().join("kept.key");
    std::fs::copy(server.folder().join("server.key"), &kept).expect("copied");
    let message = wrong(&restore(&with_key, &server.folder(), None).await);
    assert!(message.contains("in use"), "{message}");
    server.stop().await;
    let message = wrong(&restore(&with_key, &server.folder(), None).await);
    assert!(message.contains("is not empty"), "{message}");

    // What an interrupted one left is no hindrance, and a copy of the key is as good as the one in the backup.
    std::fs::create_dir_all(place.join(".restoring")).expect("made");
    std::fs::write(place.join(".restoring/flowstead.db"), "half").expect("written");
    assert!(right(&restore(&without, &place, Some(&kept)).await).contains("1 live executions are PAUSED"));
    assert_eq!(names(&place), ["flowstead.db", "lock", "server.key"]);
    server.restart().await;
    let record = server.get(&format!("/execution/{asleep}?plain=true")).await.body;
    assert_eq!(record["status"], "SLEEPING", "the first one is as it was");
    server.post(&format!("/execution/{asleep}/cancel"), &Value::Null).await;
}
