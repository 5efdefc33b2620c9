//! Developer artifacts over HTTP: each as JSON and as an archive that is the same bytes each time, and the index of them.

use std::io::{Cursor, Read};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::TestApp;
use crate::client::User;

/// The routes of files by path, and one file that each must have.
const FILES: [(&str, &[&str]); 4] = [
    ("/flow_api/typings", &["_flow_api.pyi", "flow_api/__init__.pyi", "flow_api/execution.pyi", "flow_api/py.typed"]),
    (
        "/schemas/export",
        &["manifest.json", "resource-types/flow.schema.json", "references/flow.schema.json", "subrecords/record_tag.schema.json"],
    ),
    ("/schemas/connectors", &["manifest.json", "REST.input.schema.json", "REST.input.stored.schema.json", "REST.output.schema.json"]),
    ("/editor-config", &["pyrightconfig.snippet.json", "vscode-settings.snippet.json"]),
];

async fn bytes(user: &User, path: &str) -> Vec<u8> {
    let answer = user.request("GET", path).send().await.expect("it answers");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.bytes().await.expect("a body").to_vec()
}

/// Path and text of each file.
fn unzip(content: Vec<u8>) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(content)).expect("a zip archive");
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        files.push((entry.name().to_owned(), text));
    }
    files
}

#[tokio::test]
async fn files_are_there_by_path_and_as_an_archive() {
    let app = TestApp::new().user("stranger").start().await;
    let user = app.user("stranger");
    for (path, some) in FILES {
        let listed = user.get(path).await;
        assert!(listed.header("content-type").starts_with("application/json"));
        let listed = listed.expect(200);
        assert_eq!(listed["version"], env!("CARGO_PKG_VERSION"));
        let files = listed["files"].as_object().expect("files by path");
        for path in some {
            assert!(files.contains_key(*path), "{path} is missing");
        }
        let zip = format!("{path}?format=zip");
        let archive = user.request("GET", &zip).send().await.unwrap();
        assert_eq!(archive.headers()["content-type"], "application/zip");
        let first = archive.bytes().await.unwrap().to_vec();
        let unzipped: Vec<(String, Value)> = unzip(first.clone()).into_iter().map(|(path, text)| (path, text.into())).collect();
        let listed: Vec<(String, Value)> = files.iter().map(|(path, text)| (path.clone(), text.clone())).collect();
        assert_eq!(unzipped, listed, "{path}");
        assert_eq!(first, bytes(user, &zip).await, "{path}");
    }
}

#[tokio::test]
async fn the_inputs_of_flows_are_typed_for_those_who_may_read_the_flows() {
    let app = TestApp::new().user("stranger").start().await;
    let admin = app.admin();
    let schema = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "fast": {"type": "boolean", "default": true}}});
    let script = "def handler(system, this, inputs):\n    pass\n";
    admin.make("flow", json!({"name": "import orders", "script": script, "input_schema": schema})).await;
    admin.make("schema", json!({"name": "Order", "value": {"type": "object", "properties": {"sku": {"type": "string"}}}})).await;
    admin.make("flow", json!({"name": "no inputs", "script": script})).await;
    let path = "/flow_api/typings?flows=true";
    let module = |answer: &Value| answer["files"]["flow_api/inputs.pyi"].as_str().expect("the module is there").to_owned();
    let known = module(&admin.get(path).await.expect(200));
    assert!(
        known.contains("class ImportOrders(TypedDict, extra_items=Any):") && known.contains("    id: int\n    fast: bool\n"),
        "{known}"
    );
    assert!(known.contains("class ImportOrdersGiven(") && known.contains("    fast: NotRequired[bool]\n"), "{known}");
    assert!(!known.contains("NoInputs"), "{known}");
    let hidden = module(&app.user("stranger").get(path).await.expect(200));
    assert!(!hidden.contains("ImportOrders"), "{hidden}");
    let plain = module(&admin.get("/flow_api/typings").await.expect(200));
    assert!(plain.contains("def __getattr__(name: str) -> Any: ..."), "without them any name goes: {plain}");
    let unzipped = unzip(bytes(admin, &format!("{path}&format=zip")).await);
    assert!(unzipped.iter().any(|(path, text)| path == "flow_api/inputs.pyi" && *text == known));
    assert_eq!(app.nobody().get(path).await.status, 401);
}

#[tokio::test]
async fn the_index_says_where_each_artifact_is_and_what_its_hash_is() {
    let app = TestApp::new().user("stranger").start().await;
    let user = app.user("stranger");
    let index = user.get("/developer-artifacts").await.expect(200);
    assert_eq!(index["version"], env!("CARGO_PKG_VERSION"));
    let mut targets = Vec::new();
    for artifact in index["artifacts"].as_array().expect("a list") {
        let endpoint = artifact["endpoint"].as_str().expect("an address").strip_prefix("/api/latest").expect("it is below the interface");
        let answer = user.request("GET", endpoint).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], artifact["media_type"].as_str().expect("a type"), "{endpoint}");
        let content = answer.bytes().await.unwrap();
        let hash = hex::encode(Sha256::digest(&content));
        assert_eq!(artifact["sha256"], hash, "{endpoint}");
        targets.push(artifact["target"].as_str().expect("a path").to_owned());
    }
    for target in ["", "schemas/formSchema.json", "schemas/export/", "schemas/connectors/", "editor-config/"] {
        assert!(targets.contains(&format!(".cloudomation/{target}")), "{target}: {targets:?}");
    }
    let zipped = unzip(bytes(user, "/developer-artifacts?format=zip").await);
    assert_eq!(serde_json::from_str::<Value>(&zipped[0].1).expect("JSON"), index);
    let form = unzip(bytes(user, "/formSchema.json?format=zip").await);
    assert_eq!(form, [("formSchema.json".to_owned(), String::from_utf8(bytes(user, "/formSchema.json").await).expect("text"))]);
}

#[tokio::test]
async fn a_client_that_has_them_downloads_nothing() {
    let app = TestApp::new().start().await;
    let single = ["/formSchema.json", "/developer-artifacts"];
    for path in FILES.iter().map(|(path, _)| *path).chain(single) {
        for path in [path.to_owned(), format!("{path}?format=zip")] {
            let first = app.admin().request("GET", &path).send().await.unwrap();
            let tag = first.headers()["etag"].to_str().unwrap().to_owned();
            assert!(tag.starts_with('"') && tag.len() > 10, "{tag} is no strong tag");
            assert!(first.headers()["cache-control"].to_str().unwrap().contains("private"));
            let second = app.admin().request("GET", &path).header("if-none-match", &tag).send().await.unwrap();
            assert_eq!((second.status().as_u16(), second.headers()["etag"].to_str().unwrap()), (304, tag.as_str()));
            assert!(second.bytes().await.unwrap().is_empty());
            let other = app.admin().request("GET", &path).header("if-none-match", "\"other\"").send().await.unwrap();
            assert_eq!(other.status().as_u16(), 200);
        }
        assert_eq!(app.nobody().get(path).await.status, 401);
        assert!(app.admin().get(&format!("{path}?format=tar")).await.refusal(400, "malformed").contains("json, zip"));
    }
}

#[tokio::test]
async fn language_models_find_their_way_without_a_key() {
    let app = TestApp::new().start().await;
    let answer = app.nobody().get("//llms.txt").await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    assert!(answer.text.starts_with("# Flowstead\n\n> "), "{}", answer.text);
    for path in ["/api/latest/mcp", "/api/latest/openapi.json", "/api/latest/schemas/export", "/api/latest/flow"] {
        assert!(answer.text.contains(&format!("]({path})")), "{path}");
    }
}

#[tokio::test]
async fn a_connector_keeps_only_what_its_type_takes() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let stored = json!({"url": "https://example.org", "connect_timeout": "secret(patience)", "headers": {"accept": "text/plain"}});
    let made = admin.post("/connector?plain=true", json!({"name": "c", "connector_type": "REST", "value": stored})).await.expect(201);
    let path = format!("/connector/{}", made["id"].as_str().expect("an id"));
    for (value, pointer, said) in [
        (json!({"urll": "https://example.org"}), "/value/urll", "Did you mean 'url'?"),
        (json!({"connect_timeout": "long"}), "/value/connect_timeout", "number"),
        (json!({"method": "fetch"}), "/value/method", "is not one of"),
        (json!({"retry_backoff": {"intial": 1}}), "/value/retry_backoff/intial", "there is no such input"),
    ] {
        let refused = admin.patch(&path, json!({"value": value})).await;
        assert_eq!((refused.status, refused.body["field"].as_str()), (422, Some(pointer)), "{}", refused.text);
        assert!(refused.body["error_message"].as_str().is_some_and(|text| text.contains(said)), "{}", refused.text);
        let refused = admin.post("/connector", json!({"name": "d", "connector_type": "REST", "value": value})).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
    // What fits one type need not fit another.
    let moved = admin.patch(&path, json!({"connector_type": "SSH"})).await;
    assert_eq!(moved.status, 422, "{}", moved.text);
    admin.patch(&path, json!({"connector_type": "SSH", "value": {"hostname": "h"}})).await.expect(200);
}
