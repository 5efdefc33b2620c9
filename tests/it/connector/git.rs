//! Repositories: what is read of them, what is pushed to them, and how they are not reached.

use serde_json::{Value, json};

use super::machine::{Machine, free_port, port_that_says, reach, reaching};
use super::repository::{Porch, Repositories};
use super::smtp::Sink;
use super::{connections, refused};
use crate::server::Server;

fn git(url: &str, more: &Value) -> Value {
    let mut inputs = json!({ "connector_type": "GIT", "repository_url": url });
    inputs.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    inputs
}

async fn content(server: &Server, name: &str) -> Vec<u8> {
    let name = name.replace('/', "%2F").replace('\u{fc}', "%C3%BC");
    let kept = server.request("GET", &format!("/file/{name}/content?by=name")).send().await.expect("an answer");
    assert!(kept.status().is_success(), "{kept:?}");
    kept.bytes().await.expect("bytes").to_vec()
}

/// The folders that git works in.
fn scratch(server: &Server) -> Vec<String> {
    let entries = std::fs::read_dir(server.folder()).expect("a data folder").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| name.starts_with("git-")).collect()
}

/// The command lines of all processes.
fn command_lines() -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("proc is there").flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .collect()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..2400 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it does not come to this: {what}");
}

#[tokio::test]
async fn a_branch_a_tag_and_a_commit_give_their_files_and_who_made_them() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let (_daemon, port) = repositories.daemon();
    let url = format!("git://127.0.0.1:{port}/things.git");
    let sha = repositories.ask("things.git", &["rev-parse", "main"]);
    let second = json!([
        { "name": "folder/gr\u{fc}n.txt", "content": "gr\u{fc}n" }, { "name": "folder/run.sh", "content": "#!/bin/sh\n" },
        { "name": "read.me", "content": "two\n" },
    ]);
    for reference in [Value::Null, json!("main"), json!("develop"), json!("refs/heads/main"), json!(sha), json!(sha[..9])] {
        let more = if reference.is_null() { json!({}) } else { json!({ "ref": reference }) };
        let output = reach(&server, &git(&url, &more)).await;
        assert_eq!((&output["files"], &output["commit_sha"]), (&second, &json!(sha)), "{reference}");
        assert_eq!((&output["author_name"], &output["author_email"]), (&json!("Ada L\u{f6}we"), &json!("ada@example.org")));
        assert_eq!(output["commit_message"], "The second\n\nwith more to say");
        assert_eq!((&output["commit_date_iso"], &output["commit_date_unix"]), (&json!("2024-02-29T12:00:00+01:00"), &json!(1_709_204_400)));
        assert!(output["short_sha"].as_str().is_some_and(|short| short.len() >= 7 && sha.starts_with(short)), "{output}");
    }
    let log = server.messages(connections(&server).await[0]["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("'link' is a symbolic link and is left out")), "{log:?}");
    let first = reach(&server, &git(&url, &json!({ "ref": "v1" }))).await;
    assert_eq!((&first["files"], &first["commit_message"]), (&json!([{ "name": "read.me", "content": "one\n" }]), &json!("The first")));
    let about = reach(&server, &git(&url, &json!({ "command": "metadata", "ref": "v1" }))).await;
    assert_eq!((&about["files"], &about["commit_sha"]), (&Value::Null, &first["commit_sha"]));
    assert_eq!(scratch(&server), [""; 0], "nothing is left behind");
}

#[tokio::test]
async fn files_are_kept_as_they_are_where_that_is_asked_for() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let (_daemon, port) = repositories.daemon();
    let url = format!("git://127.0.0.1:{port}/things.git");
    let (_, text) = refused(&server, git(&url, &json!({ "ref": "binary" }))).await;
    assert!(text.contains("give 'files_path'"), "{text}");
    let output = reach(&server, &git(&url, &json!({ "ref": "binary", "files_path": "/kept/" }))).await;
    assert_eq!(output["files"][0], json!({ "name": "data.bin", "file": "kept/data.bin" }));
    assert!(content(&server, "kept/data.bin").await == vec![0; 2 << 20]);
    assert_eq!(content(&server, "kept/folder/gr\u{fc}n.txt").await, "gr\u{fc}n".as_bytes());
}

#[tokio::test]
async fn a_push_lays_files_over_a_branch_or_begins_one() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let (_daemon, port) = repositories.daemon();
    let url = format!("git://127.0.0.1:{port}/things.git");
    let before = repositories.ask("things.git", &["rev-parse", "main"]);
    let more = json!({
        "command": "push", "files": { "new/file.txt": "new\n", "folder/run.sh": "#!/bin/bash\n" }, "message": "By a flow\n\n-m is no option",
        "author_name": "Flow", "author_email": "flow@example.org",
    });
    let output = reach(&server, &git(&url, &more)).await;
    let sha = output["commit_sha"].as_str().expect("a commit").to_owned();
    assert_eq!((&output["author_name"], &output["commit_message"]), (&json!("Flow"), &json!("By a flow\n\n-m is no option")));
    assert_eq!(repositories.ask("things.git", &["rev-parse", "main", "main^"]), format!("{sha}\n{before}"));
    let files = repositories.ask("things.git", &["ls-tree", "-r", "main"]);
    for part in ["100644 blob", "\tnew/file.txt", "\tread.me", "120000 blob"] {
        assert!(files.contains(part), "{part}: {files}");
    }
    assert!(files.lines().any(|line| line.starts_with("100755") && line.ends_with("folder/run.sh")), "a program stays one: {files}");
    let again = reach(&server, &git(&url, &more)).await;
    assert_eq!(again["commit_sha"], json!(sha), "there is nothing to push");
    let branch = reach(&server, &git(&url, &json!({ "command": "push", "ref": "feature/a", "files": { "a": "a" } }))).await;
    assert_eq!(json!(repositories.ask("things.git", &["rev-parse", "feature/a"])), branch["commit_sha"]);
    assert_eq!(repositories.ask("things.git", &["ls-tree", "--name-only", "feature/a"]), "a");
    let url = format!("git://127.0.0.1:{port}/empty.git");
    let (_, text) = refused(&server, git(&url, &json!({}))).await;
    assert!(text.contains("no commit yet"), "{text}");
    reach(&server, &git(&url, &json!({ "command": "push", "files": { "a": "a" } }))).await;
    assert_eq!(repositories.ask("empty.git", &["show", "main:a"]), "a");
}

#[tokio::test]
async fn a_login_over_http_is_needed_and_shown_nowhere() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let porch = Porch::open(&repositories).await;
    let made = server.post("/secret", &json!({ "name": "way", "value": "open sesame", "allowed_hosts": ["127.0.0.1"] })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let url = porch.url("things.git");
    let login = json!({ "username": "me", "password": "secret(way)" });
    assert_eq!(reach(&server, &git(&url, &login)).await["files"][2]["content"], "two\n");
    let mut push = login.clone();
    push.as_object_mut().expect("an object").extend(json!({ "command": "push", "files": { "a": "a" } }).as_object().expect("one").clone());
    reach(&server, &git(&url, &push)).await;
    assert_eq!(repositories.ask("things.git", &["show", "main:a"]), "a");
    for more in [json!({}), json!({ "username": "me", "password": "open barley" })] {
        let (class, text) = refused(&server, git(&url, &more)).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains("the server wants another login") && !text.contains("barley"), "{text}");
    }
    let (_, text) = refused(&server, git(&url.replace("127.0.0.1", "localhost"), &login)).await;
    assert!(text.contains("may not be sent to 'localhost'"), "{text}");
    // While it is under way, no list of processes shows it.
    porch.hold(true);
    let id = server.launch("reach", &git(&url, &login)).await;
    porch.until_waiting(1).await;
    let lines = command_lines();
    assert!(lines.iter().any(|line| line.contains(&url)), "it is under way");
    assert!(!lines.iter().any(|line| line.contains("bWU6b3Bl") || line.contains("open sesame")));
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    server.ended(&id).await;
    let all = connections(&server).await.iter().map(Value::to_string).collect::<String>() + &server.whole_log();
    assert!(!all.contains("open sesame") && !all.contains("bWU6b3Bl"));
}

#[tokio::test]
async fn a_repository_over_ssh_is_opened_by_a_key_and_its_server_is_looked_at() {
    let (server, repositories, machine) = (reaching(&[]).await, Repositories::make(), Machine::start());
    let url = format!("ssh://{}@127.0.0.1:{}{}", machine.user, machine.port, repositories.path("things.git").display());
    let with = |more: Value| {
        let mut inputs =
            git(&url, &json!({ "command": "metadata", "ssh_key": machine.read("key"), "ssh_hostkey": machine.read("host.pub") }));
        for (name, value) in more.as_object().expect("an object") {
            inputs[name] = value.clone();
        }
        inputs
    };
    assert_eq!(reach(&server, &with(json!({}))).await["author_email"], "ada@example.org");
    reach(&server, &with(json!({ "ssh_hostkey": false }))).await;
    let locked = |passphrase: &str| json!({ "ssh_key": machine.read("locked"), "ssh_passphrase": passphrase });
    reach(&server, &with(locked("open sesame"))).await;
    let pushed = reach(&server, &with(json!({ "command": "push", "files": { "a": "a" } }))).await;
    assert_eq!(json!(repositories.ask("things.git", &["rev-parse", "main"])), pushed["commit_sha"]);
    for (more, words) in [
        (json!({ "ssh_key": machine.read("stranger") }), "lets nobody in with this 'ssh_key'"),
        (json!({ "ssh_hostkey": machine.read("key.pub") }), "another key than 'ssh_hostkey'"),
        (json!({ "ssh_hostkey": true }), "needs 'ssh_hostkey'"),
        (json!({ "ssh_hostkey": "SHA256:abc" }), "is a fingerprint"),
        (json!({ "ssh_key": "no key" }), "'ssh_key' is no private key"),
        (json!({ "ssh_key": machine.read("locked") }), "'ssh_key' is encrypted and needs its 'ssh_passphrase'"),
        (locked("open barley"), "'ssh_passphrase' is not its own"),
        (json!({ "password": "x" }), "'password' is for HTTP"),
    ] {
        let (class, text) = refused(&server, with(more)).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains(words) && !text.contains("PRIVATE KEY-----\n") && !text.contains("barley"), "{words}: {text}");
    }
    assert_eq!(scratch(&server), [""; 0], "no key is left behind");
}

#[tokio::test]
async fn a_repository_that_is_not_there_slow_broken_or_not_trusted_is_said_in_words() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let (_daemon, port) = repositories.daemon();
    let (url, sink) = (format!("git://127.0.0.1:{port}/things.git"), Sink::start("implicit", &[]));
    let secure = format!("https://localhost:{}/things.git", sink.port);
    for (url, more, words) in [
        (url.clone(), json!({ "ref": "no-such-branch" }), "there is no branch, tag or commit 'no-such-branch'"),
        (url.clone(), json!({ "ref": "0123456789abcdef" }), "there is no branch, tag or commit '0123456789abcdef'"),
        (format!("git://127.0.0.1:{port}/no-such.git"), json!({}), "no-such.git"),
        (format!("http://127.0.0.1:{}/a", free_port()), json!({}), "onnect to 127.0.0.1"),
        (format!("git://127.0.0.1:{}/a", port_that_says(b"")), json!({ "timeout": 1 }), "not ended within the timeout of 1 s"),
        (format!("http://127.0.0.1:{}/a", port_that_says(b"HTTP/1.1 500 No\r\n\r\n")), json!({}), "500"),
        (secure.clone(), json!({}), "certificate"),
        (secure.clone(), json!({ "cacert": "no certificate" }), "'cacert' holds no certificate"),
    ] {
        let (class, text) = refused(&server, git(&url, &more)).await;
        assert_eq!(class, "DependencyFailedError", "{text}");
        assert!(text.contains(words), "{words}: {text}");
    }
    let (_, text) = refused(&server, git(&secure, &json!({ "cacert": sink.certificate }))).await;
    assert!(!text.contains("certificate"), "it is trusted, and is a mail server: {text}");
    assert_eq!(scratch(&server), [""; 0], "nothing is left behind");
}

#[tokio::test]
async fn nothing_but_repositories_of_the_network_is_reached() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let local = repositories.path("things.git").display().to_string();
    for (url, more, words) in [
        (local.clone(), json!({}), "'repository_url'"),
        (format!("file://{local}"), json!({}), "begins with 'file://'"),
        ("ext::sh -c id".to_owned(), json!({}), "'repository_url'"),
        ("--upload-pack=id".to_owned(), json!({}), "'repository_url'"),
        ("https://me:open@example.org/a".to_owned(), json!({}), "has a password in it"),
        ("https://example.org/a".to_owned(), json!({ "ref": "--upload-pack=id" }), "no name of a branch"),
        ("git://127.0.0.1/a".to_owned(), json!({ "password": "x" }), "takes no login"),
        ("https://example.org/a".to_owned(), json!({ "command": "push", "files": { "../a": "a" } }), "no path in a repository"),
        ("https://example.org/a".to_owned(), json!({ "command": "push" }), "needs 'files'"),
    ] {
        let (class, text) = refused(&server, git(&url, &more)).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains(words) && !text.contains("me:open"), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_cancelled_fetch_leaves_no_program_and_no_folder() {
    let (server, repositories) = (reaching(&[]).await, Repositories::make());
    let porch = Porch::open(&repositories).await;
    porch.hold(true);
    let url = porch.url("things.git");
    let id = server.launch("reach", &git(&url, &json!({}))).await;
    porch.until_waiting(1).await;
    assert!(command_lines().iter().any(|line| line.contains(&url)) && scratch(&server).len() == 1);
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
    until("git has ended", || !command_lines().iter().any(|line| line.contains(&url))).await;
    until("its folder is gone", || scratch(&server).is_empty()).await;
}

#[tokio::test]
async fn a_fetch_is_made_again_after_the_server_died_and_a_push_is_not() {
    let (mut server, repositories) = (reaching(&[]).await, Repositories::make());
    let porch = Porch::open(&repositories).await;
    porch.hold(true);
    let login = json!({ "username": "me", "password": "open sesame" });
    let fetching = server.launch("reach", &git(&porch.url("things.git"), &login)).await;
    let mut push = login.clone();
    push.as_object_mut().expect("an object").extend(json!({ "command": "push", "files": { "a": "a" } }).as_object().expect("one").clone());
    let pushing = server.launch("reach", &git(&porch.url("things.git"), &push)).await;
    porch.until_waiting(2).await;
    server.kill9().await;
    porch.hold(false);
    server.restart().await;
    let ended = server.ended(&fetching).await;
    assert_eq!((&ended["status"], &ended["output_value"]["files"][2]["content"]), (&json!("ENDED_SUCCESS"), &json!("two\n")), "{ended}");
    let ended = server.ended(&pushing).await;
    let said = ended["status_message"].as_str().unwrap_or_default();
    assert!(ended["status"] == "ENDED_ERROR" && said.contains("whether it took effect is not known"), "{ended}");
    assert_eq!(scratch(&server), [""; 0], "what the dead server left is gone");
    assert_eq!(repositories.ask("things.git", &["ls-tree", "--name-only", "main", "a"]), "");
}
