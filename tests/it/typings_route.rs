//! The typings over HTTP: all files, as JSON and as an archive that is the same bytes each time.

use std::io::{Cursor, Read};

use serde_json::Value;

use crate::app::TestApp;

#[tokio::test]
async fn the_typings_are_there_by_path_and_as_an_archive() {
    let app = TestApp::new().user("stranger").start().await;
    let user = app.user("stranger");
    let listed = user.get("/flow_api/typings").await;
    assert!(listed.header("content-type").starts_with("application/json"));
    let listed = listed.expect(200);
    assert_eq!(listed["version"], env!("CARGO_PKG_VERSION"));
    let files = listed["files"].as_object().expect("files by path");
    for path in ["_flow_api.pyi", "flow_api/__init__.pyi", "flow_api/execution.pyi", "flow_api/py.typed", "flow_api/system.pyi"] {
        assert!(files.contains_key(path), "{path} is missing");
    }

    let answer = user.request("GET", "/flow_api/typings?format=zip").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/zip");
    let bytes = answer.bytes().await.unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.clone())).expect("a zip archive");
    assert_eq!(archive.len(), files.len());
    for (index, (path, text)) in files.iter().enumerate() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        assert_eq!((entry.name(), &Value::from(content)), (path.as_str(), text));
    }
    let again = user.request("GET", "/flow_api/typings?format=zip").send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, again);
}

#[tokio::test]
async fn a_client_that_has_them_downloads_nothing() {
    let app = TestApp::new().start().await;
    for path in ["/flow_api/typings", "/flow_api/typings?format=zip"] {
        let first = app.admin().get(path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 10, "{tag} is no strong tag");
        assert!(first.header("cache-control").contains("private"));
        let second = app.admin().request("GET", path).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((second.status().as_u16(), second.headers()["etag"].to_str().unwrap()), (304, tag.as_str()));
        assert!(second.bytes().await.unwrap().is_empty());
        let other = app.admin().request("GET", path).header("if-none-match", "\"other\"").send().await.unwrap();
        assert_eq!(other.status().as_u16(), 200);
    }
    assert_eq!(app.nobody().get("/flow_api/typings").await.status, 401);
    assert!(app.admin().get("/flow_api/typings?format=tar").await.refusal(400, "malformed").contains("json, zip"));
}
