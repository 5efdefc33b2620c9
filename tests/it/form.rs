//! Messages and forms: asked by flows, answered once, heard by whoever waits, whatever happens to the server in between.

mod page;
mod restart;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use crate::explain::{explain, launch, until_status};

/// Asks for an amount and gives what was answered.
const APPROVAL: &str = "
FORM = {
    'type': 'object',
    'required': ['amount', 'mail'],
    'properties': {
        'amount': {'element': 'number', 'type': 'number', 'minimum': 1, 'label': 'How much?', 'order': 1},
        'mail': {'type': 'string', 'format': 'email', 'order': 2},
        'note': {'element': 'text', 'type': 'string', 'default': 'none'},
        'yes': {'element': 'submit', 'type': 'boolean'},
        'no': {'element': 'submit', 'type': 'boolean'},
    },
}

def handler(system, this, inputs):
    asked = this.message('Approve the order', 'Of **today**.', body=FORM, timeout=inputs.get('timeout'))
    return {'id': asked.get('id'), 'response': asked.get('response')}
";

/// Starts a flow that asks, and gives its id and that of its message.
async fn asking(user: &User, flow: &str, input: Value) -> (String, String) {
    let id = launch(user, flow, input).await;
    let record = until_status(user, &id, "WAITING_MESSAGE").await;
    let words = record["blocked_on"].as_str().expect("it says what it waits for");
    let message = words.rsplit(' ').next().expect("the id comes last").to_owned();
    (id, message)
}

async fn output(user: &User, id: &str) -> Value {
    let ended = user.get(&format!("/execution/{id}/wait?timeout=60&plain=true")).await.expect(200);
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    ended["output_value"].clone()
}

async fn answer(user: &User, message: &str, response: Value) -> crate::client::Answer {
    user.post(&format!("/message/{message}/answer?plain=true"), json!({ "response": response })).await
}

#[tokio::test]
async fn a_form_is_answered_once_and_its_flow_goes_on() {
    let app = TestApp::new().user_with("anna", &["User"]).start().await;
    let (admin, anna) = (app.admin(), app.user("anna"));
    admin.flow("approval", APPROVAL).await;
    let (id, message) = asking(admin, "approval", json!({})).await;
    let waiting = admin.get("/message?plain=true&filter={\"field\":\"is_submitted\",\"op\":\"eq\",\"value\":false}").await.expect(200);
    assert_eq!((&waiting[0]["id"], &waiting[0]["execution_id"]), (&json!(message), &json!(id)), "{waiting}");
    let bad = answer(anna, &message, json!({"amount": 0.5, "mail": "nowhere", "yes": true})).await;
    let bad = bad.expect(422);
    let places: Vec<&str> = bad["details"]["breaches"].as_array().unwrap().iter().map(|b| b["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/response/amount", "/response/mail"], "{bad}");
    let given = answer(anna, &message, json!({"amount": 5, "mail": "anna@example.com", "yes": true})).await.expect(200);
    let whole = json!({"amount": 5, "mail": "anna@example.com", "yes": true, "no": false, "note": "none"});
    assert_eq!((&given["response"], &given["submitted_via"], &given["is_submitted"]), (&whole, &json!("rest"), &json!(true)), "{given}");
    assert_eq!(output(admin, &id).await, json!({"id": message, "response": whole}));
    let again = answer(admin, &message, json!({"amount": 6, "mail": "admin@example.com"})).await;
    let text = again.refusal(409, "conflict");
    assert!(text.contains("by user 'anna'"), "{text}");
    // Who may not see users learns no name.
    let again = answer(anna, &message, json!({})).await.expect(409);
    assert_eq!(again["details"]["submitted_by"], given["submitted_by"], "{again}");
    let changed = admin.patch(&format!("/message/{message}"), json!({"subject": "Another"})).await;
    changed.refusal(409, "conflict");
}

#[tokio::test]
async fn of_many_answers_at_once_one_wins() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("ask", "def handler(system, this):\n    return this.message(request='Who?').get('response')\n").await;
    let (id, message) = asking(admin, "ask", Value::Null).await;
    let tries = (0..16).map(|n| {
        let (admin, message) = (admin.clone(), message.clone());
        tokio::spawn(async move { (n, answer(&admin, &message, json!({"string": n.to_string()})).await.status) })
    });
    let mut won = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        let (n, status) = one.await.expect("it is answered");
        assert!(matches!(status, 200 | 409), "{status}");
        won.extend((status == 200).then_some(n));
    }
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(output(admin, &id).await, json!({"string": won[0].to_string()}));
}

#[tokio::test]
async fn who_may_only_read_messages_answers_none_and_strangers_see_none() {
    let app = TestApp::new().user("stranger").user("reader").start().await;
    let admin = app.admin();
    let role = admin.make("role", json!({"name": "reads messages"})).await;
    admin.make("role_permission", json!({"role_id": role, "operation": "READ", "permission_record_type": "MESSAGE"})).await;
    let me = app.user("reader").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    let message = admin.make("message", json!({"subject": "s", "request": "Who?"})).await;
    answer(app.user("stranger"), &message, json!({"string": "me"})).await.refusal(404, "not_found");
    let text = answer(app.user("reader"), &message, json!({"string": "me"})).await.refusal(403, "forbidden");
    assert!(text.contains("UPDATE on MESSAGE"), "{text}");
    app.user("reader").post(&format!("/message/{message}/link"), Value::Null).await.refusal(403, "forbidden");
}

/// The rights of a role that starts flows are enough for these to ask, and not to answer.
#[tokio::test]
async fn a_flow_may_ask_with_the_rights_to_run_alone() {
    let app = TestApp::new().user_with("runner", &["Agent runner"]).start().await;
    let (admin, runner) = (app.admin(), app.user("runner"));
    let script = "
import flow_api

def handler(system, this):
    asked = this.message('For whom?', request='Name', wait=False)
    seen = [one.get('subject') for one in this.get_messages()]
    try:
        system.message('Elsewhere', request='?', execution_id=asked.get('id'))
    except flow_api.EngineException as error:
        seen.append(type(error).__name__)
    try:
        asked.save(subject='Another')
    except flow_api.PermissionDenied:
        seen.append('no change')
    return {'seen': seen, 'name': asked.wait().get('response')['string']}
";
    admin.flow("ask", script).await;
    let id = launch(runner, "ask", Value::Null).await;
    until_status(admin, &id, "WAITING_MESSAGE").await;
    let list = admin.get("/message?plain=true").await.expect(200);
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    let message = list[0]["id"].as_str().unwrap();
    answer(runner, message, json!({"string": "me"})).await.refusal(404, "not_found");
    answer(admin, message, json!({"string": "Ada"})).await.expect(200);
    let output = output(admin, &id).await;
    assert_eq!(output, json!({"seen": ["For whom?", "PermissionDenied", "no change"], "name": "Ada"}));
}

#[tokio::test]
async fn what_is_no_form_is_refused_where_it_is_asked() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    for (body, place) in [
        (json!({"body": {"type": "strin"}}), "/body/type"),
        (json!({"body": {"type": "string"}}), "/body/type"),
        (json!({"body": {}, "request": "?"}), "/request"),
        (json!({"request": {"a": 1}}), "/request"),
        (json!({"body": {"$ref": "schema:nowhere"}}), "/body"),
        (json!({"response": {"a": 1}}), "/response"),
    ] {
        let refused = admin.post("/message", body.clone()).await;
        assert_eq!(refused.body["field"], place, "{body} was answered {} {}", refused.status, refused.text);
    }
    let message = admin.make("message", json!({"body": {"properties": {"n": {"type": "integer"}}}})).await;
    answer(admin, &message, json!([1])).await.refusal(422, "invalid");
    answer(admin, &message, json!({"n": "x"})).await.refusal(422, "schema_violation");
    let seen = admin.make("message", json!({"message": "Done."})).await;
    let answered = admin.post(&format!("/message/{seen}/answer?plain=true"), json!({})).await.expect(200);
    assert_eq!(answered["response"], json!({"OK": true}));
}

#[tokio::test]
async fn a_form_may_use_the_schemas_of_the_workspace() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("schema", json!({"name": "age", "value": {"type": "integer", "minimum": 0}})).await;
    let form = json!({"type": "object", "properties": {"age": {"$ref": "schema:age"}}});
    let message = admin.make("message", json!({"subject": "Age?", "body": form})).await;
    answer(admin, &message, json!({"age": -1})).await.refusal(422, "schema_violation");
    answer(admin, &message, json!({"age": 7})).await.expect(200);
}

#[tokio::test]
async fn a_message_that_is_deleted_is_told_to_who_waits_for_it() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "
import flow_api

def handler(system, this):
    try:
        this.message('Gone soon', request='?')
    except flow_api.ResourceNotFoundError as error:
        return {'said': str(error)}
";
    admin.flow("ask", script).await;
    let (id, message) = asking(admin, "ask", Value::Null).await;
    admin.delete(&format!("/message/{message}?permanently=true")).await.expect(204);
    let output = output(admin, &id).await;
    assert!(output["said"].as_str().unwrap().contains(&message), "{output}");
}

#[tokio::test]
async fn tasks_of_an_async_handler_ask_side_by_side() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "
import asyncio

async def handler(system, this):
    async def ask(name):
        return (await this.message_async(name, request=name)).get('response')['string']
    return await asyncio.gather(ask('first'), ask('second'))
";
    admin.flow("ask", script).await;
    let id = launch(admin, "ask", Value::Null).await;
    until_status(admin, &id, "WAITING_MESSAGE").await;
    let list = admin.get("/message?plain=true&order=-subject").await.expect(200);
    for (at, subject) in ["second", "first"].into_iter().enumerate() {
        assert_eq!(list[at]["subject"], subject, "{list}");
        answer(admin, list[at]["id"].as_str().unwrap(), json!({"string": format!("{subject} answer")})).await.expect(200);
    }
    assert_eq!(output(admin, &id).await, json!(["first answer", "second answer"]));
}

#[tokio::test]
async fn an_explanation_follows_a_parent_to_the_question_and_offers_the_answer() {
    let app = TestApp::new().user_with("watcher", &["Agent runner"]).start().await;
    let admin = app.admin();
    admin.flow("ask", "def handler(system, this):\n    return this.message('Which one?', request='Name').get('response')\n").await;
    admin.flow("parent", "def handler(system, this):\n    this.flow('ask')\n").await;
    let id = launch(admin, "parent", Value::Null).await;
    while admin.get("/message").await.expect(200)["total"] != 1 {}
    let message = admin.get("/message?plain=true").await.expect(200)[0].clone();
    let child = message["execution_id"].as_str().unwrap();
    until_status(admin, child, "WAITING_MESSAGE").await;
    let explained = explain(admin, &id).await;
    let asked = json!({"message_id": message["id"], "subject": "Which one?", "may_answer": true});
    assert_eq!((&explained["waits"]["message"], &explained["waits"]["hidden"]), (&asked, &Value::Null), "{explained:#}");
    assert_eq!(explained["next"][0]["tool"], "answer_message", "{explained:#}");
    assert_eq!(explained["next"][0]["arguments"], json!({"message_id": message["id"]}));
    let watched = explain(app.user("watcher"), &id).await;
    assert_eq!(watched["waits"]["message"], Value::Null, "what it may not read is not there: {watched:#}");
    let agent = app.agent("admin");
    let run = agent.ok("run_flow", json!({"flow_name": "ask", "wait_sec": 0})).await;
    let own = run["execution_id"].as_str().unwrap();
    until_status(admin, own, "WAITING_MESSAGE").await;
    let waited = agent.ok("wait_for_executions", json!({"execution_ids": [own], "timeout_sec": 0})).await;
    let next = json!({"tool": "list_messages", "arguments": {"execution_id": own}});
    assert!(waited.to_string().contains(&next.to_string()), "{waited}");
    admin.post(&format!("/execution/{own}/cancel"), Value::Null).await.expect(200);
    let listed = agent.ok("list_messages", json!({"execution_id": child})).await;
    assert_eq!((&listed["items"][0]["request"], &listed["total"]), (&json!("Name"), &json!(1)), "{listed}");
    agent.refused("answer_message", json!({"message_id": message["id"], "response": {"strin": 1}}), "schema_violation").await;
    let answered = agent.ok("answer_message", json!({"message_id": message["id"], "response": {"string": "this"}})).await;
    assert_eq!(answered["execution_id"], child, "{answered}");
    output(admin, &id).await;
    let refused = agent.refused("answer_message", json!({"message_id": message["id"], "response": {"string": "that"}}), "conflict").await;
    assert!(refused.sentence.contains("by user 'admin'"), "{refused:?}");
    let done = agent.ok("list_messages", json!({"is_submitted": true})).await;
    assert_eq!((&done["items"][0]["submitted_via"], &done["total"]), (&json!("mcp"), &json!(1)), "{done}");
}
