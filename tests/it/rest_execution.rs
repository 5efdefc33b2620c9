//! Executions over HTTP: started, waited for, cancelled, paused, started only once.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, User, answer};

const GREET: &str = "def handler(system, this, inputs):\n    return {'greeting': 'Hello ' + inputs['name']}\n";
const SLEEPER: &str = "def handler(system, this):\n    this.sleep(3600)\n";

async fn greet(user: &User) -> String {
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}, "times": {"type": "integer"}}, "required": ["name"]});
    user.make("flow", json!({"name": "greet", "script": GREET, "input_schema": schema})).await
}

async fn cancel(user: &User, id: &str) -> Value {
    user.post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
    user.get(&format!("/execution/{id}/wait?plain=true")).await.expect(200)
}

#[tokio::test]
async fn a_flow_is_started_by_name_and_by_id_and_its_end_awaited() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let flow = greet(admin).await;
    let ended = admin.post("/execution?wait=true", json!({"flow_name": "greet", "input_value": {"name": "Anna"}})).await.expect(201);
    assert_eq!(ended["execution"]["status"], "ENDED_SUCCESS", "{ended}");
    assert_eq!(ended["execution"]["output_value"], json!({"greeting": "Hello Anna"}));
    assert_eq!(ended["execution"]["flow_id"], json!(flow));
    assert_eq!(ended["execution"]["origin"]["kind"], "rest");

    let by_id = admin.post("/execution?wait=1&plain=1", json!({"flow_id": flow, "input_value": {"name": "B"}})).await.expect(201);
    assert_eq!(by_id["output_value"]["greeting"], "Hello B");
    let run = admin.post("/flow/greet/run?by=name&wait=1&plain=1", json!({"input_value": {"name": "C"}, "name": "mine"})).await.expect(201);
    assert_eq!((&run["name"], &run["output_value"]["greeting"]), (&json!("mine"), &json!("Hello C")));
}

#[tokio::test]
async fn a_wait_that_is_too_short_answers_the_execution_as_it_is() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("sleeper", SLEEPER).await;
    let started = admin.post("/execution?wait=true&timeout=0&plain=true", json!({"flow_name": "sleeper"})).await.expect(201);
    let id = started["id"].as_str().unwrap();
    let seen = admin.get(&format!("/execution/{id}/wait?timeout=0&plain=true")).await.expect(200);
    assert!(!seen["status"].as_str().unwrap().starts_with("ENDED"), "{seen}");
    assert_eq!(cancel(admin, id).await["status"], "ENDED_CANCELLED");
    let again = admin.post(&format!("/execution/{id}/cancel?plain=true"), Value::Null).await.expect(200);
    assert_eq!(again["status"], "ENDED_CANCELLED", "one that has ended stays as it is");
}

#[tokio::test]
async fn inputs_against_the_schema_list_every_breach_and_make_no_execution() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    greet(admin).await;
    let refused = admin.post("/execution", json!({"flow_name": "greet", "input_value": {"times": "x"}})).await.expect(422);
    assert_eq!(refused["code"], "schema_violation");
    let text = refused["details"].to_string();
    assert!(text.contains("/times") && text.contains("name"), "{refused}");
    assert_eq!(admin.get("/execution").await.expect(200)["total"], 0);
}

#[tokio::test]
async fn an_unknown_flow_is_refused_and_the_nearest_named() {
    let app = TestApp::new().user("stranger").start().await;
    greet(app.admin()).await;
    let refused = app.admin().post("/execution", json!({"flow_name": "gret"})).await;
    assert_eq!(refused.body["details"]["near"], json!(["greet"]));
    assert!(refused.refusal(404, "not_found").contains("Did you mean 'greet'?"));
    let unseen = app.user("stranger").post("/execution", json!({"flow_name": "gret"})).await;
    assert!(unseen.status == 403 || unseen.body.get("details").is_none(), "{}", unseen.text);
    for body in [json!({}), json!({"flow_name": "greet", "script": "x"}), json!({"flow_id": "greet"}), json!({"flow_nam": "greet"})] {
        app.admin().post("/execution", body).await.refusal(422, "invalid");
    }
}

#[tokio::test]
async fn the_same_idempotency_key_starts_once() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    greet(admin).await;
    let start = |key: &str, name: &str| {
        let body = json!({"flow_name": "greet", "input_value": {"name": name}});
        answer(admin.request("POST", "/execution?wait=true&plain=true").header("idempotency-key", key).json(&body))
    };
    let (first, second) = (start("k1", "Anna").await, start("k1", "Anna").await);
    let id = |answer: &Answer| answer.body["id"].clone();
    assert_eq!(id(&first), id(&second));
    assert_eq!(second.body["status"], "ENDED_SUCCESS");
    start("k1", "Bert").await.refusal(409, "conflict");
    assert_ne!(id(&start("k2", "Anna").await), id(&first));
    assert_eq!(admin.get("/execution").await.expect(200)["total"], 2);
    start(&"k".repeat(129), "Anna").await.refusal(400, "malformed");
}

#[tokio::test]
async fn one_that_is_only_made_stays_created_and_a_paused_one_goes_on() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("sleeper", SLEEPER).await;
    let made = admin.post("/execution?plain=true", json!({"flow_name": "sleeper", "run": false})).await.expect(201);
    assert_eq!(made["status"], "CREATED");
    assert_eq!(cancel(admin, made["id"].as_str().unwrap()).await["status"], "ENDED_CANCELLED");

    let started = admin.post("/execution?plain=true", json!({"flow_name": "sleeper"})).await.expect(201);
    let path = format!("/execution/{}", started["id"].as_str().unwrap());
    admin.post(&format!("{path}/pause"), Value::Null).await.expect(200);
    assert_eq!(admin.get(&format!("{path}?plain=true")).await.expect(200)["is_paused"], true);
    let resumed = admin.post(&format!("{path}/resume?plain=true"), Value::Null).await.expect(200);
    assert_eq!(resumed["is_paused"], false);
    cancel(admin, started["id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn starting_needs_create_and_cancelling_needs_update() {
    let app = TestApp::new().user("stranger").user_with("anna", &["User"]).start().await;
    greet(app.admin()).await;
    app.admin().flow("sleeper", SLEEPER).await;
    let ended =
        app.user("anna").post("/execution?wait=1&plain=1", json!({"flow_name": "greet", "input_value": {"name": "A"}})).await.expect(201);
    assert_eq!(ended["status"], "ENDED_SUCCESS");
    let by_admin = app.admin().post("/execution?plain=true", json!({"flow_name": "sleeper"})).await.expect(201);
    let path = format!("/execution/{}", by_admin["id"].as_str().unwrap());
    app.user("anna").get(&path).await.expect(200);
    app.user("anna").post(&format!("{path}/cancel"), Value::Null).await.refusal(403, "forbidden");
    app.user("stranger").post(&format!("{path}/cancel"), Value::Null).await.refusal(404, "not_found");
    app.user("stranger").get(&format!("{path}/logs")).await.refusal(404, "not_found");
    cancel(app.admin(), by_admin["id"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_script_is_checked_without_being_run() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let good = greet(admin).await;
    let found = admin.post(&format!("/flow/{good}/validate"), Value::Null).await.expect(200);
    assert_eq!((&found["problems"], &found["has_syntax_error"]), (&json!([]), &json!(false)));
    let bad = admin.flow("bad", "def handler(system, this:\n    pass\n").await;
    let found = admin.post(&format!("/flow/{bad}/validate"), Value::Null).await.expect(200);
    assert_eq!((&found["has_syntax_error"], &found["problems"][0]["line"]), (&json!(true), &json!(1)), "{found}");
    assert_eq!(admin.get("/execution").await.expect(200)["total"], 0);
}
