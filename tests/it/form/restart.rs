//! Waiting for people costs no process, and a wait outlives the server and its processes.

use serde_json::{Value, json};

use crate::server::Server;

const ASK: &str = "
def handler(system, this, inputs):
    this.log('asks')
    drawn = this.uuid()
    asked = this.message('Who?', request='Name', timeout=inputs.get('timeout'))
    return {'name': asked.get('response')['string'], 'same': drawn != this.uuid(), 'messages': len(this.get_messages())}
";

async fn asking(server: &Server, input: Value) -> (String, String) {
    let id = server.launch("ask", &input).await;
    let record = server.until(&id, |record| record["status"] == "WAITING_MESSAGE").await;
    (id, record["blocked_on"].as_str().expect("words").rsplit(' ').next().expect("an id").to_owned())
}

async fn answer(server: &Server, message: &str) {
    let answered = server.post(&format!("/message/{message}/answer"), &json!({"response": {"string": "Ada"}})).await;
    assert_eq!(answered.status, 200, "{answered:?}");
}

async fn ends_well(server: &Server, id: &str) {
    let record = server.ended(id).await;
    let output = json!({"name": "Ada", "same": true, "messages": 1});
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &output), "{record}");
    assert_eq!(server.messages(id).await.iter().filter(|m| *m == "asks").count(), 1);
}

#[tokio::test]
async fn a_form_that_was_asked_before_a_kill_is_answered_after_it() {
    let mut server = Server::start().await;
    server.flow("ask", ASK, &Value::Null).await;
    let (id, message) = asking(&server, json!({})).await;
    // A wait rides with the next commit; this is one.
    assert_eq!(server.post("/setting", &json!({"name": "later", "value": 1})).await.status, 201);
    server.kill9().await;
    server.restart().await;
    let record = server.until(&id, |record| record["status"] == "WAITING_MESSAGE").await;
    assert_eq!(record["attempt"], 1, "{record}");
    assert_eq!(server.metric("flowstead_slots").await, 0, "it waits without a process");
    answer(&server, &message).await;
    ends_well(&server, &id).await;
}

#[tokio::test]
async fn an_answer_that_was_given_just_before_a_kill_counts() {
    let mut server = Server::start().await;
    server.flow("ask", ASK, &Value::Null).await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(asking(&server, json!({})).await);
    }
    for (_, message) in &asked {
        answer(&server, message).await;
    }
    server.kill9().await;
    server.restart().await;
    for (id, _) in &asked {
        ends_well(&server, id).await;
    }
}

#[tokio::test]
async fn a_suspended_flow_comes_back_for_its_answer() {
    let server = Server::start_with(&["[engine]", "max_parked = 0"]).await;
    server.flow("ask", ASK, &Value::Null).await;
    let (id, message) = asking(&server, json!({})).await;
    assert_eq!(server.metric("flowstead_executions_parked").await, 0);
    assert!(server.metric("flowstead_suspensions_total").await >= 1);
    answer(&server, &message).await;
    ends_well(&server, &id).await;
}

#[tokio::test]
async fn a_slot_that_is_killed_while_it_waits_asks_nobody_twice() {
    let server = Server::start().await;
    server.flow("ask", &ASK.replace("this.log('asks')", "import os; this.log(f'pid {os.getpid()}'); this.log('asks')"), &Value::Null).await;
    let (id, message) = asking(&server, json!({})).await;
    let pid = server.pids(&id, 1).await[0];
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("it runs");
    server.until(&id, |record| record["attempt"] == 2 && record["status"] == "WAITING_MESSAGE").await;
    answer(&server, &message).await;
    ends_well(&server, &id).await;
}

#[tokio::test]
async fn a_time_out_passes_over_a_restart_and_the_message_stays_open() {
    let mut server = Server::start().await;
    server.flow("ask", ASK, &Value::Null).await;
    let (id, message) = asking(&server, json!({"timeout": 8})).await;
    server.kill9().await;
    server.restart().await;
    let record = server.ended(&id).await;
    let text = record["status_message"].as_str().unwrap_or_default();
    assert!(record["status"] == "ENDED_ERROR" && text.contains("MessageResponseTimeoutError"), "{record}");
    answer(&server, &message).await;
}

#[tokio::test]
async fn a_link_is_the_same_after_a_kill_and_cannot_be_taken_from_the_journal() {
    const SENDS: &str = "
def handler(system, this):
    asked = this.message('Who?', request='Name', wait=False)
    link = asked.get_link()
    this.save(message=link)
    return {'name': asked.wait().get('response')['string'], 'link': link}
";
    let mut server = Server::start().await;
    server.flow("sends", SENDS, &Value::Null).await;
    let id = server.launch("sends", &Value::Null).await;
    let waiting = server.until(&id, |record| record["status"] == "WAITING_MESSAGE").await;
    let (link, words) = (waiting["message"].as_str().expect("the link"), waiting["blocked_on"].as_str().expect("words"));
    assert_eq!(server.post("/setting", &json!({"name": "later", "value": 1})).await.status, 201);
    server.kill9().await;
    server.restart().await;
    let events = server.get(&format!("/execution/{id}/events")).await.body;
    let steps = events["items"].as_array().expect("steps");
    let made = steps.iter().find(|step| step["op"] == "message_link").expect("the call that made the link");
    let recorded = made["result"].as_str().expect("what the journal has of it");
    let (start, number) = recorded.rsplit_once('.').expect("the number of a key");
    assert!(link.starts_with(start) && link.len() > start.len() + 40 && number == "1", "{link} {recorded}");
    answer(&server, words.rsplit(' ').next().expect("an id")).await;
    // Passing on another link than before the kill would be another way than the recorded one.
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!({"name": "Ada", "link": link})), "{record}");
}
