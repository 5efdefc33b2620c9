//! How executions went, over REST and for agents; and how the server is doing.

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;

const SOMETIMES: &str = "
def handler(system, this, inputs):
    if inputs['fails']:
        raise ValueError('as asked')
";
const ASKER: &str = "def handler(system, this):\n    system.message(subject='Well?', message='Well?').wait()\n";

async fn run(user: &User, flow: &str, fails: bool) {
    let body = json!({"flow_name": flow, "input_value": {"fails": fails}});
    let ended = user.post("/execution?wait=true&plain=true", body).await.expect(201);
    assert_eq!(ended["status"], if fails { "ENDED_ERROR" } else { "ENDED_SUCCESS" }, "{ended}");
}

fn row(list: &Value, name: &str) -> Value {
    let found = list.as_array().expect("a list").iter().find(|row| row["name"] == name);
    found.cloned().unwrap_or_else(|| panic!("{name} is not in {list}"))
}

#[tokio::test]
async fn executions_are_counted_by_how_they_went_by_flow_by_project_and_over_time() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("good", SOMETIMES).await;
    admin.flow("bad", SOMETIMES).await;
    for n in 0..4 {
        run(admin, "good", n == 0).await;
    }
    run(admin, "bad", true).await;
    let metrics = admin.get("/execution/metrics").await.expect(200);
    assert_eq!([&metrics["ended"], &metrics["succeeded"], &metrics["failed"]], [&json!(5), &json!(3), &json!(2)]);
    assert_eq!(metrics["success_rate"], json!(0.6));
    assert!(metrics["p50_ms"].as_u64() <= metrics["p95_ms"].as_u64() && metrics["p95_ms"].is_u64(), "{metrics}");
    assert_eq!(metrics["by_flow"][0]["name"], "good", "the busiest first");
    assert_eq!(row(&metrics["by_flow"], "bad")["success_rate"], json!(0.0));
    assert_eq!(metrics["by_project"][0]["ended"], json!(5));
    let points = metrics["over_time"].as_array().expect("a curve");
    assert_eq!((points.len(), &metrics["interval_seconds"]), (24, &json!(3600)));
    assert_eq!([&points[23]["succeeded"], &points[23]["failed"], &points[0]["succeeded"]], [&json!(3), &json!(2), &json!(0)]);
    let of_one = admin.get("/execution/metrics?flow=bad&hours=1").await.expect(200);
    assert_eq!((&of_one["ended"], &of_one["interval_seconds"]), (&json!(1), &json!(150)));
    let of_agent = app.agent("admin").ok("get_metrics", json!({"flow_name": "bad"})).await;
    assert_eq!((&of_agent["failed"], &of_agent["by_flow"][0]["name"]), (&json!(1), &json!("bad")));
    assert_eq!(admin.get("/execution/metrics?flow=worse").await.status, 404);
    assert_eq!(admin.get("/execution/metrics?hours=0").await.status, 400);
}

#[tokio::test]
async fn what_one_may_not_read_is_not_counted() {
    let app = TestApp::new().user("nobody in particular").start().await;
    let admin = app.admin();
    admin.flow("good", SOMETIMES).await;
    run(admin, "good", false).await;
    let metrics = app.user("nobody in particular").get("/execution/metrics").await.expect(200);
    assert_eq!((&metrics["ended"], &metrics["success_rate"], &metrics["by_flow"]), (&json!(0), &Value::Null, &json!([])));
}

#[tokio::test]
async fn the_executions_that_are_live_are_told_by_where_they_stand() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    admin.flow("asker", ASKER).await;
    let id = admin.post("/execution?plain=true", json!({"flow_name": "asker"})).await.expect(201)["id"].as_str().expect("an id").to_owned();
    let stands = admin.get("/execution/metrics").await.expect(200)["live"].clone();
    assert_eq!(stands.as_object().map(|live| live.values().filter_map(Value::as_u64).sum::<u64>()), Some(1), "{stands}");
    admin.post(&format!("/execution/{id}/cancel"), json!({})).await.expect(200);
    app.agent("admin").ok("wait_for_executions", json!({"execution_ids": [id]})).await;
    assert_eq!(admin.get("/execution/metrics").await.expect(200)["cancelled"], json!(1));
}

#[tokio::test]
async fn the_server_says_how_it_is_doing() {
    let app = TestApp::new().start().await;
    let health = app.admin().get("/health").await.expect(200);
    assert!(health["store"]["bytes"].as_u64().is_some_and(|bytes| bytes > 0) && health["version"].is_string(), "{health}");
    assert_eq!(health["status"] == "ok", health["problems"] == json!([]));
    assert_eq!(health["backlog"]["live"], json!(0));
    let of_agent = app.agent("admin").ok("get_health", json!({})).await;
    assert_eq!(of_agent["version"], health["version"]);
    assert_eq!(app.nobody().get("/health").await.status, 401);
}
