//! Flows that ask while a tool call waits for them: the way of a question to the person at the client, and of the answer back.

mod session;

use flowstead_wire::{Answer, Asks, Capabilities, Fault, InputRequest, ToolCall};
use serde_json::{Value, json};

use crate::agent::{Agent, call, refusal, text};
use crate::app::TestApp;
use crate::client::User;
use crate::mcp_client::{modern, with_meta};
use crate::mcp_task::tool;
use crate::server::Server;

pub const ASK: &str = "
FORM = {'type': 'object', 'required': ['name'], 'properties': {'name': {'type': 'string', 'minLength': 2}}}

def handler(system, this, inputs):
    asked = this.message('Who is there?', name='who', body=FORM, needs_login=bool(inputs.get('login')))
    return 'Hello ' + asked.get('response')['name']
";

/// A call of a client that shows forms.
fn asked_call(tool: &str, arguments: Value) -> ToolCall {
    ToolCall { capabilities: Capabilities { form: true, ..Capabilities::default() }, ..call(tool, arguments) }
}

/// The questions that a call ends with.
async fn asks(agent: &Agent, call: ToolCall) -> Asks {
    match agent.answer(call).await {
        Ok(Answer::Asks(asks)) => asks,
        other => panic!("{other:?}"),
    }
}

/// The same call again, with an answer to `who`.
fn again(asks: &Asks, reply: Value) -> ToolCall {
    let mut call = ToolCall { state: asks.state.clone(), ..asked_call("ask", json!({})) };
    call.responses.insert("who".into(), reply);
    call
}

fn accept(name: &str) -> Value {
    json!({"action": "accept", "content": {"name": name}})
}

fn form(asks: &Asks) -> (&str, &str, Value) {
    let [(key, InputRequest::Form { message, schema })] = asks.requests.as_slice() else { panic!("{asks:?}") };
    (key, message, schema["properties"].clone())
}

/// Ends what still waits, which a test may not leave behind.
pub async fn cancel_all(user: &User) {
    let all = user.get("/execution?plain=true&limit=100").await.expect(200);
    for id in all.as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()) {
        user.post(&format!("/execution/{id}/cancel"), json!({})).await;
        user.get(&format!("/execution/{id}/wait?timeout=60")).await.expect(200);
    }
}

async fn executions(app: &TestApp) -> Value {
    app.admin().get("/execution").await.expect(200)["total"].clone()
}

async fn open_message(admin: &User) -> String {
    let open = admin.get("/message?plain=true&filter={\"field\":\"is_submitted\",\"op\":\"eq\",\"value\":false}").await.expect(200);
    open[0]["id"].as_str().unwrap_or_else(|| panic!("{open}")).to_owned()
}

#[tokio::test]
async fn a_call_ends_with_its_question_and_is_made_again_with_the_answer() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let agent = app.agent("admin");
    let asked = asks(&agent, asked_call("ask", json!({}))).await;
    assert_eq!(form(&asked), ("who", "Who is there?", json!({"name": {"type": "string", "minLength": 2}})));
    // An answer that was lost on its way is asked for again, and is the same.
    for _ in 0..2 {
        match agent.answer(again(&asked, accept("Ada"))).await {
            Ok(Answer::Done(result)) => assert_eq!(text(&result), "Hello Ada"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(executions(&app).await, 1);
    // A second answer is no answer: the first one counts.
    match agent.answer(again(&asked, accept("Eve"))).await {
        Ok(Answer::Done(result)) => assert_eq!(text(&result), "Hello Ada"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_state_is_of_one_call_of_one_user() {
    let app = TestApp::new().user_with("anna", &["User"]).start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let (agent, anna) = (app.agent("admin"), app.agent("anna"));
    let asked = asks(&agent, asked_call("ask", json!({}))).await;
    let state = asked.state.clone().expect("it has a state");
    let changed = ToolCall { state: Some(format!("{state}-TAMPERED")), ..again(&asked, accept("Ada")) };
    let mut other = again(&asked, accept("Ada"));
    other.arguments.insert("more".into(), 1.into());
    for (agent, call) in [(&agent, changed), (&agent, other), (&anna, again(&asked, accept("Ada")))] {
        let Err(Fault::InvalidParams(words)) = agent.answer(call).await else { panic!("the state was taken") };
        assert!(words.contains("requestState"), "{words}");
    }
    let reply = modern(app.admin(), "tools/call", &json!({"name": "ask", "requestState": "none of ours"})).await;
    assert_eq!(reply.rpc_error(200).0, -32602);
    assert_eq!(executions(&app).await, 1, "nothing was started by any of them");
    open_message(app.admin()).await;
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn a_state_is_good_for_a_day() {
    let app = TestApp::new().manual_clock().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let agent = app.agent("admin");
    let asked = asks(&agent, asked_call("ask", json!({}))).await;
    app.clock.advance(std::time::Duration::from_secs(24 * 3600));
    assert!(matches!(agent.answer(again(&asked, accept("Ada"))).await, Err(Fault::InvalidParams(_))));
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_asked_for_again_with_what_is_wrong() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let agent = app.agent("admin");
    let first = asks(&agent, asked_call("ask", json!({}))).await;
    for bad in [accept("A"), json!({"action": "accept"}), json!(12345)] {
        let second = asks(&agent, again(&first, bad)).await;
        let (key, message, _) = form(&second);
        assert!(key == "who" && message.starts_with("That was no answer yet: ") && message.ends_with("Who is there?"), "{message}");
    }
    // Without a word on it, it is simply asked again.
    let again_asked = asks(&agent, ToolCall { state: first.state.clone(), ..asked_call("ask", json!({})) }).await;
    assert_eq!(form(&again_asked).1, "Who is there?");
    assert_eq!(executions(&app).await, 1);
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn answers_that_come_along_at_once_are_taken_when_they_are_asked_for() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let mut call = asked_call("ask", json!({}));
    call.responses.insert("who".into(), accept("Ada"));
    call.responses.insert("unknown".into(), accept("Eve"));
    assert!(matches!(app.agent("admin").answer(call).await, Ok(Answer::Done(result)) if text(&result) == "Hello Ada"));
}

#[tokio::test]
async fn who_declines_leaves_the_question_open_and_the_agent_is_told() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let agent = app.agent("admin");
    let asked = asks(&agent, asked_call("ask", json!({}))).await;
    for (action, word) in [("decline", "declined"), ("cancel", "put away")] {
        let Ok(Answer::Done(result)) = agent.answer(again(&asked, json!({"action": action}))).await else { panic!("{action}") };
        let refused = refusal(&result);
        assert!(refused.line["code"] == "needs_answer" && refused.sentence.contains(word), "{refused:?}");
        assert_eq!((&refused.line["retryable"], refused.line["execution_id"].is_string()), (&json!(false), true));
    }
    let message = open_message(app.admin()).await;
    app.admin().post(&format!("/message/{message}/answer"), json!({"response": {"name": "Bo"}})).await.expect(200);
    assert!(matches!(agent.answer(again(&asked, accept("Ada"))).await, Ok(Answer::Done(result)) if text(&result) == "Hello Bo"));
}

#[tokio::test]
async fn a_client_that_shows_nothing_gets_the_address_of_the_page() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let agent = app.agent("admin");
    let refused = agent.refused("ask", json!({}), "needs_answer").await;
    let url = refused.line["details"]["question"]["url"].as_str().expect("a page").to_owned();
    assert!(url.starts_with("http://127.0.0.1:") && refused.sentence.contains(&url), "{refused:?}");
    assert!(url.contains("/message/"), "{url}");
    let answer = agent.ok("run_flow", json!({"flow_name": "ask"})).await;
    assert_eq!((&answer["status"], &answer["question"]["subject"]), (&json!("WAITING_MESSAGE"), &json!("Who is there?")), "{answer}");
    assert_eq!(answer["next"]["tool"], "list_messages", "{answer}");
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn what_needs_a_login_is_asked_on_its_page_alone() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let agent = app.agent("admin");
    let refused = agent.refused("ask", json!({"login": true}), "needs_answer").await;
    let message = refused.line["details"]["question"]["message_id"].as_str().expect("an id").to_owned();
    // A client that shows forms and pages is given the page, and opening it is no answer.
    let both = Capabilities { form: true, page: true, ..Capabilities::default() };
    let asked = asks(&agent, ToolCall { capabilities: both, ..call("ask", json!({"login": true})) }).await;
    let [(key, InputRequest::Page { url, .. })] = asked.requests.as_slice() else { panic!("{asked:?}") };
    assert!(url.contains("/message/") && key == "who", "{asked:?}");
    // Neither the model, nor a key, nor a link answers it.
    let by_model = agent.refused("answer_message", json!({"message_id": message, "response": {"name": "Ada"}}), "forbidden").await;
    assert!(by_model.sentence.contains("logged in"), "{by_model:?}");
    let body = json!({"response": {"name": "Ada"}});
    app.admin().post(&format!("/message/{message}/answer"), body.clone()).await.refusal(403, "forbidden");
    app.admin().post(&format!("/message/{message}/link"), json!({})).await.refusal(403, "forbidden");
    let mut forged = ToolCall { capabilities: both, state: asked.state.clone(), ..call("ask", json!({"login": true})) };
    forged.responses.insert("who".into(), accept("Ada"));
    match agent.answer(forged).await {
        Ok(Answer::Asks(_)) => {}
        other => panic!("{other:?}"),
    }
    open_message(app.admin()).await;
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn a_question_of_a_child_reaches_who_called_its_parent() {
    let app = TestApp::new().start().await;
    app.admin().flow("child", ASK).await;
    tool(app.admin(), "ask", "def handler(system, this, inputs):\n    return this.flow('child').get('output_value')\n", json!({})).await;
    let agent = app.agent("admin");
    let asked = asks(&agent, asked_call("ask", json!({}))).await;
    assert_eq!(form(&asked).1, "Who is there?");
    assert!(matches!(agent.answer(again(&asked, accept("Ada"))).await, Ok(Answer::Done(result)) if text(&result) == "Hello Ada"));
}

#[tokio::test]
async fn a_prompt_asks_for_what_was_left_out() {
    let app = TestApp::new().start().await;
    let workspace = app.admin().get("/workspace?plain=true").await.expect(200)[0]["id"].clone();
    let data = json!({
        "arguments": [{"name": "topic", "required": true, "ask": "What about?"}, {"name": "tone"}],
        "template": "Write about {{topic}}{{tone}}."
    });
    app.admin().post("/record_metadata", json!({"record_id": workspace, "key": "mcp_prompt:essay", "data": data})).await.expect(201);
    let user = app.admin();
    let declared = |mut params: Value| {
        params["_meta"] = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
        with_meta(&params)
    };
    let asked = modern(user, "prompts/get", &declared(json!({"name": "essay"}))).await.result();
    let request = &asked["inputRequests"]["arguments"]["params"];
    assert_eq!((&request["message"], &request["requestedSchema"]["required"]), (&json!("What about?"), &json!(["topic"])), "{asked}");
    let reply = json!({"arguments": {"action": "accept", "content": {"topic": "rust", "tone": " sadly"}}});
    let filled = modern(user, "prompts/get", &declared(json!({"name": "essay", "inputResponses": reply}))).await.result();
    assert_eq!(filled["messages"][0]["content"]["text"], "Write about rust.", "only what it asks for is taken");
    for params in [json!({"name": "essay"}), declared(json!({"name": "essay", "inputResponses": {"arguments": {"action": "decline"}}}))] {
        let (code, words) = modern(user, "prompts/get", &params).await.rpc_error(200);
        assert!(code == -32602 && words.contains("'topic'"), "{words}");
    }
}

#[tokio::test]
async fn a_restart_between_question_and_answer_loses_neither() {
    let mut server = Server::start().await;
    server.flow("ask", ASK, &Value::Null).await;
    let user = User::with_key(&server.url, &server.key);
    let meta = json!({"io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}});
    let params = json!({"name": "run_flow", "arguments": {"flow_name": "ask"}, "_meta": meta});
    let asked = modern(&user, "tools/call", &params).await.result();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    server.kill9().await;
    server.restart().await;
    let user = User::with_key(&server.url, &server.key);
    let mut params = params;
    params["requestState"] = asked["requestState"].clone();
    params["inputResponses"] = json!({"who": accept("Ada")});
    let done = modern(&user, "tools/call", &params).await.result();
    let answer = &done["structuredContent"];
    assert_eq!((&answer["status"], &answer["output_value"]), (&json!("ENDED_SUCCESS"), &json!("Hello Ada")), "{done}");
    assert_eq!(server.get("/execution").await.body["total"], 1);
}
