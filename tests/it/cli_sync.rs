//! `flowstead export`, `import` and `sync` as a user has them: a real server, a real folder, the binary's own words.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use crate::server::Server;

const SCRIPT: &str = "def handler(system, this, inputs):\n    return 1\n";

/// What a command said, and whether it was content.
struct Said {
    text: String,
    is_ok: bool,
}

impl Said {
    fn has(&self, words: &str) -> &Said {
        assert!(self.text.contains(words), "no '{words}' in:\n{}", self.text);
        self
    }

    fn fine(self) -> Said {
        assert!(self.is_ok, "{}", self.text);
        self
    }

    fn refused(self) -> Said {
        assert!(!self.is_ok, "{}", self.text);
        self
    }
}

async fn say(command: &mut Command) -> Said {
    let output = command.env_remove("FLOWSTEAD_DATA").output().await.expect("the binary can be started");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Said { text, is_ok: output.status.success() }
}

async fn flowstead(server: &Server, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowstead"));
    say(command.args(arguments).env("FLOWSTEAD_URL", &server.url).env("FLOWSTEAD_API_KEY", &server.key)).await
}

/// On the data folder, through the control socket while the server runs.
async fn locally(server: &Server, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowstead"));
    say(command.args(arguments).arg("--data").arg(server.folder()).env_remove("FLOWSTEAD_URL")).await
}

fn read(folder: &Path, path: &str) -> String {
    std::fs::read_to_string(folder.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

async fn value(server: &Server, name: &str) -> serde_json::Value {
    server.get(&format!("/setting/{name}?by=name&plain=true")).await.body["value"].clone()
}

#[tokio::test]
async fn documents_are_exported_and_imported_with_a_key_by_the_socket_and_while_the_server_stands_still() {
    let mut server = Server::start().await;
    server.flow("hello", SCRIPT, &json!({})).await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("hello.yaml").display().to_string();
    flowstead(&server, &["export", "flow", "hello", "--output", &file]).await.fine().has("wrote");
    assert!(read(folder.path(), "hello.yaml").starts_with("flow:\n  name: hello\n"));
    let changed = read(folder.path(), "hello.yaml").replace("return 1", "return 2");
    std::fs::write(folder.path().join("hello.yaml"), changed).unwrap();
    flowstead(&server, &["import", &file, "--dry-run"]).await.fine().has("updated    flow hello").has("Would be");
    flowstead(&server, &["import", &file, "--message", "two"]).await.fine().has("1 updated");
    locally(&server, &["import", &file]).await.fine().has("1 unchanged");
    flowstead(&server, &["import", &file, "--if-exists", "error"]).await.refused().has("already");
    let text = "setting: {name: m1, value: 1}\n---\nsetting:\n  name: m2\n  valu: 2\n---\nsetting: {name: m3, value: 3}\n";
    std::fs::write(folder.path().join("many.yaml"), text).unwrap();
    let many = folder.path().join("many.yaml").display().to_string();
    let said = flowstead(&server, &["import", &many]).await.refused();
    said.has("left       setting m1").has("refused    setting m2 (5): A document of a setting has no 'valu'").has("left       setting m3");
    said.has("1 of 3 documents are refused");
    assert!(value(&server, "m1").await.is_null(), "all of a file or nothing");
    std::fs::remove_file(&many).unwrap();
    let archive = folder.path().join("all.zip").display().to_string();
    locally(&server, &["export", "project", "Default project", "--output", &archive]).await.fine();
    flowstead(&server, &["export", "flow", "helo", "--output", "-"]).await.refused().has("Did you mean 'hello'?");
    flowstead(&server, &["export", "flo", "hello"]).await.refused().has("Did you mean 'flow'?");
    server.stop().await;
    locally(&server, &["import", &archive]).await.fine().has("unchanged");
    let out = locally(&server, &["export", "flow", "hello", "-o", "-"]).await.fine();
    out.has("return 2");
    server.restart().await;
}

#[tokio::test]
async fn a_folder_and_a_server_are_brought_to_the_same_both_ways() {
    let server = Server::start().await;
    server.flow("hello", SCRIPT, &json!({})).await;
    server.post("/setting", &json!({"name": "s", "value": 1})).await;
    let temporary = TempDir::new().unwrap();
    let (path, folder) = (temporary.path().display().to_string(), temporary.path());
    let sync = async |more: &[&str]| flowstead(&server, &[&["sync", path.as_str(), "--project", "Default project"], more].concat()).await;

    sync(&[]).await.refused().has("add        flow hello in the folder").has("give --apply");
    assert!(!folder.join("flow").exists(), "only shown");
    sync(&["--apply"]).await.fine().has("Done");
    assert_eq!(read(folder, "flow/hello.flow.py"), SCRIPT);
    sync(&[]).await.fine().has("are the same");

    // The folder's change, a comment kept, goes to the server; the server's comes to the folder.
    std::fs::write(folder.join("flow/hello.flow.py"), SCRIPT.replace('1', "2")).unwrap();
    let kept = format!("# mine\n{}", read(folder, "setting/s.setting.yaml"));
    std::fs::write(folder.join("setting/s.setting.yaml"), &kept).unwrap();
    server.post("/setting", &json!({"name": "t", "value": [1]})).await;
    let new = "setting:\n  name: new\n  project: {name: Default project}\n  value: 5\n";
    std::fs::write(folder.join("new.yaml"), new).unwrap();
    let said = sync(&["--apply"]).await.fine();
    said.has("change     flow hello on the server").has("add        setting t in the folder").has("add        setting new on the server");
    let flow = server.get("/flow/hello?by=name&plain=true").await.body;
    assert!(flow["script"].as_str().unwrap().contains("return 2"), "{flow}");
    assert_eq!((value(&server, "new").await, read(folder, "setting/s.setting.yaml")), (json!(5), kept));
    assert!(folder.join("setting/t.setting.yaml").exists());
    sync(&[]).await.fine();

    // Nothing is deleted unasked.
    std::fs::remove_file(folder.join("setting/t.setting.yaml")).unwrap();
    sync(&["--apply"]).await.fine().has("keep       setting t on the server");
    assert_eq!(value(&server, "t").await, json!([1]));
    server.send("DELETE", "/setting/new?by=name", &serde_json::Value::Null).await;
    sync(&["--apply", "--delete"]).await.fine().has("delete     setting t on the server").has("delete     setting new in the folder");
    assert!(value(&server, "t").await.is_null() && !folder.join("new.yaml").exists());
    sync(&[]).await.fine().has("are the same");
}

#[tokio::test]
async fn a_conflict_stops_everything_until_it_is_decided() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.post("/setting", &json!({"name": name, "value": 1})).await;
    }
    let temporary = TempDir::new().unwrap();
    let (path, folder) = (temporary.path().display().to_string(), temporary.path());
    let sync = async |more: &[&str]| flowstead(&server, &[&["sync", path.as_str(), "--project", "Default project"], more].concat()).await;
    sync(&["--apply"]).await.fine();
    for name in ["a", "b", "c"] {
        let file = folder.join(format!("setting/{name}.setting.yaml"));
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("value: 1", "value: 2")).unwrap();
    }
    for name in ["a", "b"] {
        server.post("/setting", &json!({"name": name, "value": 3})).await;
    }
    let said = sync(&["--apply"]).await.refused();
    said.has("CONFLICT   setting a: it was changed on both sides").has("CONFLICT   setting b").has("2 conflicts: nothing was done");
    assert_eq!(value(&server, "c").await, json!(1), "not even what is no conflict");
    sync(&["--apply", "--prefer", "setting/a=folder"]).await.refused().has("1 conflict:");
    sync(&["--apply", "--prefer", "setting/a=folder", "--prefer", "server"]).await.fine();
    assert_eq!((value(&server, "a").await, value(&server, "b").await, value(&server, "c").await), (json!(2), json!(3), json!(2)));
    assert!(read(folder, "setting/b.setting.yaml").contains("value: 3"));
    sync(&[]).await.fine();

    // What the server refuses leaves both as they were.
    std::fs::write(folder.join("bad.yaml"), "tag:\n  name: t\n  color: red\n").unwrap();
    sync(&["--apply"]).await.refused().has("refused    tag t (bad.yaml:3)");
    std::fs::write(folder.join("bad.yaml"), "tag: [").unwrap();
    sync(&[]).await.refused().has("bad.yaml: Line");
    std::fs::remove_file(folder.join("bad.yaml")).unwrap();
    sync(&["--prefer", "mine"]).await.refused().has("is no side");
    flowstead(&server, &["sync", &path]).await.refused().has("synchronised with the project Default project");
}
