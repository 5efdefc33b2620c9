//! Logs and steps of executions: by pages, and live.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use crate::stream::Events;

const TALKER: &str = "
import sys

def handler(system, this, inputs):
    for n in range(inputs['lines']):
        this.log('line', n=n)
    print('printed')
    print('broken', file=sys.stderr)
    this.log('grave', level='error')
";
/// Says something, waits until it is told to go on, says something more.
const ASKER: &str = "
def handler(system, this):
    this.log('before')
    this.step('first', lambda: 1)
    with system.setting('gate'):
        this.log('after')
";

async fn talk(user: &User, lines: u64) -> String {
    user.flow("talker", TALKER).await;
    let ended =
        user.post("/execution?wait=true&plain=true", json!({"flow_name": "talker", "input_value": {"lines": lines}})).await.expect(201);
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    ended["id"].as_str().expect("an execution has an id").to_owned()
}

fn numbers(page: &Value) -> Vec<u64> {
    let items = page["items"].as_array().expect("a page has items");
    items.iter().map(|entry| entry["seq"].as_u64().expect("an entry has a number")).collect()
}

#[tokio::test]
async fn a_log_is_read_by_pages_without_gaps() {
    let app = TestApp::new().start().await;
    let id = talk(app.admin(), 5).await;
    let page = async |query: &str| app.admin().get(&format!("/execution/{id}/logs?{query}")).await.expect(200);
    let first = page("limit=3").await;
    assert_eq!((numbers(&first), &first["has_more"], &first["has_ended"]), (vec![1, 2, 3], &json!(true), &json!(false)));
    let rest = page(&format!("after={}", first["next"])).await;
    assert_eq!((numbers(&rest), &rest["has_more"], &rest["has_ended"]), (vec![4, 5, 6, 7, 8], &json!(false), &json!(true)));
    assert_eq!(rest["items"][0]["data"], json!({"n": 3}));
    assert_eq!(numbers(&page("tail=2").await), [7, 8]);
    assert_eq!(numbers(&page("level=error").await), [7, 8], "standard error counts as grave");
    assert_eq!(page("contains=printed").await["items"][0]["stream"], "stdout");
    assert_eq!(page("stream=stderr").await["items"][0]["message"], "broken");
    assert_eq!(numbers(&page("after=8").await), Vec::<u64>::new());
    app.admin().get(&format!("/execution/{id}/logs?tail=2&after=1")).await.refusal(400, "malformed");
    app.admin().get(&format!("/execution/{id}/logs?level=loud")).await.refusal(400, "malformed");
}

#[tokio::test]
async fn a_stream_of_an_ended_execution_tells_all_and_ends() {
    let app = TestApp::new().start().await;
    let id = talk(app.admin(), 700).await;
    let events = Events::open(app.admin().request("GET", &format!("/execution/{id}/logs"))).await.rest().await;
    assert_eq!(events.len(), 704);
    assert!(events[..703].iter().zip(1..).all(|(event, number)| event.name == "log" && event.id == number));
    assert_eq!((events[703].name.as_str(), &events[703].data["status"]), ("end", &json!("ENDED_SUCCESS")));

    let request = app.admin().request("GET", &format!("/execution/{id}/logs")).header("last-event-id", "701");
    let resumed = Events::open(request).await.rest().await;
    assert_eq!(resumed.iter().map(|event| event.id).collect::<Vec<_>>(), [702, 703, 703]);
    assert_eq!(resumed[..], events[701..]);
}

#[tokio::test]
async fn a_live_stream_tells_what_comes_and_ends_with_the_execution() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "gate", "value": 1})).await;
    admin.flow("holder", "def handler(system, this):\n    with system.setting('gate'):\n        this.sleep(3600)\n").await;
    admin.flow("asker", ASKER).await;
    let holder = admin.post("/execution?plain=true", json!({"flow_name": "holder"})).await.expect(201);
    let holder = format!("/execution/{}", holder["id"].as_str().unwrap());
    let mut held = Events::open(admin.request("GET", &format!("{holder}/events"))).await;
    assert_eq!(held.next().await.expect("the lock is taken").data["op"], "lock_acquire");

    let asker = admin.post("/execution?plain=true", json!({"flow_name": "asker"})).await.expect(201);
    let path = format!("/execution/{}", asker["id"].as_str().unwrap());
    let mut log = Events::open(admin.request("GET", &format!("{path}/logs"))).await;
    assert_eq!(log.next().await.expect("a line").data["message"], "before");
    admin.post(&format!("{holder}/cancel"), Value::Null).await.expect(200);
    assert_eq!(log.next().await.expect("a line").data["message"], "after");
    let end = log.rest().await;
    assert_eq!((end.len(), end[0].name.as_str(), &end[0].data["status"]), (1, "end", &json!("ENDED_SUCCESS")));

    let steps = Events::open(admin.request("GET", &format!("{path}/events"))).await.rest().await;
    let seen: Vec<&str> = steps.iter().map(|event| event.data["op"].as_str().unwrap_or("end")).collect();
    assert!(seen.contains(&"step_begin") && seen.contains(&"lock_acquire"), "{seen:?}");
    assert_eq!(held.rest().await.last().expect("an end").data["status"], "ENDED_CANCELLED");
}

#[tokio::test]
async fn a_revoked_key_ends_its_streams() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("asker", "def handler(system, this):\n    this.log('here')\n    this.sleep(3600)\n").await;
    let id = admin.post("/execution?plain=true", json!({"flow_name": "asker"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let key = admin.post("/api_key", json!({"name": "x"})).await.expect(201);
    let other = User::with_key(&app.url, key["token"].as_str().unwrap());
    let mut log = Events::open(other.request("GET", &format!("/execution/{id}/logs"))).await;
    log.next().await.expect("a line");
    admin.delete(&format!("/api_key/{}", key["api_key"]["id"].as_str().unwrap())).await.expect(204);
    admin.post(&format!("/execution/{id}/cancel"), Value::Null).await.expect(200);
    let last = log.rest().await.pop().expect("a last event");
    assert_eq!((last.name.as_str(), &last.data["code"]), ("error", &json!("unauthenticated")));
    admin.get(&format!("/execution/{id}/wait")).await.expect(200);
}

#[tokio::test]
async fn a_shutdown_ends_streams_and_waits_and_leaves_the_execution_to_the_next_start() {
    let app = TestApp::new().start().await;
    let admin = app.admin().clone();
    admin.flow("sleeper", "def handler(system, this):\n    this.log('here')\n    this.sleep(3600)\n").await;
    let id = admin.post("/execution?plain=true", json!({"flow_name": "sleeper"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let mut log = Events::open(admin.request("GET", &format!("/execution/{id}/logs"))).await;
    log.next().await.expect("a line");
    let wait = tokio::spawn(async move { admin.get(&format!("/execution/{id}/wait?timeout=300")).await });
    app.until_in_flight(1).await;
    app.stop_with_live_executions().await;
    assert_eq!(log.next().await, None);
    wait.await.expect("the client does not panic").refusal(503, "unavailable");
}

#[tokio::test]
async fn lines_are_found_by_the_step_they_were_written_in() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let script = "def work(this):\n    this.log('inside')\n    this.save(message='also inside')\n    this.log('inside still')\n\ndef handler(system, \
                  this):\n    this.log('first')\n    this.step('work', work, this)\n    this.log('after')\n    this.save(message='x')\n    \
                  print('last')\n";
    admin.flow("steps", script).await;
    let made = admin.post("/execution?wait=true&plain=true", json!({"flow_name": "steps"})).await.expect(201);
    assert_eq!(made["status"], "ENDED_SUCCESS", "{made}");
    let id = made["id"].as_str().unwrap();
    let lines = async |step: &str| -> Vec<String> {
        let page = admin.get(&format!("/execution/{id}/logs?step={step}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(lines("work").await, ["inside", "inside still"]);
    assert_eq!(lines("1").await, lines("work").await, "by its number too");
    assert_eq!((lines("0").await, lines("2").await), (vec!["first".to_owned()], vec!["inside still".to_owned()]));
    let message = admin.get(&format!("/execution/{id}/logs?step=wrok")).await.refusal(404, "not_found");
    assert!(message.contains("no step 'wrok'"), "{message}");
    let agent = app.agent("admin");
    for step in [json!("work"), json!(1)] {
        let read = agent.ok("get_execution_logs", json!({"execution_id": id, "step": step})).await;
        assert_eq!((&read["entries"][0]["message"], &read["entries"][0]["step"]), (&json!("inside"), &json!(1)), "{read}");
    }
    let refused = agent.refused("get_execution_logs", json!({"execution_id": id, "step": "wrok"}), "not_found").await;
    assert_eq!(refused.line["hint"], "Near names: work.", "{refused:?}");
}
