//! Import of documents: made, overwritten, refused with their place; and that what was exported comes back byte by byte.

use flowstead::records::{Kind, RecordType, TYPES, Write, document};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::client::{Answer, User, answer};
use crate::export::{archive, exported, files};
use crate::fixture;

async fn import(user: &User, query: &str, text: &str) -> Answer {
    answer(user.request("POST", &format!("/import{query}")).header("content-type", "application/yaml").body(text.to_owned())).await
}

async fn import_archive(user: &User, query: &str, content: Vec<u8>) -> Answer {
    answer(user.request("POST", &format!("/import{query}")).header("content-type", "application/zip").body(content)).await
}

fn outcomes(report: &Value) -> Vec<String> {
    let documents = report["documents"].as_array().expect("a report tells of documents");
    documents
        .iter()
        .map(|d| format!("{} {} {}", d["type"].as_str().unwrap(), d["name"].as_str().unwrap(), d["outcome"].as_str().unwrap()))
        .collect()
}

async fn workspace(user: &User) -> Vec<u8> {
    let id = fixture::record(user, "workspace").await;
    archive(user, &format!("/workspace/{id}")).await
}

/// Every type of resource, with parts, and with values that are easily lost on the way.
async fn fill(admin: &User) {
    let script = "def handler(system, this, inputs):\n\n    return 'ü'  \n   \n\tx\n";
    let awkward = json!({
        "yes": "yes", "no": "No", "null": "null", "number": "012", "big": i64::MAX, "small": i64::MIN, "float": 1.0, "tiny": 1.5e-300,
        "date": "2026-11-21", "lines": "a  \n\n b\n\tc\n\n", "cr": "a\r\nb", "empty": "", "blank": " ", "nothing": null, "ls": "\u{2028}",
        "list": ["a>=1", "- b"], "deep": [[[{"a": [{}, [], {"b": [null, true]}]}]]], "ünï": "𝄞", "": 1, "a/b~c": "#", "control": "\u{1}\u{7f}",
    });
    let project = admin.make("project", json!({"name": "yes", "description": "two\nlines \n", "default_requirements": []})).await;
    let secret = admin.make("secret", json!({"name": "in bundle", "value": "x", "allowed_hosts": ["*.example.com"]})).await;
    let bundle = admin.make("bundle", json!({"name": "012"})).await;
    let repository = json!({"name": "round", "url": "https://git.example.com/b", "secret_id": secret, "bundle_id": bundle});
    let repository = admin.make("bundle_repository", repository).await;
    admin.patch(&format!("/bundle/{bundle}"), json!({"bundle_repository_id": repository})).await.expect(200);
    let schema = json!({"name": "Z refers to A", "value": {"$ref": "schema:A"}, "project_id": project});
    admin.make("schema", json!({"name": "A", "value": {"type": "object"}})).await;
    admin.make("schema", schema).await;
    let flow = json!({"name": "a/b: c?", "script": script, "project_id": project, "input_schema": {"$ref": "schema:Z refers to A"},
        "max_runtime_minutes": 1.5, "is_readonly": true, "description": "  leading"});
    let flow = admin.make("flow", flow).await;
    let plain =
        admin.make("flow", json!({"name": "null", "script": "def handler(system, this):\r\n    pass", "project_id": project})).await;
    admin.make("setting", json!({"name": "awkward", "value": awkward, "bundle_id": bundle})).await;
    admin.make("setting", json!({"name": "Awkward", "value": "2026-11-21T09:00:00Z", "project_id": null})).await;
    let file = admin.make("file", json!({"name": "../ü.bin", "content_type": "x/y"})).await;
    answer(admin.request("PUT", &format!("/file/{file}/content")).body((0..=255).collect::<Vec<u8>>())).await.expect(200);
    admin.make("file", json!({"name": "no content"})).await;
    let wrapper = admin.make("wrapper", json!({"name": "w", "flow_id": plain})).await;
    admin.make("resource_wrapper", json!({"resource_id": plain, "wrapper_id": wrapper, "input_value": {"a": 1}})).await;
    let template = admin.make("object_template", json!({"name": "t", "on_create": plain, "before_create": null})).await;
    for attribute in [
        json!({"name": "z", "datatype": "STRING", "is_nullable": false}),
        json!({"name": "other", "datatype": "OBJECT_TEMPLATE_REFERENCE", "reference_object_template_id": template}),
        json!({"name": "any", "datatype": "RECORD_REFERENCE"}),
        json!({"name": "json", "datatype": "JSON"}),
        json!({"name": "when", "datatype": "DATE", "is_unique": true}),
    ] {
        let mut attribute = attribute;
        attribute["object_template_id"] = json!(template);
        admin.make("object_template_attribute", attribute).await;
    }
    admin.patch(&format!("/object_template/{template}"), json!({"on_create": null})).await.expect(200);
    let one = json!({"name": "one", "object_template_id": template, "value": {"z": "yes", "json": {"name": "x"}, "when": "2026-11-21", "any": flow}});
    let one = admin.make("custom_object", one).await;
    let two = json!({"name": "two", "object_template_id": template, "value": {"z": "1", "other": one}});
    let two = admin.make("custom_object", two).await;
    admin.patch(&format!("/custom_object/{one}"), json!({"value": {"other": two}})).await.expect(200);
    let plugin = admin.make("plugin", json!({"name": "p"})).await;
    let menu = admin.make("plugin_action", json!({"plugin_id": plugin, "name": "z menu", "action_record_type": "FLOW"})).await;
    let action = json!({"plugin_id": plugin, "name": "a", "action_record_type": "FLOW", "flow_id": plain, "parent_action_id": menu,
        "record_filter": {"field": "name", "op": "eq", "value": "yes"}});
    admin.make("plugin_action", action).await;
    let role = admin.make("role", json!({"name": "on"})).await;
    admin
        .make("role_permission", json!({"role_id": role, "operation": "READ", "permission_record_type": "FLOW", "project_id": project}))
        .await;
    admin.make("role_permission", json!({"role_id": role})).await;
    let user = admin.make("user", json!({"name": "~", "email": "x@example.com"})).await;
    admin.make("identity_role", json!({"identity_id": user, "role_id": role, "propagate": false})).await;
    let tag = admin.make("tag", json!({"name": "#1", "color": "#00ff00"})).await;
    admin.make("record_tag", json!({"record_id": project, "tag_id": tag})).await;
    admin.make("record_metadata", json!({"record_id": template, "key": "y", "data": awkward})).await;
    admin.make("record_metadata", json!({"record_id": template, "key": "a", "data": null})).await;
    for of in TYPES.iter().copied().filter(|of| document::is_exported(of) && of.is_created()) {
        let id = fixture::record(admin, of.singular).await;
        awkward_columns(admin, of, &id, &awkward).await;
    }
    admin.patch(&format!("/project/{project}"), json!({"is_readonly": true})).await.expect(200);
}

/// Gives every column of a record that a document carries the most awkward value that it takes.
async fn awkward_columns(admin: &User, of: &'static RecordType, id: &str, object: &Value) {
    let text = json!(" \n- a: 'b' \"c\" #d\r\n\tü\u{2028}%20\n\n");
    let columns = document::columns(of).filter(|field| field.write == Write::Always && !matches!(field.name, "name" | "is_readonly"));
    let mut taken = 0;
    for field in columns {
        let values = match field.kind {
            Kind::Json => vec![object.clone(), json!([object]), text.clone()],
            Kind::JsonSchema => vec![
                json!({"type": ["object", "null"], "properties": {"": {"const": object}, "yes": {"type": "number", "maximum": 1e300}}}),
            ],
            Kind::Text => vec![text.clone(), json!("2026-11-21"), json!("no")],
            Kind::TextList => vec![json!(["", "- x", "null", text]), json!(["*.example.com", "a.example:443"])],
            Kind::Integer => vec![json!(i64::MIN), json!(i64::MAX), json!(7)],
            Kind::Number => vec![json!(1.5e-7), json!(0.1), json!(3)],
            Kind::Boolean => vec![json!(true), json!(false)],
            Kind::Timestamp => vec![json!("2026-12-24T18:00:00.000001+01:00")],
            Kind::Enum(words) => words.iter().rev().map(|word| json!(word)).collect(),
            Kind::Uuid | Kind::Name | Kind::Bytes | Kind::Reference(_) => vec![],
        };
        for value in values {
            let changed = admin.patch(&format!("/{}/{id}", of.singular), json!({ (field.name): value })).await;
            assert!(changed.status < 500, "{} of {}: {}", field.name, of.name, changed.text);
            if changed.status == 200 {
                taken += 1;
                break;
            }
        }
    }
    assert!(taken > 0, "no column of a {} was tried", of.name);
}

#[tokio::test]
async fn what_is_exported_and_imported_into_an_empty_workspace_is_exported_as_the_same_bytes() {
    let (here, there) = (TestApp::new().start().await, TestApp::new().start().await);
    fill(here.admin()).await;
    let first = workspace(here.admin()).await;
    for of in TYPES.iter().filter(|of| document::is_exported(of)) {
        assert!(files(&first).iter().any(|(path, _)| path.starts_with(&format!("{}/", of.singular))), "no {} was tried", of.name);
    }
    let report = import_archive(there.admin(), "", first.clone()).await.expect(200);
    assert!(report["documents"].as_array().unwrap().iter().any(|d| d["missing"] == json!(["value"])), "a secret has no value yet");
    let second = workspace(there.admin()).await;
    for ((path, expected), (other, found)) in files(&first).iter().zip(files(&second)) {
        assert_eq!((path, String::from_utf8_lossy(expected)), (&other, String::from_utf8_lossy(&found)));
    }
    assert!(first == second, "an archive has the same bytes");
    let again = import_archive(there.admin(), "", first.clone()).await.expect(200);
    assert!(outcomes(&again).iter().all(|line| line.ends_with(" unchanged")), "{again}");
    assert!(workspace(there.admin()).await == first);
}

#[tokio::test]
async fn a_single_document_comes_back_as_it_was() {
    let (here, there) = (TestApp::new().start().await, TestApp::new().start().await);
    let admin = here.admin();
    let file = admin.make("file", json!({"name": "f"})).await;
    answer(admin.request("PUT", &format!("/file/{file}/content")).body(vec![0, 1, 255])).await.expect(200);
    let text = exported(admin, "/file/f?by=name").await;
    assert_eq!(outcomes(&import(there.admin(), "", &text).await.expect(200)), ["file f created"]);
    assert_eq!(exported(there.admin(), "/file/f?by=name").await, text);
    assert_eq!(there.admin().request("GET", "/file/f/content?by=name").send().await.unwrap().bytes().await.unwrap(), vec![0, 1, 255]);
}

#[tokio::test]
async fn documents_of_a_file_may_refer_to_each_other_in_any_order() {
    let app = TestApp::new().start().await;
    let text = "webhook:\n  name: hook\n  flow: {name: f}\n  project: {name: p}\n---\nflow:\n  name: f\n  script: |\n    def handler(system, this):\n        \
                pass\n  project_name: p\n  record_tag:\n    - tag: {name: t}\n---\nproject:\n  name: p\n---\ntag:\n  name: t\n  repository_path: x\n  \
                pending_change: 1\n  created_at: yesterday\n";
    let report = import(app.admin(), "?commit_message=from%20git", text).await.expect(200);
    assert_eq!(outcomes(&report), ["webhook hook created", "flow f created", "project p created", "tag t created"]);
    assert_eq!(report["documents"][3]["ignored"], json!(["repository_path", "pending_change", "created_at"]));
    assert_eq!(report["documents"][0]["missing"], json!(["key"]));
    let versions = app.admin().get("/flow/f/versions?by=name&plain=true").await.expect(200);
    assert_eq!(versions[0]["commit_message"], "from git");
    let project = app.admin().get("/project/p?by=name&plain=true").await.expect(200);
    assert_eq!(app.admin().get("/flow/f?by=name&plain=true").await.expect(200)["project_id"], project["id"]);
}

#[tokio::test]
async fn lists_of_parts_are_brought_to_what_the_document_says_and_missing_ones_stay() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let id = admin.make("setting", json!({"name": "s", "value": 1, "description": "kept"})).await;
    for key in ["old", "same"] {
        admin.make("record_metadata", json!({"record_id": id, "key": key, "data": 1})).await;
    }
    let report = import(admin, "", "setting:\n  name: s\n  record_metadata:\n    - {key: same, data: 1}\n    - {key: new, data: 2}\n")
        .await
        .expect(200);
    assert_eq!(outcomes(&report), ["setting s updated"]);
    let filter = "%7B%22field%22%3A%22record_id%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A%22";
    let list = admin.get(&format!("/record_metadata?plain=true&order=key&filter={filter}{id}%22%7D")).await.expect(200);
    let keys: Vec<&str> = list.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["new", "same"]);
    assert_eq!(outcomes(&import(admin, "", "setting: {name: s, value: 2}").await.expect(200)), ["setting s updated"]);
    let row = admin.get(&format!("/setting/{id}?plain=true")).await.expect(200);
    assert_eq!((&row["value"], &row["description"]), (&json!(2), &json!("kept")));
    assert_eq!(admin.get(&format!("/record_metadata?plain=true&filter={filter}{id}%22%7D")).await.expect(200).as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_document_refuses_its_file_and_every_one_is_told_of() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let text = "setting:\n  name: good\n  value: 1\n---\ntag:\n  name: bad\n  color: red\n---\nwebhook:\n  name: hook\n  flow:\n    name: goood\n---\nflow:\n  \
                name: f\n  scrip: x\n";
    let refused = import(admin, "", text).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let documents = &refused.body["details"]["documents"];
    let told =
        |n: usize| (documents[n]["outcome"].as_str().unwrap(), documents[n]["error"]["field"].clone(), documents[n]["error_line"].clone());
    assert_eq!(told(0).0, "created", "it alone would have been");
    assert_eq!(told(1), ("refused", json!("/tag/color"), json!(7)));
    assert_eq!(told(2), ("refused", json!("/webhook/flow/name"), json!(12)));
    assert_eq!(told(3), ("refused", json!("/flow/scrip"), json!(16)));
    assert!(documents[3]["error"]["error_message"].as_str().unwrap().contains("Did you mean 'script'?"), "{documents}");
    admin.get("/setting/good?by=name").await.refusal(404, "not_found");

    let dry = import(admin, "?dry_run=true", "setting: {name: good, value: 1}").await.expect(200);
    assert_eq!((outcomes(&dry), &dry["dry_run"]), (vec!["setting good created".to_owned()], &json!(true)));
    admin.get("/setting/good?by=name").await.refusal(404, "not_found");
    import(admin, "", "setting: {name: good, value: 1}").await.expect(200);
    import(admin, "?if_exists=error", "setting: {name: good, value: 2}").await.refusal(409, "conflict");
    let skipped = import(admin, "?if_exists=skip", "setting: {name: good, value: 2}\n---\nsetting: {name: other}").await.expect(200);
    assert_eq!(outcomes(&skipped), ["setting good skipped", "setting other created"]);
    assert_eq!(admin.get("/setting/good?by=name&plain=true").await.expect(200)["value"], 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_says_why() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    for (text, status, words) in [
        ("a: &a [1]\nb: *a", 400, "alias"),
        ("setting: {name: x, name: y}", 400, "twice"),
        ("setting: {name: x, value: 99999999999999999999}", 400, "64 bits"),
        ("setting: [", 400, "no YAML"),
        ("", 400, "no document"),
        ("- setting", 422, "one key"),
        ("sett: {name: x}", 422, "Did you mean 'setting'?"),
        ("execution: {name: x}", 422, "not imported"),
        ("setting: {value: 1}", 422, "needs 'name'"),
        ("setting: {name: x, schema_version: '2'}", 422, "version 2"),
        ("secret: {name: x, value: y}", 422, "sealed"),
        ("setting: {name: x}\n---\nsetting: {name: x}", 422, "twice"),
        ("file: {name: x, content: '?'}", 422, "base64"),
        ("user: {name: x, project: {name: Default project}}", 422, "project"),
    ] {
        let answer = import(admin, "", text).await;
        assert_eq!(answer.status, status, "{text}: {}", answer.text);
        assert!(answer.text.contains(words), "{text}: {}", answer.text);
    }
    answer(admin.request("POST", "/import").header("content-type", "image/png").body("x")).await.refusal(415, "unsupported_media");
    import_archive(admin, "", b"PK\x03\x04rubble".to_vec()).await.refusal(400, "malformed");
}

#[tokio::test]
async fn an_import_needs_the_rights_of_every_change_in_it() {
    let app = TestApp::new().user("stranger").user_with("reader", &["User"]).user_with("developer", &["Developer"]).start().await;
    let admin = app.admin();
    admin.make("setting", json!({"name": "s", "value": 1})).await;
    let text = "setting: {name: s, value: 2}";
    import(app.user("stranger"), "", text).await.refusal(409, "conflict");
    let refused = import(app.user("reader"), "", text).await.refusal(403, "forbidden");
    assert!(refused.contains("UPDATE") && refused.contains("SETTING"), "{refused}");
    assert_eq!(outcomes(&import(app.user("reader"), "", "setting: {name: s, value: 1}").await.expect(200)), ["setting s unchanged"]);
    assert_eq!(outcomes(&import(app.user("developer"), "", text).await.expect(200)), ["setting s updated"]);
    let grab = "user:\n  name: developer\n  identity_role:\n    - role: {name: organization admin}\n";
    let answer = import(app.user("developer"), "", grab).await;
    assert!(matches!(answer.status, 403 | 409 | 422), "{}", answer.text);
    let role = "role:\n  name: mine\n  role_permission:\n    - {operation: null}\n";
    assert_eq!(import(app.user("developer"), "", role).await.status, 403);
}
