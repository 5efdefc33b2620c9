//! Explanations over REST: each is held against its schema and its size before a test looks at what it says.

mod difference;
mod failure;
mod reach;
mod stand;
mod waiting;

use flowstead::service::explanation_schema;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{DEADLINE, User};

/// Characters that no explanation may pass: those of a tool's whole answer.
const LARGEST: usize = 30_000;

/// Starts a flow and gives the execution's id.
pub async fn launch(user: &User, flow: &str, input: Value) -> String {
    user.make("execution", json!({"flow_name": flow, "input_value": input})).await
}

/// The record once this holds for it.
pub async fn until(user: &User, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let seen = async {
        loop {
            let record = user.get(&format!("/execution/{id}?plain=true")).await.expect(200);
            if holds(&record) {
                return record;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, seen).await.expect("it comes to that")
}

pub async fn until_status(user: &User, id: &str, status: &str) -> Value {
    until(user, id, |record| record["status"] == status).await
}

/// Runs a flow to its end, which must be this one.
pub async fn run(user: &User, flow: &str, input: Value, status: &str) -> String {
    let id = launch(user, flow, input).await;
    let ended = user.get(&format!("/execution/{id}/wait?timeout=60&plain=true")).await.expect(200);
    assert_eq!(ended["status"], status, "{ended}");
    id
}

pub async fn explain(user: &User, id: &str) -> Value {
    let explained = user.get(&format!("/execution/{id}/explain")).await.expect(200);
    check(&explained);
    explained
}

/// What holds for every explanation.
pub fn check(explained: &Value) {
    let schema = jsonschema::draft202012::new(&explanation_schema()).expect("the schema is one");
    let breaches: Vec<String> = schema.iter_errors(explained).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(breaches.is_empty(), "{breaches:?} in {explained:#}");
    let size = explained.to_string().chars().count();
    assert!(size < LARGEST, "{size} characters");
    let summary = explained["summary"].as_str().expect("a summary");
    assert!(!summary.is_empty() && summary.chars().count() <= 601, "{summary}");
    let next = explained["next"].as_array().expect("next calls");
    assert!((1..=5).contains(&next.len()), "{next:?}");
}

pub async fn cancel(user: &User, id: &str) {
    user.post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
    user.get(&format!("/execution/{id}/wait?timeout=60")).await.expect(200);
}

/// The tools that are offered, in order.
pub fn tools(explained: &Value) -> Vec<&str> {
    explained["next"].as_array().expect("next calls").iter().filter_map(|next| next["tool"].as_str()).collect()
}

#[tokio::test]
async fn every_call_that_is_offered_is_one_that_works() {
    let app = TestApp::new().start().await;
    let (admin, agent) = (app.admin(), app.agent("admin"));
    admin.flow("fails", "def handler(system, this, inputs):\n    return 1 / inputs['n']\n").await;
    admin.flow("parent", "def handler(system, this, inputs):\n    this.flow('fails', n=0)\n").await;
    admin.flow("sleeper", "def handler(system, this):\n    this.sleep(3600)\n").await;
    let good = run(admin, "fails", json!({"n": 1}), "ENDED_SUCCESS").await;
    let failed = run(admin, "fails", json!({"n": 0}), "ENDED_ERROR").await;
    let parent = run(admin, "parent", json!({}), "ENDED_ERROR").await;
    let sleeper = launch(admin, "sleeper", Value::Null).await;
    until_status(admin, &sleeper, "SLEEPING").await;
    let mut offered = 0;
    for id in [good, failed, parent, sleeper] {
        for next in explain(admin, &id).await["next"].as_array().expect("next calls") {
            let mut arguments = next["arguments"].clone();
            if next["tool"] == "wait_for_executions" {
                arguments["timeout_sec"] = json!(0);
            }
            let tool = next["tool"].as_str().expect("a tool");
            let result = agent.call(tool, arguments).await.unwrap_or_else(|| panic!("there is no tool {tool}"));
            // A flow that fails does so again.
            assert!(!result.is_error || tool == "run_flow", "{tool}: {result:?}");
            offered += 1;
        }
    }
    assert!(offered > 8, "{offered} calls");
}
