//! A process that is thought dead can write nothing: neither a server whose place another took, nor an older attempt of a flow.

use std::time::Duration;

use flowstead::store::{Durability, Options, Store};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::Server;

/// Journals a call every few milliseconds, until a setting ends it.
const BUSY: &str = "
import os, time
def handler(system, this, inputs):
    this.log(f'pid {os.getpid()}')
    while not system.setting('enough').exists():
        time.sleep(0.005)
    return 'done'
";

/// The store of a server that runs, as another machine would open it where locks of files do not hold.
async fn take_over(server: &Server) -> Store {
    std::fs::remove_file(server.folder().join("lock")).expect("the server has it");
    Store::open(Options { folder: server.folder(), durability: Durability::Full }).await.expect("opens beside the server")
}

async fn gone(pid: i32) {
    for _ in 0..1200 {
        if kill(Pid::from_raw(pid), None).is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("process {pid} still runs");
}

#[tokio::test]
async fn a_server_whose_database_another_took_kills_its_flows_and_ends_with_the_reason() {
    let mut server = Server::start().await;
    server.flow("busy", BUSY, &Value::Null).await;
    let id = server.launch("busy", &Value::Null).await;
    let pid = server.pids(&id, 1).await[0];
    let store = take_over(&server).await;
    let execution: Uuid = id.parse().expect("an id");
    let written = store.steps(execution, 1).await.expect("read").len();
    let ended = tokio::time::timeout(Duration::from_secs(60), server.child.wait()).await.expect("it ends by itself").expect("it ends");
    assert_eq!(ended.code(), Some(1), "{}", server.log());
    let said = server.whole_log();
    assert!(said.contains("The database was taken over by process"), "{said}");
    gone(pid).await;
    assert_eq!(store.steps(execution, 1).await.expect("read").len(), written, "it has written after it was deposed");
    store.close().await;
    // The next one goes on where it stood.
    server.restart().await;
    server.until(&id, |record| record["status"] == "RUNNING" && record["attempt"] == 2).await;
    let made = server.post("/setting", &json!({ "name": "enough" })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!("done")), "{record}");
}

/// The save of an object is under way, in the server, when the process of its flow is lost. The attempt that follows makes the save
/// again, so the first must not be written when it comes to that.
#[tokio::test]
async fn what_an_older_attempt_began_is_not_written_beside_what_its_successor_does() {
    let server = Server::start_with(&["[engine]", "slots = 4"]).await;
    let before = "
def handler(system, this, inputs):
    while not system.setting('go').exists():
        this.sleep(0.05)
    return {'value': {'by': this.get('id')}}
";
    server.flow("before", before, &Value::Null).await;
    let flow = server.get("/flow/before?by=name&plain=true").await.body["id"].clone();
    let template = server.post("/object_template?plain=true", &json!({ "name": "car", "before_create": flow })).await;
    assert_eq!(template.status, 201, "{template:?}");
    let template = template.body["id"].as_str().expect("an id").to_owned();
    let attribute = json!({ "object_template_id": template, "name": "by", "datatype": "STRING" });
    let made = server.post("/object_template_attribute", &attribute).await;
    assert_eq!(made.status, 201, "{made:?}");
    let script = format!(
        "import os\ndef handler(system, this, inputs):\n    this.log(f'pid {{os.getpid()}}')\n    \
         system.custom_object('mini').save(object_template_id='{template}')\n    return 'saved'\n"
    );
    server.flow("maker", &script, &Value::Null).await;
    let id = server.launch("maker", &Value::Null).await;
    let pid = server.pids(&id, 1).await[0];
    hooks(&server, 1).await;
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it runs");
    hooks(&server, 2).await;
    let go = server.post("/setting", &json!({ "name": "go" })).await;
    assert_eq!(go.status, 201, "{go:?}");
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["attempt"]), (&json!("ENDED_SUCCESS"), &json!(2)), "{record}");
    for hook in hooks(&server, 2).await {
        server.ended(&hook).await;
    }
    // Whatever was still under way has been written, or refused, before this is answered.
    let object = server.get("/custom_object/mini?by=name&plain=true").await.body;
    assert_eq!(object["version"], 1, "it was saved once: {object}");
}

/// The executions of the flow before the save, once there are `count` that wait.
async fn hooks(server: &Server, count: usize) -> Vec<String> {
    for _ in 0..1200 {
        let list = server.get("/execution?plain=true&order=id&limit=100").await.body;
        let hooks = list.as_array().into_iter().flatten().filter(|one| one["flow_name"] == "before" && one["started_at"] != Value::Null);
        let ids: Vec<String> = hooks.filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
        if ids.len() >= count {
            return ids;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the flow before the save was not started {count} times");
}
