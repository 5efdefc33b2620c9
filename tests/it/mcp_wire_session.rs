//! The session lane on the raw wire: for older clients that can be asked, and only for their own user.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, User, answer};
use crate::mcp_client::{Events, initialize, message, modern_request, post};

async fn begin(user: &User) -> String {
    let request = post(user).json(&initialize("2025-11-25", &json!({"elicitation": {}})));
    let mut events = Events::of(request).await;
    let id = events.response.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let first = events.next().await.unwrap();
    assert_eq!(first["result"]["serverInfo"]["name"], "flowstead", "{first}");
    let ready = post(user).header("mcp-session-id", &id).json(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    assert_eq!(answer(ready).await.status, 202);
    id
}

async fn list(user: &User, id: &str) -> Answer {
    let request = post(user).header("mcp-session-id", id).header("mcp-protocol-version", "2025-11-25");
    answer(request.json(&message(1, "tools/list", &json!({})))).await
}

#[tokio::test]
async fn a_session_is_its_users_until_it_is_deleted() {
    let app = TestApp::new().user("bert").start().await;
    let id = begin(app.admin()).await;
    let listed = list(app.admin(), &id).await;
    assert_eq!((listed.status, listed.header("content-type"), listed.header("x-accel-buffering")), (200, "text/event-stream", "no"));
    assert!(listed.text.contains("\"tools\""), "{}", listed.text);
    assert_eq!(list(app.user("bert"), &id).await.rpc_error(404).0, -32600);
    let of = async |user: &User, method: &str| answer(user.request(method, "/mcp").header("mcp-session-id", &id)).await;
    assert_eq!(of(app.user("bert"), "GET").await.rpc_error(404).0, -32600);
    assert_eq!(of(app.user("bert"), "DELETE").await.rpc_error(404).0, -32600);
    assert_eq!(answer(app.nobody().request("GET", "/mcp").header("mcp-session-id", &id)).await.status, 401);
    let ended = of(app.admin(), "DELETE").await;
    assert_eq!((ended.status, ended.text.as_str()), (204, ""));
    assert_eq!(list(app.admin(), &id).await.rpc_error(404).0, -32600);
}

#[tokio::test]
async fn a_key_has_sixteen_sessions_and_the_oldest_goes_first() {
    let app = TestApp::new().start().await;
    let first = begin(app.admin()).await;
    let second = begin(app.admin()).await;
    for _ in 2..17 {
        begin(app.admin()).await;
    }
    assert_eq!(list(app.admin(), &first).await.rpc_error(404).0, -32600);
    assert_eq!(list(app.admin(), &second).await.status, 200);
}

#[tokio::test]
async fn a_server_that_shuts_down_closes_its_streams() {
    let app = TestApp::new().start().await;
    let id = begin(app.admin()).await;
    let mut stream = Events::of(app.admin().request("GET", "/mcp").header("mcp-session-id", &id)).await;
    let filter = json!({"notifications": {"toolsListChanged": true}});
    let mut listening = Events::of(modern_request(app.admin(), "subscriptions/listen", &filter)).await;
    let acknowledged = listening.next().await.unwrap();
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["params"]["notifications"], json!({"toolsListChanged": true}));
    tokio::task::spawn_blocking(move || drop(app)).await.unwrap();
    assert_eq!(stream.next().await, None);
    assert_eq!(listening.next().await.map(|last| last["result"]["resultType"].clone()), Some(Value::from("complete")));
}
