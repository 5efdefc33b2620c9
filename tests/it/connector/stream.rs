//! Bodies that are larger than anybody wants to hold: they go by, and what is cut off leaves nothing behind.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{CONNECT, TRY, connect, connections, refused, server};
use crate::client::answer;
use crate::server::Server;

/// The most memory that a server's process has held so far, bytes.
pub fn peak(server: &Server) -> u64 {
    let process = server.child.id().expect("the server runs");
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel counts memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number of kilobytes") * 1024
}

/// A server whose files may be large, with the flows of [`super::server`].
pub async fn roomy() -> Server {
    let server = Server::start_with(&["[server]", "file_limit_bytes = 2000000000"]).await;
    server.flow("connect", CONNECT, &Value::Null).await;
    server.flow("try", TRY, &Value::Null).await;
    server
}

/// Files without a name that the server holds open: where content lies until it is whole.
pub fn spools(server: &Server) -> usize {
    let process = server.child.id().expect("the server runs");
    let open = std::fs::read_dir(format!("/proc/{process}/fd")).expect("the process is there");
    let targets = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(server.folder()) && target.to_string_lossy().ends_with("(deleted)")).count()
}

/// Waits until the server holds so many of them.
pub async fn until_spools(server: &Server, count: usize) {
    for _ in 0..2400 {
        if spools(server) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the server holds {} files without a name, not {count}", spools(server));
}

/// Bytes of all files of the data folder.
pub fn kept(folder: &Path) -> u64 {
    let mut size = 0;
    for entry in std::fs::read_dir(folder).expect("a data folder").filter_map(Result::ok) {
        let Ok(data) = entry.metadata() else { continue };
        size += if data.is_dir() { kept(&entry.path()) } else { data.len() };
    }
    size
}

/// The status with which the file's content is answered, and the content.
pub async fn content(server: &Server, name: &str) -> (u16, String) {
    let answered = answer(server.request("GET", &format!("/file/{name}/content?by=name"))).await;
    (answered.status, answered.text)
}

const GIGABYTE: u64 = 1 << 30;

#[tokio::test]
async fn a_gigabyte_comes_in_and_goes_out_and_memory_stays_flat() {
    let (server, far) = (roomy().await, FarSide::start().await);
    connect(&server, json!({ "url": format!("{}/size/3000000", far.url), "dst": "small" })).await;
    connect(&server, json!({ "url": format!("{}/count", far.url), "method": "post", "src": "small" })).await;
    let before = peak(&server);
    let answer = connect(&server, json!({ "url": format!("{}/size/{GIGABYTE}", far.url), "dst": "large" })).await;
    assert_eq!(answer["file"], "large");
    assert_eq!(server.get("/file/large?by=name&plain=true").await.body["content_size_bytes"], GIGABYTE);
    let sent = connect(&server, json!({ "url": format!("{}/count", far.url), "method": "post", "src": "large" })).await;
    assert_eq!((&sent["json"]["size"], &sent["json"]["announced"]), (&json!(GIGABYTE), &json!(GIGABYTE.to_string())));
    let grown = peak(&server).saturating_sub(before);
    assert!(grown < 100 << 20, "the server's memory grew by {grown} bytes");
}

#[tokio::test]
async fn a_file_is_sent_as_a_body_or_as_a_part_of_one() {
    let (server, far) = (server().await, FarSide::start().await);
    let url = format!("{}/count", far.url);
    assert_eq!(answer(server.request("PUT", "/file/note.txt/content?by=name").body("what it says")).await.status, 201);
    let body = connect(&server, json!({ "url": url, "method": "put", "src": "note.txt" })).await["json"].clone();
    let whole = json!({ "size": 12, "announced": "12", "type": "application/octet-stream", "first": "what it says" });
    assert_eq!(body, whole);
    let typed = json!({ "url": url, "method": "put", "src": "note.txt", "headers": { "content-type": "text/markdown" } });
    assert_eq!(connect(&server, typed).await["json"]["type"], "text/markdown");
    let part = json!({ "name": "it", "file": "note.txt", "content_type": "text/plain" });
    let parts = connect(&server, json!({ "url": url, "method": "post", "multipart": [part, { "name": "n", "value": "1" }] })).await;
    let first = parts["json"]["first"].as_str().expect("text");
    assert!(first.contains("filename=\"note.txt\"") && first.contains("text/plain"), "{first}");
    assert_eq!(parts["json"]["announced"], parts["json"]["size"].to_string(), "its length is known beforehand");
    let (_, text) = refused(&server, json!({ "connector_type": "REST", "url": url, "method": "post", "src": "absent" })).await;
    assert!(text.contains("absent"), "{text}");
    assert_eq!(
        refused(&server, json!({ "connector_type": "REST", "url": url, "src": "note.txt", "text": "x" })).await.0,
        "InvalidInputError"
    );
}

#[tokio::test]
async fn what_is_cancelled_in_the_middle_leaves_nothing_behind() {
    let (server, far) = (roomy().await, FarSide::start().await);
    let before = kept(&server.folder());
    let id = server.launch("connect", &json!({ "url": format!("{}/stall/50000000", far.url), "dst": "half" })).await;
    far.until_waiting(1).await;
    until_spools(&server, 1).await;
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    far.until_waiting(0).await;
    until_spools(&server, 0).await;
    assert_eq!(content(&server, "half").await.0, 404);
    let grown = kept(&server.folder()).saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} bytes stayed");
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_middle_keeps_nothing_of_it_and_begins_anew() {
    let (mut server, far) = (roomy().await, FarSide::start().await);
    let before = kept(&server.folder());
    let id = server.launch("connect", &json!({ "url": format!("{}/stall/50000000", far.url), "dst": "half" })).await;
    far.until_waiting(1).await;
    until_spools(&server, 1).await;
    server.kill9().await;
    far.until_waiting(0).await;
    let grown = kept(&server.folder()).saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} bytes stayed");
    server.restart().await;
    far.until_waiting(1).await;
    assert_eq!(content(&server, "half").await.0, 404);
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await.len(), 1, "it is the same connection");
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_not_the_expected_one_leaves_the_file_as_it_was() {
    let (server, far) = (server().await, FarSide::start().await);
    assert_eq!(answer(server.request("PUT", "/file/kept/content?by=name").body("old")).await.status, 201);
    for (path, words) in [("/cut/3000000", "broke off"), ("/cut/200", "broke off"), ("/status/404", "answered 404")] {
        for dst in ["kept", "new"] {
            let inputs = json!({
                "connector_type": "REST", "url": far.url.clone() + path, "dst": dst, "retry_backoff": { "initial": 0.01, "deadline": 0.001 },
            });
            let (_, text) = refused(&server, inputs).await;
            assert!(text.contains(words), "{path}: {text}");
        }
        assert_eq!(content(&server, "kept").await, (200, "old".to_owned()), "{path}");
        assert_eq!(content(&server, "new").await.0, 404, "{path}");
    }
    let page =
        connections(&server).await.into_iter().find(|each| each["output_value"]["status_code"] == 404).expect("one was answered 404");
    assert_eq!((&page["output_value"]["json"]["code"], &page["output_value"]["file"]), (&json!(404), &Value::Null), "what it said is kept");
}

#[tokio::test]
async fn an_answer_that_is_larger_than_a_file_may_be_is_refused_whether_or_not_it_says_so() {
    let (server, far) = (Server::start_with(&["[server]", "file_limit_bytes = 1000000"]).await, FarSide::start().await);
    server.flow("try", TRY, &Value::Null).await;
    for (path, words) in [("/size/3000000", "1000000 bytes"), ("/cut/1000000", "has 2000000 bytes")] {
        for dst in [json!({ "dst": "large" }), json!({})] {
            let mut inputs = dst;
            inputs["connector_type"] = json!("REST");
            inputs["url"] = json!(far.url.clone() + path);
            let (_, text) = refused(&server, inputs).await;
            assert!(text.contains(words), "{path}: {text}");
        }
    }
    assert_eq!(server.get("/file").await.body["total"], 0);
}
