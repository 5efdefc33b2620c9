//! Objects and the end of things: cancels in the middle, and a server that is killed there.

use serde_json::{Value, json};

use super::s3::{Buckets, with, write};
use super::stream::{content, kept, roomy, until_spools};
use super::{connections, server};

/// Bytes of a FILE that goes in three parts.
const LONG: usize = 40 << 20;

impl Buckets {
    /// Parts of uploads that have not ended.
    fn parts(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        entries.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().contains("upload"))).count()
    }
}

#[tokio::test]
async fn an_upload_that_is_cancelled_in_the_middle_takes_its_parts_away() {
    let (server, buckets) = (roomy().await, Buckets::start().await);
    write(&server, "long", vec![1_u8; LONG]).await;
    let id = server.launch("connect", &with(buckets.inputs("put", "stuck"), &json!({ "file": "long" }))).await;
    buckets.until_waiting(1).await;
    assert!(buckets.parts() > 0, "the first part is there");
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    buckets.until_waiting(0).await;
    for _ in 0..2400 {
        if buckets.parts() == 0 {
            assert!(!buckets.path("stuck").exists());
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{} parts stayed", buckets.parts());
}

#[tokio::test]
async fn a_download_that_is_cancelled_in_the_middle_leaves_the_file_as_it_was() {
    let (server, buckets) = (roomy().await, Buckets::start().await);
    write(&server, "kept", "old").await;
    let before = kept(&server.folder());
    for (file, then) in [("kept", (200, "old")), ("new", (404, ""))] {
        let id = server.launch("connect", &with(buckets.inputs("get", "stall"), &json!({ "file": file }))).await;
        buckets.until_waiting(1).await;
        until_spools(&server, 1).await;
        server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
        assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
        buckets.until_waiting(0).await;
        until_spools(&server, 0).await;
        let (status, text) = content(&server, file).await;
        assert_eq!(status, then.0, "{file}: {text}");
        assert!(status == 404 || text == then.1, "{file}: {text}");
    }
    let all = connections(&server).await;
    assert!(all.len() == 2 && all.iter().all(|each| each["status"] == "ENDED_CANCELLED"), "{all:?}");
    let grown = kept(&server.folder()).saturating_sub(before);
    assert!(grown < 20_000_000, "{grown} bytes stayed");
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_waits_asks_again() {
    let (mut server, buckets) = (server().await, Buckets::start().await);
    let id = server.launch("connect", &buckets.inputs("get", "slow")).await;
    buckets.until_waiting(1).await;
    server.kill9().await;
    buckets.until_waiting(0).await;
    server.restart().await;
    buckets.until_waiting(1).await;
    until_spools(&server, 0).await;
    server.post(&format!("/execution/{id}/cancel"), &Value::Null).await;
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
}

#[tokio::test]
async fn a_server_that_is_killed_during_an_upload_sends_all_of_it_again_and_no_half_of_it_is_ever_there() {
    let (mut server, buckets) = (roomy().await, Buckets::start().await);
    let whole: Vec<u8> = (0..LONG).map(|at| u8::try_from(at % 251).expect("it is below 251")).collect();
    write(&server, "long", whole.clone()).await;
    std::fs::write(buckets.path("once"), "what was there before").expect("an object can be made");
    let id = server.launch("connect", &with(buckets.inputs("put", "once"), &json!({ "file": "long" }))).await;
    buckets.until_waiting(1).await;
    assert!(buckets.parts() > 0, "the first part is there");
    server.kill9().await;
    buckets.until_waiting(0).await;
    assert_eq!(std::fs::read_to_string(buckets.path("once")).expect("it is there"), "what was there before");
    server.restart().await;
    let ended = server.ended(&id).await;
    assert_eq!((&ended["status"], &ended["output_value"]["bytes"]), (&json!("ENDED_SUCCESS"), &json!(LONG)), "{ended}");
    assert!(std::fs::read(buckets.path("once")).expect("it is there") == whole, "it is the FILE, byte by byte");
    let all = connections(&server).await;
    assert_eq!(all.len(), 1, "it is the same connection");
    let log = server.messages(all[0]["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("safe to repeat")), "{log:?}");
}
