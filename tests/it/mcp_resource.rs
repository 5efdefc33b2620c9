//! Resources: guides, typings, executions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flowstead_wire::{Fault, Subject};
use serde_json::{Value, json};

use crate::agent::Agent;
use crate::app::TestApp;

#[tokio::test]
async fn every_listed_resource_can_be_read_by_anyone_with_a_key() {
    let app = TestApp::new().user("stranger").start().await;
    let agent = app.agent("stranger");
    let listed = agent.resources().await;
    assert_eq!(listed[0].uri, "cloudomation://usage-guide");
    for resource in listed {
        let text = agent.read(&resource.uri).await.unwrap_or_else(|fault| panic!("{}: {fault:?}", resource.uri));
        assert!(!text.is_empty() && resource.size.is_none_or(|size| size == text.len() as u64), "{}", resource.uri);
    }
}

#[tokio::test]
async fn the_guide_is_about_this_workspace_and_this_reader() {
    let app = TestApp::new().user("stranger").user_with("runner", &["Agent runner"]).start().await;
    let flow = app.admin().flow("greet", "def handler(system, this):\n    pass\n").await;
    app.admin().make("mcp_user_tool", json!({"name": "greet", "flow_id": flow, "description": "Greets somebody."})).await;
    let workspace = app.admin().get("/workspace?plain=true").await.expect(200)[0]["id"].as_str().expect("an id").to_owned();
    let guide = app.agent("runner").read("cloudomation://usage-guide").await.expect("it is there");
    for part in ["## Connect", "## Authenticate", "## Author", "## This workspace", "## Who you are", "## Find things", "## Local editor"] {
        assert!(guide.contains(part), "{part}");
    }
    assert!(guide.contains(&workspace) && guide.contains("You act as user runner"), "{guide}");
    assert!(guide.contains("- `greet`: Greets somebody.") && guide.contains("| EXECUTION | CREATE, READ |"), "{guide}");
    for mark in ["base", "version", "who", "rights", "tools", "workspace_id", "workspace_name"] {
        assert!(!guide.contains(&format!("{{{{{mark}}}}}")), "{mark} is not filled in");
    }
    let guide = app.agent("stranger").read("cloudomation://usage-guide").await.expect("it is there");
    assert!(guide.contains("There are none that you may call.") && !guide.contains("| FLOW |"), "{guide}");
}

#[tokio::test]
async fn every_artifact_of_the_index_is_where_it_says() {
    let app = TestApp::new().start().await;
    let index: Value =
        serde_json::from_str(&app.agent("admin").read("cloudomation://developer-artifacts").await.expect("it is there")).expect("JSON");
    for artifact in index["artifacts"].as_array().expect("a list") {
        let url = artifact["url"].as_str().expect("an address");
        let path = url.split_once("/api/latest").expect("it is below the REST interface").1;
        let answer = app.admin().get(path).await;
        assert_eq!(answer.status, 200, "{url}");
        assert!(answer.header("content-type").starts_with(artifact["media_type"].as_str().expect("a type")), "{url}");
    }
}

#[tokio::test]
async fn modules_are_found_with_and_without_their_package_and_completed() {
    let app = TestApp::new().start().await;
    let agent = app.agent("admin");
    let short = agent.read("flow_api://setting").await.expect("it is there");
    assert!(short.contains("class Setting"), "{short}");
    assert_eq!(agent.read("flow_api://flow_api.setting").await.expect("it is there"), short);
    let missing = agent.read("flow_api://seting").await.unwrap_err();
    assert_eq!(missing, Fault::ResourceNotFound("flow_api has no module 'seting'. Did you mean 'setting'?".into()));
    let subject = Subject::Template("flow_api://{module}".into());
    let completed = agent.complete(subject, "module", "ex").await.expect("it is completed");
    assert!(completed.values.iter().any(|value| value == "execution") && completed.values.iter().all(|value| value.starts_with("ex")));
}

#[tokio::test]
async fn an_execution_is_read_whole_in_parts_and_only_by_who_may() {
    let app = TestApp::new().user("stranger").start().await;
    let script = "def handler(system, this, inputs):\n    this.log('halfway')\n    return {'n': 1}\n";
    let flow = app.admin().flow("count", script).await;
    app.admin().post(&format!("/flow/{flow}/run?wait=true"), json!({})).await.expect(201);
    let id = app.admin().get("/execution?plain=true&fields=id").await.expect(200)[0]["id"].as_str().expect("an id").to_owned();
    let agent = app.agent("admin");
    let record: Value = serde_json::from_str(&agent.read(&format!("execution://{id}")).await.expect("it is there")).expect("JSON");
    assert_eq!((&record["status"], record.get("script")), (&json!("ENDED_SUCCESS"), None));
    assert_eq!(agent.read(&format!("execution://{id}/output")).await.expect("it is there"), r#"{"n":1}"#);
    let log = agent.read(&format!("execution://{id}/logs")).await.expect("it is there");
    assert!(log.contains("halfway"), "{log}");
    let stranger = app.agent("stranger");
    for uri in [format!("execution://{id}"), format!("execution://{id}/output"), format!("execution://{id}/logs"), "nothing://here".into()]
    {
        assert!(matches!(stranger.read(&uri).await, Err(Fault::ResourceNotFound(_))), "{uri}");
    }
    assert!(matches!(agent.read(&format!("execution://{id}/steps")).await, Err(Fault::ResourceNotFound(_))));
    let complete = async |agent: &Agent, typed: &str| {
        let subject = Subject::Template("execution://{id}/logs".into());
        agent.complete(subject, "id", typed).await.expect("it is completed").values
    };
    assert_eq!(complete(&agent, &id[..8]).await, [id.as_str()]);
    assert!(complete(&stranger, "").await.is_empty());
}

#[tokio::test]
async fn types_of_connections_are_listed_read_and_completed() {
    let app = TestApp::new().user("stranger").start().await;
    let agent = app.agent("stranger");
    let list: Value = serde_json::from_str(&agent.read("cloudomation://connector-types").await.expect("it is there")).expect("JSON");
    let types = list["connector_types"].as_array().expect("a list");
    let rest = types.iter().find(|of| of["connector_type"] == "REST").expect("REST is one");
    assert_eq!((&rest["is_carried_out"], &rest["uri"]), (&json!(true), &json!("connector-type://REST")));
    for of in types {
        let text = agent.read(of["uri"].as_str().expect("an address")).await.expect("it is there");
        let one: Value = serde_json::from_str(&text).expect("JSON");
        for schema in ["input_schema", "output_schema"] {
            jsonschema::draft202012::new(&one[schema]).unwrap_or_else(|e| panic!("{schema} of {of}: {e}"));
        }
    }
    assert!(agent.read("connector-type://rest").await.expect("case is no matter").contains("\"url\""));
    let missing = agent.read("connector-type://RST").await.expect_err("there is none");
    assert!(matches!(&missing, Fault::ResourceNotFound(text) if text.contains("REST")), "{missing:?}");
    let completed = agent.complete(Subject::Template("connector-type://{type}".into()), "type", "re").await.expect("it can be completed");
    assert!(completed.values.contains(&"REST".to_owned()) && !completed.values.contains(&"SMTP".to_owned()), "{completed:?}");
}

#[tokio::test]
async fn a_file_is_read_by_its_name_as_far_as_one_may() {
    let app = TestApp::new().user("stranger").start().await;
    let admin = app.admin();
    for (name, content) in [("notes 1.txt", "héllo".as_bytes()), ("raw.bin", &[0, 159, 146, 150])] {
        admin.make("file", json!({"name": name, "content": STANDARD.encode(content)})).await;
    }
    let agent = app.agent("admin");
    assert_eq!(agent.read("file://notes%201.txt").await.expect("text"), "héllo");
    assert_eq!(agent.read("file://raw.bin").await.expect("base64"), STANDARD.encode([0, 159, 146, 150]));
    let completed = agent.complete(Subject::Template("file://{name}".into()), "name", "no").await.expect("it can be completed");
    assert_eq!(completed.values, ["notes 1.txt"]);
    for (who, uri) in [("stranger", "file://raw.bin"), ("admin", "file://none")] {
        assert!(matches!(app.agent(who).read(uri).await, Err(Fault::ResourceNotFound(_))), "{who} {uri}");
    }
}
