//! What cannot be had is said when it is asked for, and nothing else changes.

use serde_json::{Value, json};

use super::shelf::{Shelf, script};
use super::{output, run, stocked};
use crate::app::TestApp;
use crate::server::Server;

#[tokio::test]
async fn a_requirement_that_is_not_there_is_named_and_the_flow_stays_as_it_was() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let id = admin.flow("stays", &script(&["alpha"], "alpha", "alpha.VERSION")).await;
    let before = admin.get(&format!("/flow/{id}?plain=true")).await.expect(200);
    for (wanted, says) in [
        (vec!["alpha", "gamma>=1"], "The requirement 'gamma>=1' cannot be met"),
        (vec!["alpha==9"], "there is no version of alpha==9"),
        (vec!["beta", "alpha>=2"], "beta depend on alpha<2"),
        (vec!["alpha >"], "The requirement 'alpha >' cannot be met"),
        (vec!["-r other.txt"], "'-r other.txt' is no requirement"),
        (vec!["alpha @ file:///etc/passwd"], "leads to something else"),
    ] {
        let change = json!({ "script": script(&wanted, "alpha", "1") });
        let refused = admin.patch(&format!("/flow/{id}"), change).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let text = refused.body["error_message"].as_str().unwrap().to_owned();
        assert!(text.contains(says), "{text}");
        assert!(refused.text.contains("/script"), "{}", refused.text);
    }
    assert_eq!(admin.get(&format!("/flow/{id}?plain=true")).await.expect(200), before);
    assert_eq!(output(admin, "stays").await, "2.0");
    let project = admin.post("/project", json!({ "name": "p", "default_requirements": ["gamma"] })).await;
    assert!(project.status == 422 && project.text.contains("/default_requirements"), "{}", project.text);
}

#[tokio::test]
async fn a_wheel_that_is_not_what_was_locked_is_refused() {
    let shelf = Shelf::filled();
    let config = shelf.lines();
    let config: Vec<&str> = config.iter().map(String::as_str).collect();
    let mut server = Server::start_with(&config).await;
    server.flow("locked", &script(&["alpha<2"], "alpha", "alpha.VERSION"), &Value::Null).await;
    assert_eq!(server.run("locked", &Value::Null).await["output_value"], "1.0");
    server.stop().await;
    // What was installed is lost, with what was downloaded; the lock is not.
    let environments = server.folder().join("environments");
    std::fs::rename(&environments, server.folder().join("lost")).expect("they can be moved");
    shelf.wheel("alpha", "1.0", "VERSION = 'changed'\n", &[]);
    server.restart().await;
    let record = server.run("locked", &Value::Null).await;
    assert_eq!(record["status"], "ENDED_ERROR", "{record}");
    assert!(record["status_message"].as_str().is_some_and(|text| text.contains("Hash mismatch")), "{record}");
}

#[tokio::test]
async fn two_saves_at_once_of_the_same_packages_install_them_once() {
    let shelf = Shelf::filled();
    shelf.before("echo \"$2\" >> ../count");
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let texts: Vec<String> = (0..4).map(|n| script(&["beta"], "beta", &format!("[{n}, beta.USES]"))).collect();
    let saves = texts.iter().enumerate().map(|(n, text)| {
        let body = json!({ "name": format!("same {n}"), "script": text });
        async move { admin.post("/flow", body).await.status }
    });
    assert_eq!(futures_util::future::join_all(saves).await, [201; 4]);
    for n in 0..4 {
        assert_eq!(output(admin, &format!("same {n}")).await, json!([n, "1.0"]));
    }
    let count = std::fs::read_to_string(app.folder().join("environments/build/count")).expect("it was counted");
    assert_eq!(count.lines().filter(|line| *line == "install").count(), 1, "{count}");
}

#[tokio::test]
async fn a_server_without_an_installer_runs_what_needs_none_and_says_what_is_missing() {
    let app = TestApp::new().config(|config| config.environments.uv = "/nowhere/uv".into()).start().await;
    let admin = app.admin();
    admin.flow("bare", "import json\ndef handler(system, this, inputs):\n    return json.loads('1')\n").await;
    assert_eq!(output(admin, "bare").await, 1);
    let refused = admin.post("/flow", json!({ "name": "f", "script": script(&["alpha"], "alpha", "1") })).await;
    assert!(refused.status == 422 && refused.text.contains("environments.uv"), "{}", refused.text);
    // Its default packages cannot be had; what it does without them it does.
    admin
        .flow(
            "tries",
            "def handler(system, this, inputs):\n    try:\n        import yaml\n    except ImportError as e:\n        return str(e)\n",
        )
        .await;
    let said = output(admin, "tries").await;
    assert!(said.as_str().is_some_and(|said| said.starts_with("No module named 'yaml'") && said.contains("environments.uv")), "{said}");
}

#[tokio::test]
async fn the_installer_reads_nothing_of_the_servers_data() {
    let shelf = Shelf::filled();
    shelf.before("cat ../../../*.db ../../../server.key > ../leak 2> /dev/null; cat ../count > /dev/null 2>&1; echo seen >> ../count; env > ../variables");
    let app = stocked(&shelf).await;
    let admin = app.admin();
    admin.flow("named", &script(&["alpha"], "alpha", "alpha.VERSION")).await;
    assert_eq!(output(admin, "named").await, "2.0");
    let build = app.folder().join("environments/build");
    assert!(build.join("count").exists());
    assert_eq!(std::fs::read_to_string(build.join("leak")).expect("it was tried"), "");
    let variables = std::fs::read_to_string(build.join("variables")).expect("listed");
    assert!(!variables.contains("FLOWSTEAD_"), "{variables}");
}

#[tokio::test]
async fn who_may_write_no_flow_makes_nobody_install_anything() {
    let shelf = Shelf::filled();
    shelf.before("echo \"$2\" >> ../count");
    let app = TestApp::new().user_with("reader", &["Agent runner"]).config(|config| shelf.set(config)).start().await;
    let text = script(&["alpha"], "alpha", "1");
    let flow = app.user("reader").post("/flow", json!({ "name": "f", "script": text })).await;
    let run = app.user("reader").post("/execution", json!({ "script": text })).await;
    assert_eq!((flow.status, run.status), (403, 403), "{} {}", flow.text, run.text);
    assert!(!app.folder().join("environments/build/count").exists());
    assert_eq!(run.body["output_value"], Value::Null);
}

#[tokio::test]
async fn a_check_of_a_script_says_what_is_wrong_with_its_metadata() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let refused = admin.post("/flow", json!({ "name": "f", "script": "# /// script\n# dependencies = [\n# ///\n" })).await;
    assert!(refused.status == 422 && refused.text.contains("is not TOML"), "{}", refused.text);
    let _ = run(admin, "f").await;
}
