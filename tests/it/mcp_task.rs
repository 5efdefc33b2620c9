//! Calls that go on as tasks: when they become one, who may see it, what it asks, and what a restart leaves of it.

use std::time::Duration;

use flowstead_wire::{Answer, Capabilities, Fault, Stand, Task, ToolCall};
use serde_json::{Value, json};

use crate::agent::{Agent, call, call_with_progress, text};
use crate::app::TestApp;
use crate::client::{DEADLINE, User};
use crate::explain::until_status;
use crate::mcp_client::{Events, modern, modern_request};
use crate::server::Server;

const SLOW: &str =
    "def handler(system, this, inputs):\n    this.save(message='at work')\n    this.sleep(1000)\n    return {'done': inputs.get('n')}\n";
const ASK: &str = "
FORM = {'type': 'object', 'required': ['name'], 'properties': {'name': {'type': 'string', 'minLength': 2, 'label': 'Your name'}}}

def handler(system, this, inputs):
    this.sleep(10)
    return 'Hello ' + this.message('Who is there?', name='who', body=FORM).get('response')['name']
";
const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// A tool over a flow of the same name.
pub async fn tool(admin: &User, name: &str, script: &str, columns: Value) -> String {
    let flow = admin.make("flow", json!({"name": name, "script": script})).await;
    let mut tool = json!({"name": name, "flow_id": flow, "description": "Does it."});
    tool.as_object_mut().expect("an object").extend(columns.as_object().cloned().unwrap_or_default());
    admin.make("mcp_user_tool", tool).await
}

/// A call of a client that knows tasks and shows forms.
fn task_call(tool: &str, arguments: Value) -> ToolCall {
    ToolCall { capabilities: Capabilities { form: true, tasks: true, ..Capabilities::default() }, ..call(tool, arguments) }
}

/// The task that a call becomes once its time as a call is over.
async fn becomes_task(app: &TestApp, agent: &Agent, tool: &str, arguments: Value) -> Task {
    let (waiting, mut heard) = call_with_progress(tool, arguments);
    let waiting = ToolCall { capabilities: task_call(tool, json!({})).capabilities, ..waiting };
    let answer = tokio::spawn({
        let agent = agent.clone();
        async move { agent.answer(waiting).await }
    });
    // Something was heard: it waits by now.
    tokio::time::timeout(DEADLINE, heard.recv()).await.expect("it comes").expect("there is progress");
    app.clock.advance(Duration::from_secs(2));
    match answer.await.expect("no panic") {
        Ok(Answer::Task(task)) => task,
        other => panic!("{other:?}"),
    }
}

/// Parameters of a raw request of such a client.
pub fn declared(mut params: Value) -> Value {
    params["_meta"] = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}, "extensions": {EXTENSION: {}}}});
    params
}

#[tokio::test]
async fn a_slow_call_becomes_a_task_that_is_its_execution() {
    let app = TestApp::new().manual_clock().start().await;
    tool(app.admin(), "slow", SLOW, json!({})).await;
    let agent = app.agent("admin");
    let task = becomes_task(&app, &agent, "slow", json!({"n": 7})).await;
    assert_eq!(task.stand, Stand::Working);
    let execution = until_status(app.admin(), &task.id, "SLEEPING").await;
    assert_eq!(execution["flow_name"], "slow");
    let seen = agent.task(&task.id).await.expect("it is there");
    assert_eq!((seen.stand, seen.message.as_deref()), (Stand::Working, Some("at work")));
    app.clock.advance(Duration::from_secs(1000));
    app.admin().get(&format!("/execution/{}/wait", task.id)).await.expect(200);
    let ended = agent.task(&task.id).await.expect("it is there");
    let Stand::Completed(result) = ended.stand else { panic!("{ended:?}") };
    // The same as the call would have been answered.
    assert_eq!((result.structured, result.is_error), (Some(json!({"done": 7})), false));
}

#[tokio::test]
async fn run_flow_becomes_a_task_too_unless_it_is_only_to_start_it() {
    let app = TestApp::new().manual_clock().start().await;
    app.admin().flow("slow", SLOW).await;
    let agent = app.agent("admin");
    let task = becomes_task(&app, &agent, "run_flow", json!({"flow_name": "slow"})).await;
    until_status(app.admin(), &task.id, "SLEEPING").await;
    app.clock.advance(Duration::from_secs(1000));
    app.admin().get(&format!("/execution/{}/wait", task.id)).await.expect(200);
    let Stand::Completed(result) = agent.task(&task.id).await.expect("it is there").stand else { panic!() };
    let answer = result.structured.expect("a success has data");
    assert_eq!((&answer["execution_id"], &answer["output_value"]), (&json!(task.id), &json!({"done": null})));
    let started = agent.answer(task_call("run_flow", json!({"flow_name": "slow", "wait_sec": 0}))).await;
    assert!(matches!(started, Ok(Answer::Done(_))), "{started:?}");
    crate::mcp_question::cancel_all(app.admin()).await;
}

#[tokio::test]
async fn a_quick_call_stays_a_call() {
    let app = TestApp::new().manual_clock().start().await;
    tool(app.admin(), "quick", "def handler(system, this, inputs):\n    return 'quick'\n", json!({})).await;
    // Time stands still, however long it takes.
    match app.agent("admin").answer(task_call("quick", json!({}))).await {
        Ok(Answer::Done(result)) => assert_eq!(text(&result), "quick"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_tool_says_whether_it_may_or_must_be_a_task() {
    let app = TestApp::new().manual_clock().start().await;
    let must = tool(app.admin(), "must", SLOW, json!({"task_support": "required"})).await;
    tool(app.admin(), "never", SLOW, json!({"task_support": "forbidden", "timeout_sec": 5})).await;
    let agent = app.agent("admin");
    let refused = agent.answer(call("must", json!({}))).await;
    assert_eq!(refused, Err(Fault::MissingCapability(flowstead_wire::Capability::Tasks)));
    let reply = modern(app.admin(), "tools/call", &json!({"name": "must"})).await;
    assert_eq!(reply.body["error"]["data"]["requiredCapabilities"], json!({"extensions": {EXTENSION: {}}}));
    assert_eq!(reply.rpc_error(400).0, -32021);
    assert_eq!(app.admin().get("/execution").await.expect(200)["total"], 0, "nothing was started");
    becomes_task(&app, &agent, "must", json!({})).await;
    let (waiting, mut heard) = call_with_progress("never", json!({}));
    let waiting = ToolCall { capabilities: task_call("never", json!({})).capabilities, ..waiting };
    let answer = tokio::spawn({
        let agent = agent.clone();
        async move { agent.answer(waiting).await }
    });
    tokio::time::timeout(DEADLINE, heard.recv()).await.expect("it comes").expect("there is progress");
    app.clock.advance(Duration::from_secs(6));
    assert!(matches!(answer.await.expect("no panic"), Ok(Answer::Done(result)) if result.is_error));
    let bad = app.admin().patch(&format!("/mcp_user_tool/{must}"), json!({"task_support": "sometimes"})).await;
    assert!((400..500).contains(&bad.status), "{bad:?}");
    crate::mcp_question::cancel_all(app.admin()).await;
}

#[tokio::test]
async fn a_task_is_seen_by_who_started_it_and_by_who_may_read_it() {
    let app = TestApp::new().manual_clock().user("bert").user_with("cleo", &["User"]).start().await;
    tool(app.admin(), "slow", SLOW, json!({})).await;
    let task = becomes_task(&app, &app.agent("admin"), "slow", json!({})).await;
    assert!(app.agent("cleo").task(&task.id).await.is_ok(), "cleo may read executions");
    for id in [task.id.as_str(), "no-such-task", "00000000-0000-7000-8000-000000000000"] {
        let Err(Fault::InvalidParams(words)) = app.agent("bert").task(id).await else { panic!("bert sees {id}") };
        assert_eq!(words, format!("There is no task '{id}', or it is not yours; a task's id is that of its execution."));
    }
    let of_bert = modern(app.user("bert"), "tasks/cancel", &declared(json!({"taskId": task.id}))).await;
    assert_eq!(of_bert.rpc_error(200).0, -32602);
    assert!(matches!(app.agent("admin").task(&task.id).await.expect("it is there").stand, Stand::Working));
    crate::mcp_question::cancel_all(app.admin()).await;
}

#[tokio::test]
async fn a_task_that_is_cancelled_is_so_for_good() {
    let app = TestApp::new().manual_clock().start().await;
    tool(app.admin(), "slow", SLOW, json!({})).await;
    let task = becomes_task(&app, &app.agent("admin"), "slow", json!({})).await;
    for _ in 0..2 {
        let ack = modern(app.admin(), "tasks/cancel", &declared(json!({"taskId": task.id}))).await.result();
        assert_eq!(ack["resultType"], "complete");
        assert!(ack.get("status").is_none(), "{ack}");
        app.admin().get(&format!("/execution/{}/wait", task.id)).await.expect(200);
        assert_eq!(app.agent("admin").task(&task.id).await.expect("it is there").stand, Stand::Cancelled);
    }
}

#[tokio::test]
async fn an_error_of_the_tool_is_a_result_and_a_lost_process_is_none() {
    let app = TestApp::new().manual_clock().start().await;
    tool(app.admin(), "fails", "def handler(system, this, inputs):\n    this.sleep(10)\n    return this.error('No.')\n", json!({})).await;
    tool(app.admin(), "lost", "import os\n\ndef handler(system, this, inputs):\n    this.sleep(10)\n    os.abort()\n", json!({})).await;
    let flows = app.admin().get("/flow?plain=true&filter={\"field\":\"name\",\"op\":\"eq\",\"value\":\"lost\"}").await.expect(200);
    app.admin().patch(&format!("/flow/{}", flows[0]["id"].as_str().unwrap()), json!({"on_loss": "fail"})).await.expect(200);
    let agent = app.agent("admin");
    let fails = becomes_task(&app, &agent, "fails", json!({})).await;
    let lost = becomes_task(&app, &agent, "lost", json!({})).await;
    for task in [&fails, &lost] {
        until_status(app.admin(), &task.id, "SLEEPING").await;
    }
    app.clock.advance(Duration::from_secs(20));
    for task in [&fails, &lost] {
        app.admin().get(&format!("/execution/{}/wait?timeout=60", task.id)).await.expect(200);
    }
    let Stand::Completed(result) = agent.task(&fails.id).await.expect("it is there").stand else { panic!("an error is a result") };
    assert!(result.is_error && text(&result).contains("No."), "{result:?}");
    let ended = agent.task(&lost.id).await.expect("it is there");
    assert!(matches!(&ended.stand, Stand::Failed(words) if words.contains("was lost")), "{ended:?}");
    let execution = app.admin().get(&format!("/execution/{}?plain=true", lost.id)).await.expect(200);
    assert_eq!(execution["exit_status"], "signal 6 (SIGABRT)");
}

/// A task that asks who is there, and its id.
async fn asking(app: &TestApp) -> String {
    tool(app.admin(), "ask", ASK, json!({})).await;
    let task = becomes_task(app, &app.agent("admin"), "ask", json!({})).await;
    until_status(app.admin(), &task.id, "SLEEPING").await;
    app.clock.advance(Duration::from_secs(10));
    until_status(app.admin(), &task.id, "WAITING_MESSAGE").await;
    task.id
}

async fn get(app: &TestApp, id: &str) -> Value {
    modern(app.admin(), "tasks/get", &declared(json!({"taskId": id}))).await.result()
}

async fn update(app: &TestApp, id: &str, responses: Value) -> crate::client::Answer {
    modern(app.admin(), "tasks/update", &declared(json!({"taskId": id, "inputResponses": responses}))).await
}

#[tokio::test]
async fn a_form_of_a_task_is_answered_in_the_task_and_must_fit() {
    let app = TestApp::new().manual_clock().start().await;
    let id = asking(&app).await;
    let asks = get(&app, &id).await;
    assert_eq!(asks["status"], "input_required", "{asks}");
    let request = &asks["inputRequests"]["who"];
    assert_eq!((&request["method"], &request["params"]["message"]), (&json!("elicitation/create"), &json!("Who is there?")));
    let property = json!({"type": "string", "title": "Your name", "minLength": 2});
    assert_eq!(request["params"]["requestedSchema"]["properties"]["name"], property);
    assert_eq!(update(&app, &id, json!({"other": {"ignored": true}})).await.result()["resultType"], "complete");
    for bad in [json!({"action": "accept", "content": {"name": "A"}}), json!({"action": "accept"}), json!(5)] {
        let (code, words) = update(&app, &id, json!({"who": bad})).await.rpc_error(200);
        assert!(code == -32602 && words.starts_with("The answer to 'who' does not fit: "), "{words}");
    }
    assert_eq!(get(&app, &id).await["status"], "input_required");
    update(&app, &id, json!({"who": {"action": "accept", "content": {"name": "Ada"}}})).await.result();
    app.admin().get(&format!("/execution/{id}/wait")).await.expect(200);
    let ended = get(&app, &id).await;
    assert_eq!((&ended["status"], &ended["result"]["content"][0]["text"]), (&json!("completed"), &json!("Hello Ada")));
    let message = app.admin().get("/message?plain=true").await.expect(200);
    assert_eq!(message[0]["submitted_via"], "dialog");
    // Too late is no error, and changes nothing.
    update(&app, &id, json!({"who": {"action": "accept", "content": {"name": "Eve"}}})).await.result();
    assert_eq!(get(&app, &id).await["result"]["content"][0]["text"], "Hello Ada");
}

#[tokio::test]
async fn who_declines_in_a_task_is_not_asked_again_and_the_question_stays_open() {
    let app = TestApp::new().manual_clock().user_with("anna", &["User"]).start().await;
    let id = asking(&app).await;
    update(&app, &id, json!({"who": {"action": "decline"}})).await.result();
    let waits = get(&app, &id).await;
    assert_eq!(waits["status"], "working");
    assert!(
        waits["statusMessage"].as_str().is_some_and(|words| words.starts_with("Waits for an answer to 'Who is there?': http")),
        "{waits}"
    );
    let of_anna = modern(app.user("anna"), "tasks/get", &declared(json!({"taskId": id}))).await.result();
    assert_eq!(of_anna["status"], "input_required", "others may still answer");
    let message = app.admin().get("/message?plain=true").await.expect(200)[0]["id"].as_str().expect("an id").to_owned();
    app.user("anna").post(&format!("/message/{message}/answer"), json!({"response": {"name": "Anna"}})).await.expect(200);
    app.admin().get(&format!("/execution/{id}/wait")).await.expect(200);
    assert_eq!(get(&app, &id).await["result"]["content"][0]["text"], "Hello Anna");
}

#[tokio::test]
async fn who_listens_hears_how_a_task_goes_on() {
    let app = TestApp::new().manual_clock().start().await;
    let id = asking(&app).await;
    let listen = declared(json!({"notifications": {"taskIds": [id]}}));
    let mut events = Events::of(modern_request(app.admin(), "subscriptions/listen", &listen)).await;
    assert_eq!(events.next().await.expect("it is acknowledged")["params"]["notifications"]["taskIds"], json!([id]));
    let first = events.next().await.expect("it is told");
    assert_eq!((&first["method"], &first["params"]["status"]), (&json!("notifications/tasks"), &json!("input_required")));
    update(&app, &id, json!({"who": {"action": "accept", "content": {"name": "Ada"}}})).await.result();
    let last = loop {
        let told = events.next().await.expect("the stream goes on");
        if told["params"]["status"] == "completed" {
            break told;
        }
    };
    assert_eq!((&last["params"]["taskId"], &last["params"]["result"]["content"][0]["text"]), (&json!(id), &json!("Hello Ada")));
}

#[tokio::test]
async fn a_task_that_asks_is_there_after_a_kill_of_the_server() {
    let script = ASK.replace("this.sleep(10)", "this.sleep(2)");
    let mut server = Server::start().await;
    server.flow("ask", &script, &Value::Null).await;
    let user = User::with_key(&server.url, &server.key);
    let made = modern(&user, "tools/call", &declared(json!({"name": "run_flow", "arguments": {"flow_name": "ask"}}))).await.result();
    assert_eq!(made["resultType"], "task", "{made}");
    let id = made["taskId"].as_str().expect("an id").to_owned();
    server.kill9().await;
    server.restart().await;
    server.until(&id, |record| record["status"] == "WAITING_MESSAGE").await;
    let user = User::with_key(&server.url, &server.key);
    let asks = modern(&user, "tasks/get", &declared(json!({"taskId": id}))).await.result();
    assert_eq!(asks["inputRequests"]["who"]["params"]["message"], "Who is there?");
    let answers = json!({"who": {"action": "accept", "content": {"name": "Ada"}}});
    modern(&user, "tasks/update", &declared(json!({"taskId": id, "inputResponses": answers}))).await.result();
    server.ended(&id).await;
    let ended = modern(&user, "tasks/get", &declared(json!({"taskId": id}))).await.result();
    assert_eq!(ended["result"]["structuredContent"]["output_value"], "Hello Ada", "{ended}");
}
