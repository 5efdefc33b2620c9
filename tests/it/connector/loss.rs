//! Connections and the end of things: cancels, limits, and a server that is killed while they are under way.

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{connections, server};

/// A post, then a wait in which the server dies.
const POST: &str = "
def handler(system, this, inputs):
    posted = this.connect(connector_type='REST', url=inputs['url'], method='post', json=1).get('output_value')['json']['body']
    this.log('posted')
    this.sleep(inputs['sleep'])
    return posted
";

#[tokio::test]
async fn a_cancelled_flow_gives_its_connections_up() {
    let (server, far) = (server().await, FarSide::start().await);
    let id = server.launch("connect", &json!({ "url": format!("{}/slow", far.url) })).await;
    far.until_waiting(1).await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
    far.until_waiting(0).await;
}

#[tokio::test]
async fn what_a_flow_waits_for_is_explained() {
    let (server, far) = (server().await, FarSide::start().await);
    let id = server.launch("connect", &json!({ "url": format!("{}/slow", far.url) })).await;
    far.until_waiting(1).await;
    let explained = server.get(&format!("/execution/{id}/explain")).await.body;
    assert!(explained.to_string().contains("an answer of the other side (REST)"), "{explained}");
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    server.ended(&id).await;
}

#[tokio::test]
async fn a_post_that_was_answered_is_not_made_again_after_the_server_died() {
    let (mut server, far) = (server().await, FarSide::start().await);
    server.flow("post", POST, &Value::Null).await;
    let id = server.launch("post", &json!({ "url": format!("{}/echo/x", far.url), "sleep": 2 })).await;
    while server.messages(&id).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(&id).await;
    assert_eq!((&ended["status"], &ended["output_value"]), (&json!("ENDED_SUCCESS"), &json!("1")), "{ended}");
    assert_eq!(far.requests(), 1);
}

#[tokio::test]
async fn a_get_that_was_under_way_is_made_again_and_a_post_is_not() {
    let (mut server, far) = (server().await, FarSide::start().await);
    let url = format!("{}/slow", far.url);
    let asking = server.launch("connect", &json!({ "url": url })).await;
    let posting = server.launch("connect", &json!({ "url": url, "method": "post" })).await;
    far.until_waiting(2).await;
    server.kill9().await;
    far.until_waiting(0).await;
    server.restart().await;
    let ended = server.ended(&posting).await;
    assert_eq!(ended["status"], "ENDED_ERROR", "{ended}");
    assert!(ended["status_message"].as_str().is_some_and(|text| text.contains("whether it took effect is not known")), "{ended}");
    far.until_waiting(1).await;
    assert_eq!(far.requests(), 3);
    let all = connections(&server).await;
    let again = all.iter().find(|each| each["status"] == "RUNNING").expect("one is under way");
    let log = server.messages(again["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("safe to repeat")), "{log:?}");
    server.post(&format!("/execution/{asking}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&asking).await["status"], "ENDED_CANCELLED");
}

#[tokio::test]
async fn a_server_that_shuts_down_leaves_what_can_be_done_again_to_the_next_one() {
    let (mut server, far) = (server().await, FarSide::start().await);
    let id = server.launch("connect", &json!({ "url": format!("{}/slow", far.url) })).await;
    far.until_waiting(1).await;
    server.stop().await;
    far.until_waiting(0).await;
    server.restart().await;
    far.until_waiting(1).await;
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
}

#[tokio::test]
async fn a_connection_cannot_be_retried_by_itself() {
    let (server, far) = (server().await, FarSide::start().await);
    let ended = server.run("connect", &json!({ "url": format!("{}/status/500", far.url) })).await;
    assert_eq!(ended["status"], "ENDED_ERROR", "{ended}");
    let connection = connections(&server).await[0]["id"].as_str().expect("an id").to_owned();
    let refused = server.post(&format!("/execution/{connection}/retry"), &json!({})).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let said = refused.body["error_message"].as_str().unwrap_or_default();
    assert!(said.contains(ended["id"].as_str().expect("an id")), "{said}");
}

#[tokio::test]
async fn two_hundred_connections_go_out_at_once() {
    let (server, far) = (server().await, FarSide::start().await);
    let script = "
def handler(system, this, inputs):
    all = [this.connect(connector_type='REST', url=inputs['url'] + str(n), run=False) for n in range(200)]
    for each in all:
        each.run_async()
    this.wait_for(*all)
    return sorted(int(each.get('output_value')['json']['path'].rsplit('/', 1)[1]) for each in all) == list(range(200))
";
    server.flow("fan", script, &Value::Null).await;
    let ended = server.run("fan", &json!({ "url": format!("{}/echo/", far.url) })).await;
    assert_eq!(ended["output_value"], json!(true), "{ended}");
    assert_eq!(far.requests(), 200);
}
