//! Questions in the middle of a call, to clients of the older era that have a session.

use serde_json::{Value, json};

use super::{ASK, cancel_all, open_message};
use crate::app::TestApp;
use crate::client::{User, answer};
use crate::mcp_client::{Events, initialize, message, post};
use crate::mcp_task::tool;

/// A session of a client that shows forms.
async fn begin(user: &User) -> String {
    let mut events = Events::of(post(user).json(&initialize("2025-11-25", &json!({"elicitation": {}})))).await;
    let id = events.response.headers()["mcp-session-id"].to_str().expect("text").to_owned();
    events.next().await.expect("it answers");
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(answer(post(user).header("mcp-session-id", &id).json(&ready)).await.status, 202);
    id
}

async fn call(user: &User, session: &str, tool: &str, arguments: Value) -> Events {
    let request = post(user).header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25");
    Events::of(request.json(&message(1, "tools/call", &json!({"name": tool, "arguments": arguments})))).await
}

async fn reply(user: &User, session: &str, to: &Value, result: Value) {
    let body = json!({"jsonrpc": "2.0", "id": to["id"], "result": result});
    let request = post(user).header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25");
    assert_eq!(answer(request.json(&body)).await.status, 202);
}

/// A session in which the tool that asks was called.
async fn asking(user: &User) -> (String, Events) {
    tool(user, "ask", ASK, json!({})).await;
    let session = begin(user).await;
    let events = call(user, &session, "ask", json!({})).await;
    (session, events)
}

async fn asked(events: &mut Events) -> Value {
    let asked = events.next().await.expect("the stream goes on");
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    asked
}

#[tokio::test]
async fn a_client_is_asked_until_its_answer_fits() {
    let app = TestApp::new().start().await;
    let user = app.admin();
    let (session, mut events) = asking(user).await;
    let first = asked(&mut events).await;
    assert_eq!(first["params"]["message"], "Who is there?");
    assert_eq!(first["params"]["requestedSchema"]["properties"]["name"], json!({"type": "string", "minLength": 2}));
    reply(user, &session, &first, json!({"action": "accept", "content": {"name": "A"}})).await;
    let second = asked(&mut events).await;
    assert!(second["params"]["message"].as_str().is_some_and(|words| words.starts_with("That was no answer yet: ")), "{second}");
    reply(user, &session, &second, json!({"action": "accept", "content": {"name": "Ada"}})).await;
    let done = events.next().await.expect("it answers");
    assert_eq!((&done["id"], &done["result"]["content"][0]["text"]), (&json!(1), &json!("Hello Ada")), "{done}");
}

#[tokio::test]
async fn who_declines_is_left_alone_and_the_question_stays() {
    let app = TestApp::new().start().await;
    let user = app.admin();
    let (session, mut events) = asking(user).await;
    let question = asked(&mut events).await;
    reply(user, &session, &question, json!({"action": "decline"})).await;
    let done = events.next().await.expect("it answers");
    let words = done["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(done["result"]["isError"] == true && words.contains("was declined here") && words.contains("needs_answer"), "{done}");
    open_message(user).await;
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn an_answer_from_elsewhere_ends_the_question() {
    let app = TestApp::new().start().await;
    let user = app.admin();
    let (session, mut events) = asking(user).await;
    let question = asked(&mut events).await;
    let id = open_message(user).await;
    user.post(&format!("/message/{id}/answer"), json!({"response": {"name": "Bo"}})).await.expect(200);
    let done = loop {
        let next = events.next().await.expect("it answers");
        if next.get("result").is_some() {
            break next;
        }
    };
    assert_eq!(done["result"]["content"][0]["text"], "Hello Bo", "{done}");
    // What the client still says about it is heard by nobody.
    let body = json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"name": "Eve"}}});
    let late = answer(post(user).header("mcp-session-id", &session).json(&body)).await;
    assert!(late.status < 500, "{late:?}");
    assert_eq!(user.get(&format!("/message/{id}?plain=true")).await.expect(200)["response"], json!({"name": "Bo"}));
}

#[tokio::test]
async fn a_client_without_a_session_is_told_of_the_page_instead() {
    let app = TestApp::new().start().await;
    tool(app.admin(), "ask", ASK, json!({})).await;
    let reply = crate::mcp_client::legacy(app.admin(), "tools/call", &json!({"name": "ask"})).await.result();
    let words = reply["content"][0]["text"].as_str().unwrap_or_default();
    assert!(reply["isError"] == true && words.contains("needs_answer") && words.contains("/message/"), "{reply}");
    cancel_all(app.admin()).await;
}

#[tokio::test]
async fn a_flow_that_logs_is_heard_by_a_session_that_asked_for_it() {
    let app = TestApp::new().start().await;
    let script = "def handler(system, this, inputs):\n    this.log('one')\n    this.sleep(0.01)\n    this.log('two')\n    return 'done'\n";
    tool(app.admin(), "talk", script, json!({})).await;
    let user = app.admin();
    let session = begin(user).await;
    let level = post(user).header("mcp-session-id", &session).json(&message(2, "logging/setLevel", &json!({"level": "info"})));
    assert_eq!(answer(level).await.status, 200);
    // What belongs to no request in particular comes on the session's own stream.
    let mut heard = Events::of(user.request("GET", "/mcp").header("mcp-session-id", &session)).await;
    let mut events = call(user, &session, "talk", json!({})).await;
    assert_eq!(events.next().await.expect("it answers")["result"]["content"][0]["text"], "done");
    for line in ["one", "two"] {
        let told = heard.next().await.expect("the stream goes on");
        assert_eq!((&told["method"], &told["params"]["data"]), (&json!("notifications/message"), &json!(line)), "{told}");
    }
}
