//! run_script: short scripts of agents, which read records and change none.

use serde_json::json;

use crate::app::TestApp;

const JOIN: &str = "
def handler(system, this, inputs):
    names = [setting.get('name') for setting in system.settings()]
    return {'names': sorted(n for n in names if n.startswith(inputs['prefix']))}
";

#[tokio::test]
async fn a_script_reads_records_and_gives_what_it_returns() {
    let app = TestApp::new().config(|config| config.mcp.run_script = true).start().await;
    for name in ["a1", "a2", "b1"] {
        app.admin().make("setting", json!({"name": name, "value": 1})).await;
    }
    let agent = app.agent("admin");
    let answer = agent.ok("run_script", json!({"script": JOIN, "input_value": {"prefix": "a"}})).await;
    assert_eq!((&answer["status"], &answer["output_value"]["names"]), (&json!("ENDED_SUCCESS"), &json!(["a1", "a2"])));
}

#[tokio::test]
async fn a_script_changes_no_record_and_starts_nothing() {
    let app = TestApp::new().config(|config| config.mcp.run_script = true).start().await;
    let admin = app.admin();
    admin.flow("other", "def handler(system, this):\n    system.setting('made').save(value=1)\n").await;
    let agent = app.agent("admin");
    for act in [
        "system.setting('made').save(value=1)",
        "this.flow('other')",
        "this.script('def handler(s, t): pass')",
        "system.flow('other').delete()",
    ] {
        let script = format!("def handler(system, this, inputs):\n    {act}\n");
        let refused = agent.refused("run_script", json!({"script": script}), "execution_failed").await;
        assert!(refused.sentence.contains("CREATE") || refused.sentence.contains("DELETE"), "{act}: {refused:?}");
    }
    let settings = admin.get("/setting?plain=true").await.expect(200);
    assert!(!settings.to_string().contains("made"), "{settings}");
    admin.get("/flow/other?by=name").await.expect(200);
}

#[tokio::test]
async fn it_is_off_unless_the_server_says_so_and_needs_the_right_to_write_flows() {
    let app = TestApp::new().start().await;
    assert!(app.agent("admin").call("run_script", json!({"script": JOIN})).await.is_none());
    let app = TestApp::new().user_with("runner", &["Agent runner"]).config(|config| config.mcp.run_script = true).start().await;
    assert!(app.agent("runner").call("run_script", json!({"script": JOIN})).await.is_none());
}
