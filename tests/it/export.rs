//! Export documents over HTTP: what stands in them, what never does, and that the same records are the same bytes.

use std::io::{Cursor, Read};

use flowstead::records::{RecordType, TYPES, document};
use flowstead::service::yaml;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{User, answer};
use crate::fixture;

const SCRIPT: &str = "def handler(system, this, inputs):\n    return 'yes'\n";

/// The document of a record, as text.
pub async fn exported(user: &User, path: &str) -> String {
    let answer = user.get(&format!("{path}{}download=export", if path.contains('?') { '&' } else { '?' })).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/yaml"), "{}", answer.text);
    answer.text
}

pub fn read(text: &str) -> Value {
    let mut documents = yaml::documents(text).expect("an export is YAML");
    assert_eq!(documents.len(), 1);
    documents.remove(0).into_value()
}

/// The files of an archive.
pub fn files(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).expect("it is an archive");
    let mut files = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).expect("an entry can be opened");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("an entry can be read");
        files.push((file.name().to_owned(), content));
    }
    files
}

pub async fn archive(user: &User, path: &str) -> Vec<u8> {
    let response = user.request("GET", &format!("{path}?download=export")).send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (200, "application/zip"));
    response.bytes().await.expect("a whole body").to_vec()
}

#[tokio::test]
async fn a_flow_is_exported_as_people_would_write_it() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let id = admin.make("flow", json!({"name": "hello", "script": SCRIPT, "max_runtime_minutes": 5})).await;
    admin.make("record_metadata", json!({"record_id": id, "key": "owner", "data": ["anna", null]})).await;
    let tag = admin.make("tag", json!({"name": "night", "color": "#000000"})).await;
    admin.make("record_tag", json!({"record_id": id, "tag_id": tag})).await;
    let head =
        "flow:\n  name: hello\n  description: null\n  project:\n    name: Default project\n  bundle: null\n  is_bundle_content: false\n";
    let script = "\n  script: |\n    def handler(system, this, inputs):\n        return 'yes'\n  input_schema: null\n";
    let tail = "\n  resource_wrapper: []\n  record_tag:\n    - tag:\n        name: night\n  record_metadata:\n    - key: owner\n      data:\n        \
                - anna\n        - null\n";
    let expected = exported(admin, &format!("/flow/{id}")).await;
    assert!(expected.starts_with(head) && expected.contains(script) && expected.ends_with(tail), "{expected}");
    assert!(expected.contains("\n  max_runtime_minutes: 5.0\n") && expected.contains("\n  schema_version: \"1\"\n"), "{expected}");
    assert_eq!(exported(admin, "/flow/hello?by=name").await, expected);
    let answer = admin.get(&format!("/flow/{id}?download=export")).await;
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"hello.flow.yaml\""));
    let known =
        crate::client::answer(admin.request("GET", &format!("/flow/{id}?download=export")).header("if-none-match", answer.header("etag")));
    assert_eq!(known.await.status, 304);
}

#[tokio::test]
async fn every_resource_has_a_document_and_nothing_else_has() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    for of in TYPES.iter().copied().filter(|of| of.is_listed()) {
        if of.name == "SAVEPOINT" {
            continue;
        }
        let id = fixture::any_record(&app.service, admin, of.singular).await;
        let path = format!("/{}/{id}", of.singular);
        if !document::is_exported(of) {
            admin.get(&format!("{path}?download=export")).await.refusal(400, "malformed");
            if of.name == "EXECUTION" {
                admin.post(&format!("{path}/cancel"), Value::Null).await.expect(200);
                admin.get(&format!("{path}/wait")).await.expect(200);
            }
            continue;
        }
        if matches!(of.name, "PROJECT" | "BUNDLE" | "WORKSPACE") {
            let named = format!("{0}/", of.singular);
            assert!(files(&archive(admin, &path).await).iter().any(|(path, _)| path.starts_with(&named)), "{}", of.name);
            continue;
        }
        let whole = read(&exported(admin, &path).await);
        let columns = whole[of.singular].as_object().unwrap_or_else(|| panic!("{whole}"));
        let expected: Vec<&str> =
            document::columns(of).map(document::key).chain(document::parts(of).map(|part: &RecordType| part.singular)).collect();
        assert_eq!(columns.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{}", of.name);
        let more = read(&exported(admin, &format!("{path}?informational=true")).await);
        assert!(
            more[of.singular]["created_at"].is_string() && (of.is_single() || more[of.singular]["modified_by"]["name"] == "admin"),
            "{more}"
        );
        assert!(more[of.singular].get("id").is_none() && more[of.singular].get("version").is_none(), "{more}");
    }
}

#[tokio::test]
async fn sealed_values_never_leave_and_files_bring_their_content() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let secret = admin.make("secret", json!({"name": "s", "value": "the-sealed-value"})).await;
    let plain = exported(admin, &format!("/secret/{secret}")).await;
    let more = exported(admin, &format!("/secret/{secret}?informational=1")).await;
    assert!(!plain.contains("the-sealed-value") && !more.contains("the-sealed-value"));
    assert!(!plain.contains("has_value") && more.contains("has_value: true"), "{more}");
    answer(admin.request("PUT", "/file/f/content?by=name").body(vec![0, 255, 10])).await.expect(201);
    assert_eq!(read(&exported(admin, "/file/f?by=name").await)["file"]["content"], "AP8K");
    let whole = archive(admin, &format!("/workspace/{}", fixture::record(admin, "workspace").await)).await;
    let seen: Vec<u8> = files(&whole).into_iter().flat_map(|(_, content)| content).collect();
    assert!(!String::from_utf8_lossy(&seen).contains("the-sealed-value"));
}

#[tokio::test]
async fn a_project_is_an_archive_of_all_in_it_and_the_same_bytes_each_time() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let project = admin.make("project", json!({"name": "a/b"})).await;
    admin.make("flow", json!({"name": "night", "script": SCRIPT, "project_id": project})).await;
    admin.make("flow", json!({"name": "Night", "script": SCRIPT, "project_id": project})).await;
    admin.make("flow", json!({"name": "elsewhere", "script": SCRIPT})).await;
    let file = admin.make("file", json!({"name": "../x", "project_id": project})).await;
    answer(admin.request("PUT", &format!("/file/{file}/content")).body("bytes")).await.expect(200);
    let deleted = admin.make("setting", json!({"name": "gone", "value": 1, "project_id": project})).await;
    admin.delete(&format!("/setting/{deleted}")).await.expect(204);
    let first = archive(admin, &format!("/project/{project}")).await;
    let files = files(&first);
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let other = paths[4].strip_prefix("flow/night~").expect("two names that differ in case are two files");
    assert!(other.ends_with(".flow.py") && paths.len() == 7, "{paths:?}");
    assert_eq!(paths[..4], ["file/%2E.%2Fx.file.content", "file/%2E.%2Fx.file.yaml", "flow/Night.flow.py", "flow/Night.flow.yaml"]);
    assert_eq!(paths[6], "project/a%2Fb.project.yaml");
    assert_eq!((files[0].1.as_slice(), files[2].1.as_slice()), (b"bytes".as_slice(), SCRIPT.as_bytes()));
    let flow = read(std::str::from_utf8(&files[3].1).unwrap());
    assert!(flow["flow"]["project"]["name"] == "a/b" && flow["flow"].get("script").is_none(), "{flow}");
    assert_eq!(archive(admin, &format!("/project/{project}")).await, first);
}

#[tokio::test]
async fn an_export_shows_no_more_than_its_reader_may_read() {
    let app = TestApp::new().user("reader").user("stranger").start().await;
    let admin = app.admin();
    let (seen, hidden) = (admin.make("project", json!({"name": "seen"})).await, admin.make("project", json!({"name": "hidden"})).await);
    let role = admin.make("role", json!({"name": "reads"})).await;
    for of in ["PROJECT", "WEBHOOK"] {
        let permission = json!({"role_id": role, "operation": "READ", "permission_record_type": of, "project_id": seen});
        admin.make("role_permission", permission).await;
    }
    let me = app.user("reader").get("/auth/me").await.expect(200);
    admin.make("identity_role", json!({"identity_id": me["identity_id"], "role_id": role})).await;
    let flow = admin.make("flow", json!({"name": "unseen flow", "script": SCRIPT, "project_id": hidden})).await;
    let hook = admin.make("webhook", json!({"name": "hook", "flow_id": flow, "project_id": seen})).await;
    let reader = app.user("reader");
    let document = read(&exported(reader, &format!("/webhook/{hook}?informational=true")).await);
    assert_eq!(document["webhook"]["flow"], json!({"id": flow}), "no name of what is out of sight");
    assert!(document["webhook"]["created_by"].get("name").is_none(), "{document}");
    let paths: Vec<String> = files(&archive(reader, &format!("/project/{seen}")).await).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["project/seen.project.yaml", "webhook/hook.webhook.yaml"]);
    reader.get(&format!("/project/{hidden}?download=export")).await.refusal(404, "not_found");
    app.user("stranger").get(&format!("/webhook/{hook}?download=export")).await.refusal(404, "not_found");
}
