//! Copies from and to another machine: content, places, large files, and how they fail.

use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::machine::{Machine, free_port, port_that_says, reach, reaching};
use super::{connections, refused};
use crate::server::Server;

const MIB: u64 = 1 << 20;

async fn content(server: &Server, name: &str) -> Vec<u8> {
    let kept = server.request("GET", &format!("/file/{name}/content?by=name")).send().await.expect("an answer");
    assert!(kept.status().is_success(), "{kept:?}");
    kept.bytes().await.expect("bytes").to_vec()
}

/// Bytes that are no pattern.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A number of `/proc/<pid>/status`, in bytes.
fn memory(server: &Server, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id().expect("it runs"))).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("a number");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// Waits until there is a connection that does its work.
async fn until_busy(server: &Server) -> String {
    for _ in 0..2400 {
        if let Some(busy) = connections(server).await.iter().find(|each| each["status"] == "RUNNING") {
            return busy["id"].as_str().expect("an id").to_owned();
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nothing is under way");
}

#[tokio::test]
async fn a_file_comes_and_goes_as_it_is() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let given = bytes((3 << 20) + 17);
    std::fs::write(machine.path("given.bin"), &given).expect("written");
    std::fs::write(machine.path("nothing"), b"").expect("written");
    std::fs::create_dir(machine.path("in")).expect("made");
    for of in ["SFTP", "SCP"] {
        let at = |name: &str| machine.path(name).display().to_string();
        let into = json!({ "src": at("given.bin"), "dst": "cloudomation:there.bin" });
        let came = reach(&server, &machine.inputs(of, &into)).await;
        assert_eq!(came, json!({ "bytes": given.len(), "files": ["there.bin"] }));
        assert!(content(&server, "there.bin").await == given, "{of}");
        let named = reach(&server, &machine.inputs(of, &json!({ "src": at("nothing"), "dst": "cloudomation:" }))).await;
        assert_eq!((&named["files"], content(&server, "nothing").await.len()), (&json!(["nothing"]), 0));
        for (dst, made) in [(at("back.bin"), "back.bin"), (at("in/"), "in/there.bin"), (at("in"), "in/there.bin")] {
            let went = reach(&server, &machine.inputs(of, &json!({ "src": "cloudomation:there.bin", "dst": dst }))).await;
            assert_eq!(went["bytes"], given.len());
            assert!(std::fs::read(machine.path(made)).expect("it is there") == given, "{of} {dst}");
            std::fs::remove_file(machine.path(made)).expect("removed");
        }
    }
}

#[tokio::test]
async fn a_gigabyte_comes_through_in_pieces() {
    const SIZE: u64 = 1 << 30;
    let (server, machine) = (reaching(&["[server]", &format!("file_limit_bytes = {}", 2 * SIZE)]).await, Machine::start());
    // Nothing but its end is on the disk.
    let large = std::fs::File::create(machine.path("large")).expect("made");
    large.set_len(SIZE).expect("a sparse file");
    large.write_all_at(b"the end", SIZE - 7).expect("written");
    std::fs::write(machine.path("small"), "small").expect("written");
    reach(&server, &machine.inputs("SFTP", &json!({ "src": machine.path("small"), "dst": "cloudomation:small" }))).await;
    let before = memory(&server, "VmRSS");
    let came = reach(&server, &machine.inputs("SFTP", &json!({ "src": machine.path("large"), "dst": "cloudomation:large" }))).await;
    let most = memory(&server, "VmHWM");
    assert_eq!(came["bytes"], SIZE);
    assert!(most < before + 100 * MIB, "{} MiB more than before", (most - before) / MIB);
    let record = server.get("/file/large?by=name&plain=true").await.body;
    let mut hash = Sha256::new();
    let zeros = vec![0; 1 << 20];
    for _ in 1..SIZE / MIB {
        hash.update(&zeros);
    }
    hash.update(&zeros[7..]);
    hash.update(b"the end");
    assert_eq!(record["sha256"], hex::encode(hash.finalize()), "{record}");
}

#[tokio::test]
async fn what_cannot_be_copied_is_said_in_words() {
    let (server, machine) = (reaching(&["[server]", "file_limit_bytes = 1000"]).await, Machine::start());
    std::fs::write(machine.path("large"), vec![0; 1001]).expect("written");
    let at = |name: &str| machine.path(name).display().to_string();
    for (src, dst, words) in [
        (at("no-such-file"), "cloudomation:x".to_owned(), "there is no '"),
        (at("."), "cloudomation:x".to_owned(), "names one file"),
        (machine.folder.path().display().to_string(), "cloudomation:x".to_owned(), "is a folder; name one file"),
        (at("large"), "cloudomation:x".to_owned(), "has 1001 bytes; a file may have 1000"),
        (at("a"), at("b"), "neither does"),
        ("cloudomation:a".to_owned(), "cloudomation:b".to_owned(), "Only one of"),
        ("cloudomation:no-such-file".to_owned(), at("b"), "no-such-file"),
    ] {
        let (class, text) = refused(&server, machine.inputs("SFTP", &json!({ "src": src, "dst": dst }))).await;
        assert_eq!(class, "DependencyFailedError", "{text}");
        assert!(text.contains(words), "{words}: {text}");
    }
    let made = server.request("PUT", "/file/a/content?by=name").body("a").send().await.expect("an answer");
    assert!(made.status().is_success());
    let (_, text) = refused(&server, machine.inputs("SFTP", &json!({ "src": "cloudomation:a", "dst": at("no/such/folder") }))).await;
    assert!(text.contains("there is no '"), "{text}");
    let closed = Machine::start_with("");
    let (_, text) = refused(&server, closed.inputs("SCP", &json!({ "src": "/x", "dst": "cloudomation:x" }))).await;
    assert!(text.contains("does not serve its files over SFTP"), "{text}");
}

#[tokio::test]
async fn a_machine_that_is_not_there_slow_broken_or_another_is_said_in_words() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    for (more, words) in [
        (json!({ "port": free_port() }), "no connection (Connection refused"),
        (json!({ "port": port_that_says(b""), "connect_timeout": 0.5 }), "no connection within the connect_timeout of 0.5 s"),
        (json!({ "port": port_that_says(b""), "timeout": 0.5 }), "not ended within the timeout of 0.5 s"),
        (json!({ "port": port_that_says(b"220 FTP\r\n") }), "closed the connection"),
        (json!({ "key": machine.read("stranger") }), "in with this key"),
        (json!({ "hostkey": machine.read("key.pub") }), "that is not 'hostkey'"),
    ] {
        let mut inputs = machine.inputs("SFTP", &json!({ "src": "/x", "dst": "cloudomation:x" }));
        inputs.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let (class, text) = refused(&server, inputs).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// A file that nobody finishes to open: a pipe without another end.
fn pipe(machine: &Machine, name: &str) -> std::path::PathBuf {
    let path = machine.path(name);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
    path
}

fn endless(machine: &Machine) -> Value {
    let path = pipe(machine, "endless");
    machine.inputs("SFTP", &json!({ "src": path, "dst": "cloudomation:came" }))
}

#[tokio::test]
async fn a_cancelled_copy_leaves_the_file_as_it_was() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let made = server.request("PUT", "/file/came/content?by=name").body("before").send().await.expect("an answer");
    assert!(made.status().is_success());
    let id = server.launch("reach", &endless(&machine)).await;
    until_busy(&server).await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
    assert_eq!(content(&server, "came").await, b"before");
}

#[tokio::test]
async fn a_copy_from_a_machine_is_made_again_after_the_server_died_and_one_to_it_is_not() {
    let (mut server, machine) = (reaching(&[]).await, Machine::start());
    let made = server.request("PUT", "/file/given/content?by=name").body("given").send().await.expect("an answer");
    assert!(made.status().is_success());
    let taking = server.launch("reach", &endless(&machine)).await;
    let mut inputs = machine.inputs("SFTP", &json!({}));
    (inputs["src"], inputs["dst"]) = (json!("cloudomation:given"), json!(pipe(&machine, "full")));
    let giving = server.launch("reach", &inputs).await;
    for _ in 0..2400 {
        if connections(&server).await.iter().filter(|each| each["status"] == "RUNNING").count() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    server.kill9().await;
    std::fs::remove_file(machine.path("endless")).expect("removed");
    std::fs::write(machine.path("endless"), "at last").expect("written");
    server.restart().await;
    let ended = server.ended(&taking).await;
    assert_eq!((&ended["status"], &ended["output_value"]["bytes"]), (&json!("ENDED_SUCCESS"), &json!(7)), "{ended}");
    assert_eq!(content(&server, "came").await, b"at last");
    let ended = server.ended(&giving).await;
    let said = ended["status_message"].as_str().unwrap_or_default();
    assert!(ended["status"] == "ENDED_ERROR" && said.contains("whether it took effect is not known"), "{ended}");
}
