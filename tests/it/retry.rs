//! Ended executions retried over HTTP and by agents: a new one goes on where the old one failed, and the old one stays as it is.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{User, answer};

/// Six steps that are counted in a setting, then a seventh that fails. What is counted twice was done twice.
pub const SEVEN: &str = "
def count(ledger, n):
    ledger.save(value={**ledger.get('value'), str(n): ledger.get('value').get(str(n), 0) + 1})
    return n * 10
def handler(system, this, inputs):
    ledger = system.setting('ledger')
    this.set_output('begun', this.get('id'))
    this.log('hello')
    done = [this.step(f'step {n}', count, ledger, n) for n in range(1, 7)]
    with ledger:
        done.append(this.step('step 7', lambda: inputs['missing']))
    return {'done': done, 'begun': this.get_outputs()['begun']}
";

pub async fn ledger(user: &User) -> Value {
    user.get("/setting/ledger?by=name&plain=true").await.expect(200)["value"].clone()
}

/// Runs a flow with these calls to its end and gives its record.
pub async fn run(user: &User, name: &str, script: &str) -> Value {
    user.flow(name, script).await;
    user.post("/execution?wait=true&plain=true", json!({"flow_name": name})).await.expect(201)
}

pub fn id(record: &Value) -> &str {
    record["id"].as_str().expect("a record has an id")
}

pub async fn retry(user: &User, of: &Value, body: Value) -> Value {
    user.post(&format!("/execution/{}/retry?wait=true&plain=true", id(of)), body).await.expect(201)
}

#[tokio::test]
async fn a_flow_that_failed_at_its_seventh_step_goes_on_with_a_corrected_script() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "ledger", "value": {}})).await;
    let failed = run(admin, "seven", SEVEN).await;
    assert_eq!(failed["status"], "ENDED_ERROR", "{failed}");
    let once = json!({"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "6": 1});
    assert_eq!(ledger(admin).await, once);

    let again = retry(admin, &failed, Value::Null).await;
    assert_eq!((&again["status"], &again["type"]), (&json!("ENDED_ERROR"), &json!("FLOW")), "nothing was corrected: {again}");

    let corrected = SEVEN.replace("inputs['missing']", "70");
    let fixed = retry(admin, &failed, json!({"script": corrected})).await;
    assert_eq!(fixed["status"], "ENDED_SUCCESS", "{fixed}");
    let output = json!({"done": [10, 20, 30, 40, 50, 60, 70], "begun": id(&failed)});
    assert_eq!(fixed["output_value"], output, "what it saved of itself before the failure is saved in the new one");
    assert_eq!((&fixed["retried_from"], &fixed["type"], &fixed["flow_id"]), (&failed["id"], &json!("SCRIPT"), &Value::Null));
    assert_eq!(ledger(admin).await, once, "steps 1 to 6 were not done again");

    let log = admin.get(&format!("/execution/{}/logs", id(&fixed))).await.expect(200);
    assert_eq!(log["items"].as_array().map(Vec::len), Some(1), "its log is its own: {log}");
    let steps = admin.get(&format!("/execution/{}/events?limit=100", id(&fixed))).await.expect(200);
    let names: Vec<_> = steps["items"].as_array().unwrap().iter().filter_map(|step| step["target"].as_str()).collect();
    assert!(names.contains(&"step 1") && names.contains(&"step 7"), "its steps are all there: {steps}");
    let old = admin.get(&format!("/execution/{}?plain=true", id(&failed))).await.expect(200);
    assert_eq!((&old["status"], &old["ended_at"]), (&failed["status"], &failed["ended_at"]), "the old one stays as it was");
}

#[tokio::test]
async fn a_retry_of_a_retry_goes_on_from_there() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "ledger", "value": {}})).await;
    let script = SEVEN.replace("'step 7', lambda: inputs['missing']", "f'step 7 of {this.get(\"id\")}', count, ledger, 7");
    let script = script.replace("return {", "this.step('last', lambda: 8)\n    return {'x': inputs['missing'],");
    let first = run(admin, "eight", &script).await;
    let second = retry(admin, &first, Value::Null).await;
    assert!(second["status_message"].as_str().unwrap().contains("KeyError"), "it names itself in its calls: {second}");
    let third = retry(admin, &second, json!({"script": script.replace("inputs['missing']", "1")})).await;
    assert_eq!((&third["status"], &third["retried_from"]), (&json!("ENDED_SUCCESS"), &second["id"]), "{third}");
    assert_eq!(ledger(admin).await["7"], 1);
}

#[tokio::test]
async fn a_corrected_flow_is_retried_without_sending_its_script() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "ledger", "value": {}})).await;
    let failed = run(admin, "seven", SEVEN).await;
    let flow = failed["flow_id"].as_str().unwrap();
    admin.patch(&format!("/flow/{flow}"), json!({"script": SEVEN.replace("inputs['missing']", "70")})).await.expect(200);
    assert_eq!(retry(admin, &failed, json!({})).await["status"], "ENDED_ERROR", "it has the script it was pinned to");
    let fixed = retry(admin, &failed, json!({"current_script": true})).await;
    assert_eq!((&fixed["status"], &fixed["flow_id"]), (&json!("ENDED_SUCCESS"), &json!(flow)), "{fixed}");
    let both = json!({"current_script": true, "script": SEVEN});
    admin.post(&format!("/execution/{}/retry", id(&failed)), both).await.refusal(422, "invalid");
}

#[tokio::test]
async fn only_what_has_ended_is_retried_and_only_from_a_call_that_it_made() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let waits = "def handler(system, this):\n    this.sleep(3600)\n";
    admin.flow("waits", waits).await;
    let live = admin.post("/execution?plain=true", json!({"flow_name": "waits"})).await.expect(201);
    let path = format!("/execution/{}", id(&live));
    let refused = admin.post(&format!("{path}/retry"), Value::Null).await.refusal(409, "conflict");
    assert!(refused.contains("cancel it first"), "{refused}");
    admin.post(&format!("{path}/cancel"), Value::Null).await.expect(200);
    admin.get(&format!("{path}/wait")).await.expect(200);
    let refused = admin.post(&format!("{path}/retry"), json!({"from_seq": 9})).await;
    assert_eq!(refused.body["field"], "/from_seq");
    assert!(refused.refusal(422, "invalid").contains("the last recorded call has number"));
    for wrong in [json!({"from_seq": -1}), json!({"from_seq": "1"}), json!({"script": 1}), json!({"fromseq": 1})] {
        admin.post(&format!("{path}/retry"), wrong).await.refusal(422, "invalid");
    }
    let quick = json!({"script": "def handler(system, this):\n    return 'anew'\n"});
    assert_eq!(retry(admin, &live, quick).await["output_value"], "anew", "a sleep that was cancelled is no part of it");
}

#[tokio::test]
async fn one_idempotency_key_makes_one_retry() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let failed = run(admin, "fails", "def handler(system, this):\n    this.now()\n    this.error('no')\n").await;
    let send = async |body: Value| {
        let request = admin.request("POST", &format!("/execution/{}/retry?plain=true", id(&failed)));
        answer(request.header("Idempotency-Key", "once").json(&body)).await
    };
    let first = send(json!({})).await.expect(201);
    let second = send(json!({})).await.expect(200);
    assert_eq!((&first["id"], &first["idempotency_key"]), (&second["id"], &json!("once")));
    send(json!({"from_seq": 0})).await.refusal(409, "conflict");
    admin.get(&format!("/execution/{}/wait", id(&first))).await.expect(200);
}

#[tokio::test]
async fn who_may_not_start_it_may_not_retry_it_and_a_script_needs_more() {
    let app = TestApp::new().user("reader").user("runner").start().await;
    let admin = app.admin();
    let failed = run(admin, "fails", "def handler(system, this):\n    this.error('no')\n").await;
    for (user, rights) in [("reader", &["READ"][..]), ("runner", &["READ", "CREATE"])] {
        let role = admin.make("role", json!({"name": user})).await;
        for operation in rights {
            let of = if *operation == "READ" { Value::Null } else { json!("EXECUTION") };
            admin.make("role_permission", json!({"role_id": role, "operation": operation, "permission_record_type": of})).await;
        }
        let me = app.user(user).get("/auth/me").await.expect(200);
        admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    }
    let path = format!("/execution/{}/retry?wait=true&plain=true", id(&failed));
    let missing = app.user("reader").post(&path, Value::Null).await.refusal(403, "forbidden");
    assert!(missing.contains("CREATE on EXECUTION"), "{missing}");
    let retried = app.user("runner").post(&path, Value::Null).await.expect(201);
    assert_eq!((&retried["status"], &retried["status_message"]), (&json!("ENDED_ERROR"), &json!("no")));
    let missing = app.user("runner").post(&path, json!({"script": "def handler(system, this):\n    pass\n"})).await;
    assert!(missing.refusal(403, "forbidden").contains("CREATE on FLOW"));
}

#[tokio::test]
async fn an_agent_retries_with_a_corrected_script() {
    let app = TestApp::new().start().await;
    let script = "def handler(system, this):\n    first = this.now()\n    this.error('no')\n";
    let failed = run(app.admin(), "fails", script).await;
    let agent = app.agent("admin");
    let arguments = json!({"execution_id": failed["id"], "action": "retry", "script": script.replace("this.error('no')", "return first")});
    let made = agent.ok("control_execution", arguments).await;
    assert_eq!((&made["retried_from"], &made["retried_seq"]), (&failed["id"], &json!(1)), "{made}");
    let ended = agent.ok("wait_for_executions", made["next"]["arguments"].clone()).await;
    let steps = app.admin().get(&format!("/execution/{}/events", id(&failed))).await.expect(200);
    assert_eq!(ended["ended"][0]["output_value"], steps["items"][0]["result"], "{ended}");
}
