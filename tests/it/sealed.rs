//! Sealed values are planted in every sealed column of every type; then everything that leaves the server and everything it
//! leaves on disk is searched for them, in the clear and in the forms that encodings give them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flowstead::http::route::{Shape, Verb, routes};
use flowstead::records::{Field, Kind, RecordType, Storage, TYPES, Write};
use serde_json::{Map, Value, json};

use crate::client::{Answer, User};
use crate::export;
use crate::fixture;
use crate::mcp_client::legacy;
use crate::server::Server;

/// A planted value, and all the forms in which it would still be readable.
struct Planted {
    forms: Vec<(&'static str, String)>,
}

/// What must not be found anywhere.
#[derive(Default)]
struct Scan {
    planted: Vec<Planted>,
    searched: usize,
}

impl Scan {
    /// A new value with characters that every encoding changes.
    fn plant(&mut self, place: &str) -> String {
        let value = format!("zQ\"{place}/&\\ +{}%", self.planted.len());
        self.watch(&value);
        value
    }

    /// Looks for this value from now on.
    fn watch(&mut self, value: &str) {
        let mut forms = vec![("itself", value.to_owned())];
        let json = json!(value).to_string();
        let twice = json!(json).to_string();
        forms.push(("JSON", json[1..json.len() - 1].to_owned()));
        forms.push(("JSON in JSON", twice[3..twice.len() - 3].to_owned()));
        let bytes = value.as_bytes();
        let hex = hex::encode(bytes);
        forms.push(("upper hex", hex.to_uppercase()));
        forms.push(("hex", hex));
        for (strict, name) in [(true, "URL"), (false, "form")] {
            let escaped = bytes.iter().map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
                b' ' if !strict => "+".to_owned(),
                other => format!("%{other:02X}"),
            });
            forms.push((name, escaped.collect()));
        }
        // As a part of something longer, base64 has three forms; the ends depend on what stands beside.
        for skip in 0..3 {
            let inner = &bytes[skip..skip + (bytes.len() - skip) / 3 * 3];
            forms.push(("base64", STANDARD_NO_PAD.encode(inner)));
        }
        self.planted.push(Planted { forms });
    }

    fn search(&mut self, what: &str, text: &str) {
        self.searched += 1;
        for planted in &self.planted {
            for (name, form) in &planted.forms {
                assert!(!text.contains(form), "{what} shows '{}' as {name}", planted.forms[0].1);
            }
        }
    }

    fn answer(&mut self, what: &str, answer: &Answer) {
        assert!(answer.status < 500, "{what} was answered with {answer:?}");
        self.search(what, &format!("{:?}\n{}", answer.headers, answer.text));
    }

    /// Every file below a folder, the database and its log among them.
    fn folder(&mut self, folder: &Path) -> usize {
        let mut files = 0;
        for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
            let path = entry.path();
            if path.is_dir() {
                files += self.folder(&path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                files += 1;
                self.search(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
            }
        }
        files
    }
}

fn sealed(of: &'static RecordType) -> Vec<&'static Field> {
    of.fields().filter(|f| f.storage == Storage::Sealed && f.write != Write::System).collect()
}

/// A new value for every sealed column of a type.
fn values(scan: &mut Scan, of: &'static RecordType) -> Map<String, Value> {
    let of_field = |field: &&'static Field| {
        let value = scan.plant(&format!("{}.{}", of.singular, field.name));
        let value = if field.kind == Kind::Json { json!({ "token": value }) } else { json!(value) };
        (field.name.to_owned(), value)
    };
    sealed(of).iter().map(of_field).collect()
}

async fn create(user: &User, scan: &mut Scan, of: &'static RecordType) -> String {
    let mut body = fixture::body(user, of.singular).await;
    body.as_object_mut().expect("a body is an object").extend(values(scan, of));
    let made = user.post(&format!("/{}", of.singular), body).await;
    scan.answer(&format!("creating a {}", of.singular), &made);
    made.expect(201)[of.singular]["id"].as_str().expect("a record has an id").to_owned()
}

/// Changes and mistakes, each with values of their own.
async fn change(user: &User, scan: &mut Scan, of: &'static RecordType, id: &str) {
    let path = format!("/{}/{id}", of.singular);
    let changed = user.patch(&path, Value::Object(values(scan, of))).await;
    scan.answer("a change", &changed);
    changed.expect(200);
    let mut mistakes = vec![];
    for field in sealed(of) {
        let value = scan.plant("mistake");
        mistakes.push(json!({ (field.name): { "token": value, "n": u64::MAX } }));
        mistakes.push(json!({ (field.name): [value, "\u{0}", u64::MAX] }));
        mistakes.push(json!({ (field.name): value, "no_such_column": 1 }));
        mistakes.push(json!({ (field.name): value, "name": 7, "created_at": "x" }));
        let filter = json!({ "field": field.name, "op": "eq", "value": value }).to_string();
        let filtered = user.request("GET", &format!("/{}", of.singular)).query(&[("filter", &filter)]);
        scan.answer("a filter", &crate::client::answer(filtered).await);
        let broken = json!({ (field.name): value }).to_string().replace('}', "");
        let broken = user.request("PATCH", &path).header("content-type", "application/json").body(broken);
        let broken = crate::client::answer(broken).await;
        assert_eq!(broken.status, 400, "{broken:?}");
        scan.answer("half a body", &broken);
    }
    for body in mistakes {
        scan.answer("a mistake in a change", &user.patch(&path, body.clone()).await);
        scan.answer("a mistake in a create", &user.post(&format!("/{}", of.singular), body.clone()).await);
        let arguments = json!({ "record_type": of.name, "record_id": id, "payload": body });
        scan.answer("an agent's mistake", &legacy(user, "tools/call", &json!({ "name": "update_record", "arguments": arguments })).await);
    }
    let payload = Value::Object(values(scan, of));
    let arguments = json!({ "record_type": of.name, "record_id": id, "payload": payload });
    let by_agent = legacy(user, "tools/call", &json!({ "name": "update_record", "arguments": arguments })).await;
    scan.answer("an agent's change", &by_agent);
    assert!(by_agent.body["result"]["isError"] != json!(true), "{by_agent:?}");
}

/// A flow that makes the value itself, so that its source does not have it.
async fn save_in_flow(server: &Server, scan: &mut Scan) {
    let codes: Vec<u32> = scan.plant("by flow").chars().map(u32::from).collect();
    let script = format!(
        "def handler(system, this, inputs):\n    value = ''.join(map(chr, {codes:?}))\n    secret = system.secret('by flow').save(value=value)\n    \
         try:\n        secret.save(value=value, no_such_column=value)\n    except Exception as error:\n        this.log(str(error))\n    \
         try:\n        secret.get('value')\n    except Exception as error:\n        this.log(str(error))\n    return secret.get('has_value')\n"
    );
    server.flow("saves", &script, &Value::Null).await;
    let record = server.run("saves", &Value::Null).await;
    assert_eq!(record["output_value"], true, "{record}");
}

/// A webhook that is called with its key in every place, for a flow that keeps, logs and answers all that it gets.
async fn call_webhook(user: &User, scan: &mut Scan) {
    let key = scan.plant("webhook key");
    let flow = user.flow("echoes", "def handler(system, this, inputs):\n    this.log(inputs)\n    return inputs\n").await;
    let webhook = json!({ "name": "echo", "flow_id": flow, "is_enabled": true, "key": key });
    scan.answer("making a webhook", &user.post("/webhook", webhook).await);
    let nobody = User::nobody(user.url());
    let call = |method: &str| nobody.request(method, "/webhook/echo/call");
    for call in [
        call("GET").query(&[("key", &key)]),
        call("GET").bearer_auth(&key),
        call("POST").json(&json!({ "key": key, "more": 1 })),
        call("POST").query(&[("key", &key), ("async", &"1".to_owned())]),
    ] {
        let called = crate::client::answer(call).await;
        assert!(matches!(called.status, 200 | 202), "{called:?}");
        scan.answer("a call of a webhook", &called);
    }
    let wrong = crate::client::answer(call("GET").query(&[("key", format!("{key}x"))])).await;
    assert_eq!(wrong.status, 401, "{wrong:?}");
    scan.answer("a wrong call of a webhook", &wrong);
}

/// Every route that reads, for every record that was made.
async fn read_all(user: &User, scan: &mut Scan, made: &[(&'static RecordType, String)]) {
    for route in routes().iter().filter(|route| route.endpoint.verb == Verb::Get && route.endpoint.answer != Shape::Empty) {
        let Some(path) = route.path.strip_prefix("/api/latest") else { continue };
        if !path.contains('{') {
            for query in ["", "?limit=1000&trash=true", "?plain=true&limit=1000"] {
                scan.answer(&route.operation, &user.get(&format!("{path}{query}")).await);
            }
        }
        for (of, id) in made.iter().filter(|(of, _)| route.record_type.is_some_and(|r| r.name == of.name)) {
            for query in ["", "?trash=true", "?plain=true", "?download=export"] {
                scan.answer(&format!("{} of {}", route.operation, of.name), &user.get(&(path.replace("{id}", id) + query)).await);
            }
        }
    }
    let executions = user.get("/execution?plain=true").await.expect(200);
    for execution in executions.as_array().expect("a list") {
        let id = execution["id"].as_str().expect("an id");
        for part in ["", "/logs", "/events", "/wait"] {
            scan.answer("an execution", &user.get(&format!("/execution/{id}{part}")).await);
        }
    }
    for (of, id) in made {
        for (tool, arguments) in [
            ("get_record", json!({ "record_type": of.name, "record_id": id })),
            ("list_records", json!({ "record_type": of.name })),
            ("describe_record_type", json!({ "record_type": of.name })),
        ] {
            scan.answer(tool, &legacy(user, "tools/call", &json!({ "name": tool, "arguments": arguments })).await);
        }
    }
}

/// What copies, removes and brings back.
async fn write_all(user: &User, scan: &mut Scan, made: &[(&'static RecordType, String)]) {
    for (of, id) in made {
        let path = format!("/{}/{id}", of.singular);
        let copy = json!({ "name": fixture::fresh_name_of(of.singular) });
        scan.answer("a copy", &user.post(&format!("{path}/clone"), copy).await);
        scan.answer("a delete", &user.delete(&path).await);
        scan.answer("a restore", &user.post(&format!("{path}/restore"), Value::Null).await);
    }
}

/// What exports hold, unpacked, and what is said of documents that have values in them.
async fn exported(user: &User, scan: &mut Scan) {
    let projects = user.get("/project?plain=true").await.expect(200);
    let mut count = 0;
    for project in projects.as_array().expect("a list") {
        let archive = export::archive(user, &format!("/project/{}", project["id"].as_str().expect("an id"))).await;
        for (name, content) in export::files(&archive) {
            scan.search(&name, &String::from_utf8_lossy(&content));
            count += 1;
        }
    }
    assert!(count > 5, "{count} files are exported");
    let value = json!(scan.plant("imported"));
    for document in [
        format!("secret:\n  name: imported\n  value: {value}\n"),
        format!("secret:\n  name: imported\n  no_such_column: {value}\n  value: {value}\n"),
        format!("webhook:\n  name: imported\n  key: {value}\n  is_enabled: {value}\n"),
        format!("secret:\n  value: [{value}\n"),
    ] {
        let sent = user.request("POST", "/import").header("content-type", "application/yaml").body(document);
        scan.answer("an import", &crate::client::answer(sent).await);
    }
}

/// What archives of exports hold, unpacked, and what a folder holds that was brought to the same as the server.
async fn synced(server: &Server, user: &User, scan: &mut Scan) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (place, name) in [("workspace", None), ("project", Some("Default project"))] {
        let list = user.get(&format!("/{place}?plain=true")).await.expect(200);
        let found = list.as_array().expect("a list").iter().find(|row| name.is_none_or(|name| row["name"] == name)).expect("it is there");
        let id = found["id"].as_str().expect("an id");
        for query in ["", "&informational=true"] {
            let file = folder.path().join(format!("{place}{}.zip", query.len()));
            let answer = user.request("GET", &format!("/{place}/{id}?download=export{query}")).send().await.expect("an answer");
            std::fs::write(&file, answer.bytes().await.expect("a whole body")).expect("it can be written");
            let unpacked = folder.path().join(format!("{place}{}", query.len()));
            let mut archive = zip::ZipArchive::new(std::fs::File::open(&file).expect("it opens")).expect("an archive");
            archive.extract(&unpacked).expect("it unpacks");
            assert!(scan.folder(&unpacked) > 1, "{place}");
        }
    }
    let together = folder.path().join("synced");
    std::fs::create_dir(&together).expect("a folder can be made");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead"));
    command.arg("sync").arg(&together).arg("--apply");
    let synced = command.env("FLOWSTEAD_URL", &server.url).env("FLOWSTEAD_API_KEY", &server.key).output().await.expect("it can be started");
    assert!(synced.status.success(), "{synced:?}");
    scan.search("what a sync says", &format!("{synced:?}"));
    assert!(scan.folder(&together) > 5);
}

/// What a backup holds, unpacked: packed, nothing would be found in it whatever it shows.
async fn backed_up(server: &Server, scan: &mut Scan) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("backup.zip");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead"));
    let made = command.arg("backup").arg(&file).arg("--data").arg(server.folder()).output().await.expect("the binary can be started");
    assert!(made.status.success(), "{made:?}");
    scan.search("what a backup says", &format!("{made:?}"));
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&file).expect("it opens")).expect("an archive");
    archive.extract(folder.path().join("unpacked")).expect("it unpacks");
    assert_eq!(scan.folder(&folder.path().join("unpacked")), 2);
}

#[tokio::test]
async fn no_sealed_value_is_found_in_any_answer_log_or_file() {
    let mut server = Server::start_with(&["[logs]", "level = \"debug,flowstead=trace\""]).await;
    let user = User::with_key(&server.url, &server.key);
    let mut scan = Scan::default();
    let mut made = Vec::new();
    for of in TYPES.iter().copied().filter(|of| !of.is_derived && !sealed(of).is_empty()) {
        let id = create(&user, &mut scan, of).await;
        change(&user, &mut scan, of, &id).await;
        made.push((of, id));
    }
    assert!(made.iter().any(|(of, _)| of.name == "SECRET") && made.iter().any(|(of, _)| of.name == "USER"));
    save_in_flow(&server, &mut scan).await;
    call_webhook(&user, &mut scan).await;
    let wrong = json!({ "user_name": "admin", "password": scan.plant("wrong password") });
    let nobody = User::nobody(&server.url);
    scan.answer("a wrong login", &nobody.post("/auth/login", wrong).await);
    let enrolled = user.post("/auth/2fa/enrol", Value::Null).await.expect(200);
    scan.watch(enrolled["otp_secret"].as_str().expect("a secret"));
    exported(&user, &mut scan).await;
    read_all(&user, &mut scan, &made).await;
    synced(&server, &user, &mut scan).await;
    write_all(&user, &mut scan, &made).await;
    read_all(&user, &mut scan, &made).await;
    assert!(scan.searched > 100, "{} answers were looked at", scan.searched);

    // Before the end, with the database's log beside it, and after, when all of it is in one file.
    let folder = server.folder();
    assert!(folder.join("flowstead.db-wal").exists());
    assert!(scan.folder(&folder) >= 3);
    let log = server.whole_log();
    assert!(log.lines().count() > 100, "the log is on");
    scan.search("the log", &log);
    backed_up(&server, &mut scan).await;
    server.stop().await;
    scan.folder(&folder);
    scan.search("the log", &server.whole_log());
}

const SAVES: &str = "
def handler(system, this, inputs):
    system.setting('kept').save(value=inputs['value'])
    with system.setting('gate'):
        return system.setting('kept').get('value')
";
const HOLDS: &str = "
def handler(system, this, inputs):
    system.setting('gate').acquire()
    this.sleep(100000)
";

#[tokio::test]
async fn what_was_recorded_before_the_keys_were_rotated_is_replayed_after() {
    let mut server = Server::start().await;
    server.post("/setting", &json!({ "name": "gate", "value": 0 })).await;
    server.flow("holds", HOLDS, &Value::Null).await;
    server.flow("saves", SAVES, &Value::Null).await;
    let holder = server.launch("holds", &Value::Null).await;
    server.until(&holder, |record| record["status"] == "SLEEPING").await;
    let id = server.launch("saves", &json!({ "value": [1, 2] })).await;
    server.until(&id, |record| record["status"] == "WAITING_LOCK").await;
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_flowstead"));
    let rotated = command.args(["key-file", "rotate", "--data"]).arg(server.folder()).output().await.expect("the binary can be started");
    assert!(rotated.status.success(), "{rotated:?}");
    std::fs::remove_file(server.folder().join("server.key.before-2")).expect("the older keys are kept");
    server.kill9().await;
    server.restart().await;
    server.post(&format!("/execution/{holder}/cancel"), &Value::Null).await;
    let record = server.ended(&id).await;
    assert_eq!((&record["status"], &record["output_value"]), (&json!("ENDED_SUCCESS"), &json!([1, 2])), "{record}");
}

#[test]
fn the_scan_finds_what_it_looks_for() {
    let mut scan = Scan::default();
    let value = scan.plant("test");
    let inside = STANDARD_NO_PAD.encode(format!("x{value}y"));
    for text in [value.clone(), json!({ "a": value }).to_string(), json!(json!(value).to_string()).to_string(), inside] {
        let found = std::panic::catch_unwind(|| {
            let mut scan = Scan::default();
            scan.plant("test");
            scan.search("a text", &text);
        });
        assert!(found.is_err(), "{text}");
    }
    scan.search("another text", "nothing of it");
}
