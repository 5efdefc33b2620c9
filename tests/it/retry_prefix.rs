//! What a retry takes over: verified call by call, up to where it was told, with children that are not made twice.

use serde_json::{Value, json};

use super::server::Server;
use crate::app::TestApp;
use crate::client::{DEADLINE, User};
use crate::retry::{SEVEN, id, ledger, retry, run};

async fn seven(admin: &User) -> Value {
    admin.make("setting", json!({"name": "ledger", "value": {}})).await;
    run(admin, "seven", SEVEN).await
}

/// The recorded calls of an execution that are about this.
async fn seq_of(user: &User, of: &Value, target: &str) -> u64 {
    let steps = user.get(&format!("/execution/{}/events?limit=1000", id(of))).await.expect(200);
    let found = steps["items"].as_array().unwrap().iter().find(|step| step["target"] == target);
    found.unwrap_or_else(|| panic!("no call is about {target}: {steps}"))["seq"].as_u64().unwrap()
}

#[tokio::test]
async fn a_changed_prefix_ends_the_retry_with_both_versions() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let failed = seven(admin).await;
    let changed = SEVEN.replace("f'step {n}'", "f'stage {n}'").replace("inputs['missing']", "70");
    let ended = retry(admin, &failed, json!({"script": changed})).await;
    assert_eq!(ended["status"], "ENDED_ERROR", "{ended}");
    let seq = seq_of(admin, &failed, "step 1").await;
    let message = ended["status_message"].as_str().unwrap();
    assert!(message.contains("'step 1'") && message.contains("'stage 1'") && message.contains(id(&failed)), "{message}");
    let difference = &ended["status_data"]["difference"];
    assert_eq!(
        (&difference["seq"], &difference["recorded"]["target"], &difference["now"]["target"]),
        (&json!(seq), &json!("step 1"), &json!("stage 1"))
    );
    assert_eq!(difference["now"]["line"], 9, "the line that makes the call: {difference}");
    assert!(ended["status_hint"].as_str().unwrap().contains(&format!("from_seq {}", seq - 1)), "{ended}");
    assert_eq!(ledger(admin).await["1"], 1, "nothing was done again");

    let shorter = "def handler(system, this):\n    return 'done'\n";
    let ended = retry(admin, &failed, json!({"script": shorter})).await;
    assert!(ended["status_message"].as_str().unwrap().contains("ended before call"), "{ended}");
    assert_eq!(ended["status_data"]["difference"]["now"], Value::Null);
}

#[tokio::test]
async fn a_retry_from_the_middle_does_again_what_came_after() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let failed = seven(admin).await;
    let third = seq_of(admin, &failed, "step 3").await;
    let script = SEVEN.replace("inputs['missing']", "70");
    let fixed = retry(admin, &failed, json!({"script": script, "from_seq": third})).await;
    assert_eq!((&fixed["status"], &fixed["retried_seq"].as_u64().is_some_and(|n| n >= third)), (&json!("ENDED_SUCCESS"), &true), "{fixed}");
    assert_eq!(ledger(admin).await, json!({"1": 1, "2": 1, "3": 1, "4": 2, "5": 2, "6": 2}));
    let top = retry(admin, &failed, json!({"script": SEVEN.replace("inputs['missing']", "70"), "from_seq": 0})).await;
    assert_eq!(top["status"], "ENDED_SUCCESS", "{top}");
    assert_eq!(ledger(admin).await["1"], 2);
}

/// A child that is waited for in one call, one that goes on beside a step, and one that fails until it is told not to.
const FAMILY: &str = "
def count(setting):
    setting.save(value=setting.get('value') + 1)
def handler(system, this, inputs):
    good = this.flow('child', fails=False, inputs_name='good')
    weak = this.flow('child', fails=True, inputs_name='weak', wait=False)
    this.step('between', count, system.setting('between'))
    weak.wait()
    return good.get_outputs()
";
const CHILD: &str = "
def handler(system, this, inputs):
    what = inputs['inputs_name']
    setting = system.setting(what)
    setting.save(value=setting.get('value') + 1)
    if inputs['fails'] and not system.setting('mended').get('value'):
        this.error('not mended')
    return {'made by': what}
";

/// How often each was done.
async fn counts(admin: &User) -> [u64; 3] {
    let mut counts = [0; 3];
    for (count, name) in counts.iter_mut().zip(["good", "weak", "between"]) {
        *count = admin.get(&format!("/setting/{name}?by=name&plain=true")).await.expect(200)["value"].as_u64().unwrap();
    }
    counts
}

#[tokio::test]
async fn children_that_succeeded_are_not_made_again_and_one_that_failed_is() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    for name in ["good", "weak", "between"] {
        admin.make("setting", json!({"name": name, "value": 0})).await;
    }
    let mended = admin.make("setting", json!({"name": "mended", "value": false})).await;
    admin.flow("child", CHILD).await;
    let failed = run(admin, "family", FAMILY).await;
    assert!(failed["status_message"].as_str().unwrap().contains("not mended"), "{failed}");
    assert_eq!(counts(admin).await, [1, 1, 1]);
    admin.patch(&format!("/setting/{mended}"), json!({"value": true})).await.expect(200);
    let again = retry(admin, &failed, Value::Null).await;
    assert_eq!((&again["status"], &again["output_value"]), (&json!("ENDED_SUCCESS"), &json!({"made by": "good"})), "{again}");
    assert_eq!(counts(admin).await, [1, 2, 1]);
    let children = admin
        .get(&format!("/execution?plain=true&filter={{\"field\":\"parent_execution_id\",\"op\":\"eq\",\"value\":\"{}\"}}", id(&again)))
        .await
        .expect(200);
    assert_eq!(children.as_array().map(Vec::len), Some(1), "its own is the one that had failed: {children}");
}

const WRITES_OUTSIDE: &str = "
import socket
def handler(system, this, inputs):
    this.now()
    try:
        socket.create_connection(('127.0.0.1', 9), timeout=1)
    except OSError:
        pass
    this.now()
    this.error('no')
";

#[tokio::test]
async fn what_reached_outside_is_not_done_again_unless_that_is_said() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let failed = run(admin, "outside", WRITES_OUTSIDE).await;
    let path = format!("/execution/{}/retry", id(&failed));
    let refused = admin.post(&path, Value::Null).await;
    assert_eq!(refused.body["details"]["escaped"]["line"], 6, "{refused:?}");
    let message = refused.refusal(409, "conflict");
    assert!(message.contains("line 6 of outside") && message.contains("repeat_escaped") && message.contains("'from_seq' 1"), "{message}");
    assert_eq!(retry(admin, &failed, json!({"from_seq": 1})).await["retried_seq"], 1);
    assert_eq!(retry(admin, &failed, json!({"repeat_escaped": true})).await["retried_seq"], 2);
}

#[tokio::test]
async fn what_a_flow_does_while_it_cleans_up_is_no_part_of_what_is_taken_over() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "
def handler(system, this, inputs):
    try:
        this.now()
        inputs['missing']
    finally:
        this.uuid()
    return this.random()
";
    let failed = run(admin, "cleans", script).await;
    assert_eq!(failed["failed_after"], 1, "{failed}");
    let fixed = retry(admin, &failed, json!({"script": script.replace("inputs['missing']", "this.now()")})).await;
    assert_eq!((&fixed["status"], &fixed["retried_seq"]), (&json!("ENDED_SUCCESS"), &json!(1)), "{fixed}");
}

#[tokio::test]
async fn an_error_that_the_flow_dealt_with_stays_what_it_was() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "
from flow_api.exceptions import ResourceNotFoundError
def handler(system, this, inputs):
    try:
        system.setting('later').get('value')
    except ResourceNotFoundError:
        this.now()
    inputs['missing']
";
    let failed = run(admin, "deals", script).await;
    admin.make("setting", json!({"name": "later", "value": 1})).await;
    let fixed = retry(admin, &failed, json!({"script": script.replace("inputs['missing']", "return 'done'")})).await;
    assert_eq!((&fixed["status"], &fixed["retried_seq"]), (&json!("ENDED_SUCCESS"), &json!(2)), "{fixed}");
}

const ASYNC: &str = "
import asyncio
async def branch(this, name, seconds):
    await this.sleep_async(seconds)
    return name, this.uuid()
async def handler(system, this, inputs):
    names = await asyncio.gather(branch(this, 'slow', 0.05), branch(this, 'quick', 0.01))
    return names + [inputs['missing']]
";

#[tokio::test]
async fn an_async_flow_is_retried_with_its_answers_in_the_order_they_came() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let failed = run(admin, "async", ASYNC).await;
    let steps = admin.get(&format!("/execution/{}/events", id(&failed))).await.expect(200);
    let drawn: Vec<&Value> = steps["items"].as_array().unwrap().iter().filter(|s| s["op"] == "uuid").map(|s| &s["result"]).collect();
    let fixed = retry(admin, &failed, json!({"script": ASYNC.replace("inputs['missing']", "1")})).await;
    assert_eq!(fixed["output_value"], json!([["slow", drawn[1]], ["quick", drawn[0]], 1]), "{fixed}");
    assert_eq!(fixed["retried_seq"], 4);
}

#[tokio::test]
async fn a_lock_that_was_held_is_held_again_before_the_flow_goes_on() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "door", "value": 0})).await;
    let script = "
def handler(system, this, inputs):
    door = system.setting('door')
    door.acquire()
    this.now()
    this.error('no')
";
    let failed = run(admin, "locks", script).await;
    let fixed = retry(admin, &failed, json!({"script": script.replace("this.error('no')", "door.release()\n    return 'free'")})).await;
    assert_eq!((&fixed["output_value"], &fixed["retried_seq"]), (&json!("free"), &json!(2)), "{fixed}");
}

#[tokio::test]
async fn a_retry_that_loses_its_server_goes_on_from_its_own_calls() {
    let mut server = Server::start().await;
    let script = "
def handler(system, this, inputs):
    seen = [this.get('id'), this.now()]
    this.error('no')
";
    server.flow("loses", script, &json!({})).await;
    let failed = server.run("loses", &Value::Null).await;
    let script = script.replace("this.error('no')", "seen.append(this.get('name'))\n    this.sleep(2)\n    return seen");
    let made = server.post(&format!("/execution/{}/retry?plain=true", id(&failed)), &json!({"script": script})).await.body;
    let path = format!("/execution/{}?plain=true", id(&made));
    let asking = async { while !matches!(server.get(&path).await.body["status"].as_str(), Some("SLEEPING" | "ENDED_SUCCESS")) {} };
    tokio::time::timeout(DEADLINE, asking).await.expect("it comes to its sleep");
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(id(&made)).await;
    assert_eq!((&ended["status"], &ended["output_value"][0]), (&json!("ENDED_SUCCESS"), &failed["id"]), "{ended}");
    assert_eq!((&ended["output_value"][2], &ended["attempt"]), (&json!("loses"), &json!(2)), "{ended}");
}
