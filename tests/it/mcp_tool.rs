//! run_flow and reading what came of it, as agents do.

use flowstead_wire::Progress;
use serde_json::{Value, json};

use crate::agent::{Agent, call, call_with_progress, refusal};
use crate::app::TestApp;
use crate::client::DEADLINE;

const DOUBLE: &str = "def handler(system, this, inputs):\n    return {'twice': inputs['n'] * 2}\n";
const FAILS: &str = "def helper(n):\n    return 1 / n\n\ndef handler(system, this, inputs):\n    helper(0)\n";
const SLEEPER: &str = "def handler(system, this):\n    this.save(message='having a nap')\n    this.sleep(3600)\n";

/// Saves a flow and gives its id.
pub async fn flow(agent: &Agent, name: &str, payload: Value) -> Value {
    let made = agent.ok("create_record", json!({"record_type": "FLOW", "name": name, "payload": payload})).await;
    made["record"]["id"].clone()
}

/// Cancels an execution and waits for its end.
pub async fn cancel(agent: &Agent, id: &Value) {
    agent.ok("cancel_execution", json!({"execution_id": id})).await;
    let ended = agent.ok("wait_for_executions", json!({"execution_ids": [id]})).await;
    assert_eq!(ended["ended"][0]["status"], "ENDED_CANCELLED", "{ended}");
}

/// Does what an answer says comes next.
pub async fn go_on(agent: &Agent, next: &Value) -> Value {
    agent.ok(next["tool"].as_str().expect("a tool"), next["arguments"].clone()).await
}

#[tokio::test]
async fn a_flow_is_written_run_and_read() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let id = flow(&agent, "double", json!({"script": DOUBLE})).await;
    let run = agent.ok("run_flow", json!({"flow_name": "double", "input_value": {"n": 21}})).await;
    assert_eq!((&run["status"], &run["output_value"]), (&json!("ENDED_SUCCESS"), &json!({"twice": 42})), "{run}");
    let read = agent.ok("get_execution", json!({"execution_id": run["execution_id"], "include": ["steps"]})).await;
    assert_eq!((&read["output_value"]["twice"], &read["flow_name"]), (&json!(42), &json!("double")), "{read}");
    let origin = agent.ok("get_execution", json!({"execution_id": run["execution_id"], "fields": ["origin"]})).await;
    assert_eq!(origin["origin"]["kind"], "mcp", "{origin}");
    let list = agent.ok("list_executions", json!({"flow_id": id, "status": "ended_success"})).await;
    assert_eq!((&list["total"], &list["items"][0]["status"]), (&json!(1), &json!("ENDED_SUCCESS")), "{list}");
    let record = agent.ok("get_record", json!({"record_type": "flow", "name": "double"})).await;
    assert_eq!(record["record"]["script"], DOUBLE);
}

#[tokio::test]
async fn a_run_that_fails_says_where_in_the_flow() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "fails", json!({"script": FAILS})).await;
    let refused = agent.refused("run_flow", json!({"flow_name": "fails"}), "execution_failed").await;
    assert_eq!(refused.sentence, "The flow 'fails' failed: ZeroDivisionError: division by zero (line 2, in helper)");
    let message = refused.line["error_message"].as_str().unwrap();
    assert!(message.contains("line 5, in handler") && message.contains("return 1 / n"), "{message}");
    let read = agent.ok("get_execution", json!({"execution_id": refused.line["execution_id"]})).await;
    assert_eq!(read["status"], "ENDED_ERROR", "a failed run can be read like any other");
}

#[tokio::test]
async fn a_run_that_takes_long_answers_how_to_follow_it() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "sleeper", json!({"script": SLEEPER})).await;
    let run = agent.ok("run_flow", json!({"flow_name": "sleeper", "wait_sec": 0})).await;
    assert_eq!(run["next"]["arguments"]["execution_ids"], json!([run["execution_id"]]), "{run}");
    assert!(run.get("output_value").is_none(), "{run}");
    let mut next = run["next"].clone();
    next["arguments"]["timeout_sec"] = json!(0);
    let waited = go_on(&agent, &next).await;
    assert_eq!((&waited["ended"], &waited["timeout_applied_sec"]), (&json!([]), &json!(0.0)), "{waited}");
    assert_eq!(waited["not_ended"][0]["execution_id"], run["execution_id"], "{waited}");
    cancel(&agent, &run["execution_id"]).await;
    let again = agent.ok("cancel_execution", json!({"execution_id": run["execution_id"]})).await;
    assert_eq!((&again["had_ended"], &again["status"]), (&json!(true), &json!("ENDED_CANCELLED")), "{again}");
}

#[tokio::test]
async fn who_goes_away_ends_the_wait_and_not_the_execution() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "sleeper", json!({"script": SLEEPER})).await;
    let (waiting, mut heard) = call_with_progress("run_flow", json!({"flow_name": "sleeper", "wait_sec": 3600}));
    let gone = waiting.gone.clone();
    let answer = tokio::spawn({
        let agent = agent.clone();
        async move { agent.send(waiting).await }
    });
    let mut reports: Vec<Progress> = Vec::new();
    while reports.last().is_none_or(|report| report.message.as_deref() != Some("having a nap")) {
        reports.push(tokio::time::timeout(DEADLINE, heard.recv()).await.expect("it is told in time").expect("it is told"));
    }
    assert!(reports.windows(2).all(|pair| pair[0].done < pair[1].done), "{reports:?}");
    gone.cancel();
    let result = tokio::time::timeout(DEADLINE, answer).await.expect("the wait ends").unwrap().expect("a tool");
    let run = result.structured.expect("a success");
    assert_eq!(run["message"], "having a nap", "{run}");
    cancel(&agent, &run["execution_id"]).await;
}

#[tokio::test]
async fn the_setting_for_impatient_clients_shortens_every_wait() {
    let app = TestApp::new().manual_clock().config(|config| config.mcp.max_wait_sec = 7).start().await;
    let agent = app.agent("admin");
    flow(&agent, "sleeper", json!({"script": SLEEPER})).await;
    let run = agent.ok("run_flow", json!({"flow_name": "sleeper", "wait_sec": 0})).await;
    let (waiting, mut heard) =
        call_with_progress("wait_for_executions", json!({"execution_ids": [run["execution_id"]], "timeout_sec": 3600}));
    let answer = tokio::spawn({
        let agent = agent.clone();
        async move { agent.send(waiting).await }
    });
    // Time moves on until the wait is over; each second is one the call may or may not have begun in.
    while !answer.is_finished() {
        app.clock.advance(std::time::Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    let waited = answer.await.unwrap().unwrap().structured.expect("a success");
    assert_eq!(waited["timeout_applied_sec"], json!(7.0), "{waited}");
    assert!(heard.try_recv().is_err(), "seven seconds are no silence");
    cancel(&agent, &run["execution_id"]).await;
}

#[tokio::test]
async fn the_same_key_gives_the_same_execution_and_never_another() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "double", json!({"script": DOUBLE})).await;
    let run = |n: u64| json!({"flow_name": "double", "input_value": {"n": n}, "idempotency_key": "once"});
    let first = agent.ok("run_flow", run(1)).await;
    let second = agent.ok("run_flow", run(1)).await;
    assert_eq!((&second["execution_id"], &second["existed"]), (&first["execution_id"], &json!(true)), "{second}");
    agent.refused("run_flow", run(2), "conflict").await;
}

#[tokio::test]
async fn what_cannot_be_started_says_what_could() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}, "m": {"type": "integer"}}, "required": ["n"]});
    flow(&agent, "get customer", json!({"script": DOUBLE, "input_schema": schema})).await;
    let near = agent.refused("run_flow", json!({"flow_name": "get custmer"}), "not_found").await;
    assert!(near.sentence.contains("Did you mean 'get customer'?"), "{near:?}");
    let version = agent.refused("run_flow", json!({"flow_name": "get customer@3"}), "not_found").await;
    assert!(version.sentence.contains("a version cannot be chosen"), "{version:?}");
    let breaches = agent.refused("run_flow", json!({"flow_name": "get customer", "input_value": {"m": "x"}}), "schema_violation").await;
    let listed = breaches.line["details"]["breaches"].as_array().expect("all of them");
    let places: Vec<&str> = listed.iter().filter_map(|breach| breach["pointer"].as_str()).collect();
    assert!(places.contains(&"/input_value/m") && places.contains(&"/input_value/n"), "{breaches:?}");
    agent.refused("run_flow", json!({}), "invalid").await;
    agent.refused("run_flow", json!({"flow_id": "x", "flow_name": "y"}), "invalid").await;
    agent.refused("run_flow", json!({"flow_name": "get customer", "wait_sec": -1}), "invalid").await;
    let all = agent.refused("run_flow", json!({"flow_nme": "x", "wait_sec": "soon"}), "invalid").await;
    assert!(all.sentence.contains("Did you mean 'flow_name'?") && all.sentence.contains("'wait_sec' must be"), "all at once: {all:?}");
}

#[tokio::test]
async fn an_object_sent_as_text_is_the_object() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let payload = json!({"script": DOUBLE}).to_string();
    agent.ok("create_record", json!({"record_type": "FLOW", "name": "double", "payload": payload})).await;
    let run = agent.ok("run_flow", json!({"flow_name": "double", "input_value": "{\"n\": 4}"})).await;
    assert_eq!(run["output_value"]["twice"], 8, "{run}");
}

#[tokio::test]
async fn a_tool_that_is_not_there_is_unknown() {
    let app = TestApp::new().user("stranger").start().await;
    assert!(app.agent("admin").call("no_such_tool", json!({})).await.is_none());
    assert!(app.agent("stranger").call("run_flow", json!({"flow_name": "x"})).await.is_none(), "nor is one that is of no use");
}

#[tokio::test]
async fn a_right_that_is_missing_in_one_project_is_named_with_it() {
    let app = TestApp::new().user("runner").start().await;
    let (admin, agent) = (app.admin(), app.agent("runner"));
    let [here, there] = [admin.make("project", json!({"name": "here"})).await, admin.make("project", json!({"name": "there"})).await];
    let role = admin.make("role", json!({"name": "runs here"})).await;
    for permission in [
        json!({"role_id": role, "operation": "READ"}),
        json!({"role_id": role, "operation": "CREATE", "permission_record_type": "EXECUTION", "project_id": here}),
    ] {
        admin.make("role_permission", permission).await;
    }
    let me = app.user("runner").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    admin.make("flow", json!({"name": "a", "script": DOUBLE, "project_id": here})).await;
    admin.make("flow", json!({"name": "b", "script": DOUBLE, "project_id": there})).await;
    agent.ok("run_flow", json!({"flow_name": "a", "input_value": {"n": 1}})).await;
    let refused = agent.refused("run_flow", json!({"flow_name": "b", "input_value": {"n": 1}}), "forbidden").await;
    for word in ["CREATE", "EXECUTION", there.as_str()] {
        assert!(refused.sentence.contains(word), "{refused:?}");
    }
}

#[tokio::test]
async fn a_cancelled_run_is_an_error_of_its_own() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    flow(&agent, "quits", json!({"script": "def handler(system, this):\n    raise __import__('flow_api').ExecutionCancel('no more')\n"}))
        .await;
    let result = agent.send(call("run_flow", json!({"flow_name": "quits"}))).await.expect("a tool");
    let refused = refusal(&result);
    assert!(matches!(refused.line["code"].as_str(), Some("execution_cancelled")), "{refused:?}");
}
