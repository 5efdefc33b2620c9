//! Zygotes that nobody needed for a while are stopped; whoever needs one again at that moment gets a new one.

use std::time::Duration;

use serde_json::json;

use crate::app::TestApp;

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
