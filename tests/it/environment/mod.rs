//! Packages of flows, from wheels that the tests make: nothing here asks the network.

mod failure;
mod keep;
mod loss;
pub mod shelf;
mod standard;

use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::User;
use shelf::{Shelf, script};

/// A server with a shelf of packages.
async fn stocked(shelf: &Shelf) -> TestApp {
    TestApp::new().config(|config| shelf.set(config)).start().await
}

/// Runs a flow to its end and gives its record.
async fn run(admin: &User, flow: &str) -> Value {
    admin.post("/execution?wait=true&plain=true", json!({ "flow_name": flow })).await.body
}

/// Its output, of a run that must succeed.
async fn output(admin: &User, flow: &str) -> Value {
    let record = run(admin, flow).await;
    assert_eq!(record["status"], "ENDED_SUCCESS", "{record}");
    record["output_value"].clone()
}

#[tokio::test]
async fn a_flow_runs_with_the_packages_that_its_script_names() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let id = admin.flow("named", &script(&["beta"], "beta", "{'uses': beta.USES}")).await;
    assert_eq!(output(admin, "named").await, json!({ "uses": "1.0" }));
    let environment = admin.get(&format!("/flow/{id}?plain=true")).await.expect(200)["environment"].clone();
    assert_eq!(environment["requirements"], json!(["beta"]));
    assert_eq!(environment["packages"], json!([{ "name": "alpha", "version": "1.0" }, { "name": "beta", "version": "1.0" }]));
}

#[tokio::test]
async fn two_flows_run_with_versions_that_exclude_each_other() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    admin.flow("old", &script(&["alpha<2"], "alpha", "alpha.VERSION")).await;
    admin.flow("new", &script(&["alpha>=2"], "alpha", "alpha.VERSION")).await;
    for _ in 0..2 {
        assert_eq!((output(admin, "old").await, output(admin, "new").await), (json!("1.0"), json!("2.0")));
    }
}

#[tokio::test]
async fn a_flow_that_names_none_has_those_of_its_project_else_of_the_workspace() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let plain = "def handler(system, this, inputs):\n    import alpha\n    return alpha.VERSION\n";
    let project = admin.make("project", json!({ "name": "p", "default_requirements": ["alpha<2"] })).await;
    admin.make("flow", json!({ "name": "inside", "script": plain, "project_id": project })).await;
    admin.make("flow", json!({ "name": "own", "script": script(&["alpha>=2"], "alpha", "alpha.VERSION"), "project_id": project })).await;
    let elsewhere = admin.make("project", json!({ "name": "q" })).await;
    admin.make("flow", json!({ "name": "outside", "script": plain, "project_id": elsewhere })).await;
    assert_eq!((output(admin, "inside").await, output(admin, "own").await), (json!("1.0"), json!("2.0")));
    assert!(run(admin, "outside").await["status_message"].as_str().unwrap().contains("No module named 'alpha'"));
    let workspace = admin.get("/workspace?plain=true").await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    admin.patch(&format!("/workspace/{workspace}"), json!({ "default_requirements": ["alpha==2.0"] })).await.expect(200);
    assert_eq!((output(admin, "outside").await, output(admin, "inside").await), (json!("2.0"), json!("1.0")));
    admin.patch(&format!("/project/{elsewhere}"), json!({ "default_requirements": [] })).await.expect(200);
    assert_eq!(run(admin, "outside").await["status"], "ENDED_ERROR");
    admin.patch(&format!("/project/{project}"), json!({ "default_requirements": ["alpha>1"] })).await.expect(200);
    assert_eq!(output(admin, "inside").await, "2.0");
}

#[tokio::test]
async fn a_script_brings_its_packages_along() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    let request = json!({ "script": script(&["alpha<2"], "alpha", "alpha.VERSION") });
    let record = admin.post("/execution?wait=true&plain=true", request).await.expect(201);
    assert_eq!(record["output_value"], "1.0", "{record}");
    let inner = script(&["alpha>=2"], "alpha", "alpha.VERSION").replace('"', "\\\"").replace('\n', "\\n");
    let outer = format!("def handler(system, this, inputs):\n    return this.script(\"{inner}\").get('output_value')\n");
    admin.flow("outer", &outer).await;
    assert_eq!(output(admin, "outer").await, "2.0");
}

#[tokio::test]
async fn an_import_of_a_package_is_nothing_that_reaches_outside() {
    let shelf = Shelf::filled();
    let app = stocked(&shelf).await;
    let admin = app.admin();
    admin.flow("late", "# /// script\n# dependencies = ['alpha', 'beta']\n# ///\ndef handler(system, this, inputs):\n    import beta\n    return beta.USES\n").await;
    let record = run(admin, "late").await;
    assert_eq!((&record["output_value"], &record["escaped"]), (&json!("1.0"), &Value::Null), "{record}");
}

#[tokio::test]
async fn few_zygotes_serve_many_environments() {
    let shelf = Shelf::filled();
    let app = TestApp::new()
        .config(|config| {
            shelf.set(config);
            config.environments.zygotes = 1;
        })
        .start()
        .await;
    let admin = app.admin();
    admin.flow("old", &script(&["alpha<2"], "alpha", "alpha.VERSION")).await;
    admin.flow("new", &script(&["alpha>=2"], "alpha", "alpha.VERSION")).await;
    admin.flow("bare", "def handler(system, this, inputs):\n    return 'bare'\n").await;
    for _ in 0..3 {
        assert_eq!((output(admin, "old").await, output(admin, "new").await), (json!("1.0"), json!("2.0")));
        assert_eq!(output(admin, "bare").await, "bare");
    }
}
