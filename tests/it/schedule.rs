//! Schedules: flows that start when it is time, over changes of the clocks and over killed servers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{DEADLINE, User, answer};
use crate::server::Server;

const QUICK: &str = "def handler(system, this, inputs):\n    return inputs\n";

/// Makes an enabled schedule of a new flow, and gives its id.
pub async fn schedule(admin: &User, script: &str, columns: Value) -> String {
    let flow = admin.post("/flow?plain=true", json!({ "name": "timed", "script": script })).await.body["id"].clone();
    let mut body = json!({ "name": "clockwork", "flow_id": flow, "is_enabled": true });
    body.as_object_mut().expect("an object").extend(columns.as_object().expect("columns").clone());
    admin.make("schedule", body).await
}

/// The ended executions that a schedule has started, in the order of their times, once there are so many.
pub async fn runs(admin: &User, schedule: &str, count: usize) -> Vec<Value> {
    let filter = json!({ "field": "schedule_id", "op": "eq", "value": schedule }).to_string();
    let seen = async {
        loop {
            let request = admin.request("GET", "/execution?plain=true&limit=1000&order=scheduled_for").query(&[("filter", &filter)]);
            let found = answer(request).await.expect(200).as_array().expect("a list").clone();
            let is_ended = |run: &Value| run["status"].as_str().is_some_and(|status| status.starts_with("ENDED_"));
            if found.len() >= count && found.iter().all(is_ended) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, seen).await.unwrap_or_else(|_| panic!("the schedule does not start its flow {count} times"))
}

fn times(runs: &[Value]) -> Vec<String> {
    runs.iter().map(|run| run["scheduled_for"].as_str().expect("a run has its time")[..16].to_owned()).collect()
}

async fn next_run(admin: &User, schedule: &str) -> String {
    let record = admin.get(&format!("/schedule/{schedule}?plain=true")).await.expect(200);
    record["next_runs"][0].as_str().unwrap_or_else(|| panic!("{record}"))[..16].to_owned()
}

/// Waits until the engine has seen a change of a schedule, or the end of a run: it knows the next time then.
async fn settled(app: &TestApp) {
    // What comes through the engine after it.
    let started = app.admin().post("/execution?wait=true", json!({ "script": QUICK })).await;
    started.expect(201);
}

#[tokio::test]
async fn an_interval_starts_its_flow_again_and_again() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    let id = schedule(admin, QUICK, json!({ "configuration": { "interval_seconds": 600 }, "input_value": { "n": 7 } })).await;
    assert_eq!(next_run(admin, &id).await, "2026-11-21T09:10");
    for n in 1..=3 {
        settled(&app).await;
        app.clock.advance(Duration::from_secs(600));
        let runs = runs(admin, &id, n).await;
        assert_eq!(runs.len(), n);
        let run = &runs[n - 1];
        assert_eq!((&run["status"], &run["output_value"]), (&json!("ENDED_SUCCESS"), &json!({ "n": 7 })), "{run}");
        assert_eq!((&run["created_by"], &run["origin"]["kind"], &run["type"]), (&json!(id), &json!("schedule"), &json!("FLOW")));
    }
    assert_eq!(times(&runs(admin, &id, 3).await), ["2026-11-21T09:10", "2026-11-21T09:20", "2026-11-21T09:30"]);
    assert_eq!(next_run(admin, &id).await, "2026-11-21T09:40");
    admin.patch(&format!("/schedule/{id}"), json!({ "is_enabled": false })).await.expect(200);
    settled(&app).await;
    app.clock.advance(Duration::from_secs(6000));
    settled(&app).await;
    assert_eq!(runs(admin, &id, 3).await.len(), 3, "it is disabled");
    let record = admin.get(&format!("/schedule/{id}?plain=true")).await.expect(200);
    assert_eq!((&record["next_runs"], &record["last_run_at"].as_str().map(|at| &at[..16])), (&json!([]), &Some("2026-11-21T09:30")));
}

#[tokio::test]
async fn an_idle_schedule_sends_the_store_no_statement() {
    let app = TestApp::new().manual_clock().start().await;
    let id = schedule(app.admin(), QUICK, json!({ "configuration": { "cron": "0 * * * *" } })).await;
    settled(&app).await;
    app.service.settled().await.expect("all is on disk");
    let before = app.service.statements();
    for _ in 0..50 {
        app.clock.advance(Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(app.service.statements(), before);
    app.clock.advance(Duration::from_secs(600));
    assert_eq!(times(&runs(app.admin(), &id, 1).await), ["2026-11-21T10:00"]);
}

/// Steps through a change of the clocks, a quarter of an hour at a time: the flow is started at these times, in their time, and
/// at no others.
async fn stepped(start: &str, cron: &str, (quarters, expected): (u64, &[&str])) {
    let app = TestApp::new().manual_clock_at(start).start().await;
    let admin = app.admin();
    let id = schedule(admin, QUICK, json!({ "configuration": { "cron": cron, "timezone": "Europe/Vienna" } })).await;
    for _ in 0..quarters {
        settled(&app).await;
        app.clock.advance(Duration::from_secs(900));
        let now = app.clock.now().to_string();
        runs(admin, &id, expected.iter().filter(|at| **at <= &now[..16]).count()).await;
    }
    settled(&app).await;
    let runs = runs(admin, &id, expected.len()).await;
    for run in &runs {
        assert_eq!(run["scheduled_for"].as_str().map(|at| &at[..16]), run["created_at"].as_str().map(|at| &at[..16]), "in its time");
    }
    assert_eq!(times(&runs), expected);
}

#[tokio::test]
async fn when_the_clocks_go_forward_a_daily_time_in_the_gap_comes_right_after_it() {
    // Two o'clock is three o'clock that day.
    stepped("2026-03-28T23:30:00Z", "30 2 * * *", (16, &["2026-03-29T01:00"])).await;
    stepped("2026-03-28T23:30:00Z", "0 * * * *", (12, &["2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00"])).await;
}

#[tokio::test]
async fn when_the_clocks_go_back_a_daily_time_comes_once_and_each_hour_comes_twice() {
    // The first half past two.
    stepped("2026-10-24T23:30:00Z", "30 2 * * *", (16, &["2026-10-25T00:30"])).await;
    stepped("2026-10-24T23:30:00Z", "30 * * * *", (12, &["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"])).await;
}

#[tokio::test]
async fn when_the_wall_clock_is_set_cron_follows_it_and_an_interval_does_not() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    let cron = schedule(admin, QUICK, json!({ "configuration": { "cron": "0 * * * *" } })).await;
    let interval = schedule(admin, QUICK, json!({ "name": "steps", "configuration": { "interval_seconds": 600 } })).await;
    settled(&app).await;
    app.clock.jump(jiff::SignedDuration::from_mins(130));
    assert_eq!(times(&runs(admin, &cron, 1).await), ["2026-11-21T11:00"], "what was left out is made up for once");
    settled(&app).await;
    assert!(runs(admin, &interval, 0).await.is_empty());
    app.clock.advance(Duration::from_secs(600));
    runs(admin, &interval, 1).await;
    assert_eq!(runs(admin, &cron, 1).await.len(), 1);
}

#[tokio::test]
async fn a_list_of_times_is_used_up() {
    let app = TestApp::new().manual_clock().start().await;
    let list = json!(["2026-11-21T09:05:00Z", "2026-11-21T10:30:00+01:00", "2020-01-01T00:00:00Z"]);
    let id = schedule(app.admin(), QUICK, json!({ "configuration": { "times": list } })).await;
    settled(&app).await;
    app.clock.advance(Duration::from_secs(300));
    runs(app.admin(), &id, 1).await;
    settled(&app).await;
    app.clock.advance(Duration::from_secs(86_400));
    assert_eq!(times(&runs(app.admin(), &id, 2).await), ["2026-11-21T09:05", "2026-11-21T09:30"], "the second was missed and made up for");
    let record = app.admin().get(&format!("/schedule/{id}?plain=true")).await.expect(200);
    assert_eq!(record["next_runs"], json!([]));
}

#[tokio::test]
async fn a_schedule_without_its_rights_leaves_a_run_that_says_so() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    let id = schedule(admin, QUICK, json!({ "configuration": { "interval_seconds": 60 } })).await;
    let filter = json!({ "field": "identity_id", "op": "eq", "value": id }).to_string();
    let held = answer(admin.request("GET", "/identity_role?plain=true").query(&[("filter", filter)])).await.expect(200);
    admin.delete(&format!("/identity_role/{}", held[0]["id"].as_str().expect("the role Trigger"))).await.expect(204);
    settled(&app).await;
    app.clock.advance(Duration::from_secs(60));
    let run = runs(admin, &id, 1).await.remove(0);
    assert_eq!(run["status"], "ENDED_ERROR");
    assert!(run["status_message"].as_str().is_some_and(|text| text.contains("could not start its flow")), "{run}");
}

#[tokio::test]
async fn each_time_is_used_once_however_often_the_server_is_killed() {
    let mut server = Server::start().await;
    let id = schedule(&User::with_key(&server.url, &server.key), QUICK, json!({ "configuration": { "interval_seconds": 1 } })).await;
    for kills in 1..=4 {
        let admin = User::with_key(&server.url, &server.key);
        runs(&admin, &id, kills).await;
        server.kill9().await;
        server.restart().await;
    }
    let admin = User::with_key(&server.url, &server.key);
    runs(&admin, &id, 6).await;
    admin.patch(&format!("/schedule/{id}"), json!({ "is_enabled": false })).await.expect(200);
    let all = runs(&admin, &id, 6).await;
    let at =
        |run: &Value| run["scheduled_for"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time stamp").as_microsecond();
    for pair in all.windows(2) {
        let between = at(&pair[1]) - at(&pair[0]);
        assert!(between > 0 && between % 1_000_000 == 0, "whole seconds apart: {:?}", times(&all));
    }
    assert!(all.iter().all(|run| run["status"] == "ENDED_SUCCESS"), "{all:?}");
}
