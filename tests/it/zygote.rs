//! Zygotes that nobody needed for a while are stopped; whoever needs one again at that moment gets a new one.

use std::time::Duration;

use flowstead::service::Stat;
use serde_json::json;

use crate::app::TestApp;

/// Moves the clock by a minute and a bit, and gives what is due then its time.
async fn minute(app: &TestApp) {
    app.clock.advance(Duration::from_secs(61));
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn until_no_slot_is_left(app: &TestApp) {
    for _ in 0..100 {
        if app.service.stats().get(Stat::Slots) == 0 {
            return;
        }
        minute(app).await;
    }
    panic!("{} slots stay, which nobody needs", app.service.stats().get(Stat::Slots));
}

#[tokio::test]
async fn a_slot_leaves_even_if_there_was_nothing_left_to_leave_before_it_came() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    admin.flow("one", "def handler(system, this, inputs):\n    return 1\n").await;
    for _ in 0..2 {
        let run = admin.post("/execution?wait=true&timeout=60&plain=true", json!({ "flow_name": "one" })).await.expect(201);
        assert_eq!(run["output_value"], 1, "{run}");
        until_no_slot_is_left(&app).await;
        // Whoever looks after them finds nothing more to do.
        for _ in 0..3 {
            minute(&app).await;
        }
    }
}

#[tokio::test]
async fn a_flow_that_comes_while_its_zygote_leaves_runs() {
    let app = TestApp::new().manual_clock().start().await;
    let admin = app.admin();
    for name in ["one", "two"] {
        let project = admin.make("project", json!({ "name": name })).await;
        let flow = json!({ "name": name, "project_id": project, "script": "def handler(system, this, inputs):\n    return inputs\n" });
        admin.make("flow", flow).await;
    }
    for round in 0..8 {
        for name in ["one", "two"] {
            let body = json!({ "flow_name": name, "input_value": round });
            let run = admin.post("/execution?wait=true&timeout=60&plain=true", body).await.expect(201);
            assert_eq!(run["output_value"], round, "{run}");
        }
        // Their slots are gone after a minute, and a minute later all zygotes but one.
        app.clock.advance(Duration::from_secs(60));
        if round % 2 == 0 {
            app.clock.advance(Duration::from_secs(60));
        }
    }
}
