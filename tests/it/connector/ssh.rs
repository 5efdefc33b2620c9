//! Scripts on another machine: what they are given, what comes back, and how a connection to a machine fails.

use std::time::Duration;

use serde_json::{Value, json};

use super::machine::{Door, Machine, free_port, port_that_says, reach, reaching};
use super::{connections, refused};
use crate::server::Server;

/// Waits for something that other processes do.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it does not come to this: {what}");
}

/// The process whose number a script wrote down.
fn pid(machine: &Machine, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(machine.path(name)).ok()?;
    text.ends_with('\n').then(|| text.trim().to_owned())
}

fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn content(server: &Server, name: &str) -> Vec<u8> {
    let kept = server.request("GET", &format!("/file/{name}/content?by=name")).send().await.expect("an answer");
    assert!(kept.status().is_success(), "{kept:?}");
    kept.bytes().await.expect("bytes").to_vec()
}

#[tokio::test]
async fn a_script_gives_its_report_its_variables_and_its_files() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let file = machine.path("made.bin").display().to_string();
    let script = format!(
        "echo \"$GREETING\" $0; echo err >&2; cat; printf 'a\\0b' > '{file}'\nWHO=\"two words\nand a line\"\nEMPTY=\nexport LATE=1"
    );
    let more = json!({
        "script": script, "env": { "GREETING": "it's \"me\" $HOME" }, "output_vars": ["WHO", "EMPTY", "LATE", "NEVER"], "output_files": [file],
    });
    let output = reach(&server, &machine.inputs("SSH", &more)).await;
    let report = output["report"].as_str().expect("a report");
    let folder = report.strip_prefix("it's \"me\" $HOME ").and_then(|rest| rest.strip_suffix("/run\nerr\n"));
    let folder = folder.unwrap_or_else(|| panic!("{report}"));
    assert!(!std::path::Path::new(folder).exists(), "{folder} is left behind");
    assert_eq!(output["retcode"], 0);
    assert_eq!(output["var"], json!({ "WHO": "two words\nand a line", "EMPTY": "", "LATE": "1" }));
    assert_eq!(output["files"][&file], "made.bin");
    assert_eq!(content(&server, "made.bin").await, b"a\0b");
}

#[tokio::test]
async fn any_program_may_be_the_interpreter() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let more = json!({ "script": "import sys\nprint('of', sys.argv[1:], '\\u00fc')", "interpreter": "/usr/bin/env PYTHONIOENCODING=utf-8 python3" });
    assert_eq!(reach(&server, &machine.inputs("SSH", &more)).await["report"], "of [] \u{fc}\n");
    let (_, text) = refused(&server, machine.inputs("SSH", &json!({ "script": "x", "interpreter": "/no/such/program" }))).await;
    assert!(text.contains("127") && text.contains("/no/such/program"), "{text}");
}

#[tokio::test]
async fn a_script_that_fails_is_an_error_unless_it_may() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let more = json!({ "script": "A=1\necho reason\nfalse\necho never", "output_vars": ["A"], "output_files": ["no-such-file"] });
    let (class, text) = refused(&server, machine.inputs("SSH", &more)).await;
    assert_eq!(class, "DependencyFailedError");
    assert!(text.contains("ended with the code 1") && text.contains("reason"), "{text}");
    let connection = &connections(&server).await[0];
    assert_eq!(connection["output_value"]["report"], "reason\n", "what it wrote is kept");
    assert_eq!(connection["output_value"]["var"], json!({ "A": "1" }));
    let log = server.messages(connection["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("no-such-file")), "{log:?}");
    let fine = reach(&server, &machine.inputs("SSH", &json!({ "script": "exit 7", "check": false }))).await;
    assert_eq!(fine["retcode"], 7);
    let (_, text) = refused(&server, machine.inputs("SSH", &json!({ "script": "true", "output_files": ["no-such-file"] }))).await;
    assert!(text.contains("'no-such-file'") && text.contains("No such file"), "{text}");
}

#[tokio::test]
async fn colours_and_returns_are_taken_out_and_a_long_report_is_kept_in_a_file() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let colours = "printf '\\033[1;31mred\\033[0m\\r\\n'";
    assert_eq!(reach(&server, &machine.inputs("SSH", &json!({ "script": colours }))).await["report"], "red\n");
    let plain = json!({ "script": colours, "remove_cr": false, "remove_ansi_escapes": false });
    assert_eq!(reach(&server, &machine.inputs("SSH", &plain)).await["report"], "\u{1b}[1;31mred\u{1b}[0m\r\n");
    let long = "printf 'begin\\r\\n'; yes '0123456789012345678901234567890123456789' | head -n 5000; echo end";
    let output = reach(&server, &machine.inputs("SSH", &json!({ "script": long }))).await;
    let report = output["report"].as_str().expect("a report");
    assert!(report.len() == 64 << 10 && report.ends_with("\nend\n"), "{} bytes", report.len());
    let whole = content(&server, output["report_file"].as_str().expect("a file")).await;
    assert!(whole.len() == 6 + 5000 * 41 + 4 && whole.starts_with(b"begin\n") && whole.ends_with(report.as_bytes()), "{}", whole.len());
}

#[tokio::test]
async fn what_a_script_leaves_running_does_not_hold_its_connection() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let at = machine.path("left").display().to_string();
    let output = reach(&server, &machine.inputs("SSH", &json!({ "script": format!("sleep 1000 & echo $! > {at}; echo done") }))).await;
    assert_eq!(output["report"], "done\n");
    let left = pid(&machine, "left").expect("it was begun");
    assert!(lives(&left), "it is not ours to end");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(left.parse().expect("a number")), nix::sys::signal::Signal::SIGKILL).expect("ended");
}

#[tokio::test]
async fn logins_are_by_keys_of_every_kind_and_by_passwords_however_they_are_asked_for() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let script = json!({ "script": "echo in" });
    for (key, more) in [("key", json!({})), ("rsa", json!({})), ("locked", json!({ "passphrase": "open sesame" }))] {
        let mut inputs = machine.inputs("SSH", &script);
        inputs["key"] = machine.read(key).into();
        inputs.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        assert_eq!(reach(&server, &inputs).await["report"], "in\n", "{key}");
    }
    for asks in [false, true] {
        let door = Door::start(asks).await;
        let mut inputs = json!({
            "connector_type": "SSH", "hostname": "127.0.0.1", "port": door.port, "hostkey": door.hostkey, "username": "me",
            "password": "open sesame", "script": "echo in",
        });
        assert_eq!(reach(&server, &inputs).await["report"], "in\n", "asks: {asks}");
        inputs["password"] = "open barley".into();
        let (class, text) = refused(&server, inputs).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains("does not let 'me' in with this password") && !text.contains("barley"), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_key_of_the_user_or_of_the_machine_is_said_as_what_it_is() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let script = |more: Value| {
        let mut inputs = machine.inputs("SSH", &json!({ "script": "touch ran" }));
        for (name, value) in more.as_object().expect("an object") {
            inputs[name] = value.clone();
        }
        inputs
    };
    let fingerprint = |name: &str| {
        let key = russh::keys::PublicKey::from_openssh(&machine.read(name)).expect("a key");
        key.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    };
    let locked = machine.read("locked").lines().nth(1).expect("a key has lines").to_owned();
    for (more, words) in [
        (
            json!({ "key": machine.read("stranger") }),
            vec!["does not let '".to_owned(), "in with this key".to_owned(), "publickey".to_owned()],
        ),
        (json!({ "hostkey": machine.read("key.pub") }), vec![fingerprint("host.pub"), "that is not 'hostkey'".to_owned()]),
        (json!({ "hostkey": machine.read("rsa.pub") }), vec!["no key of the type of 'hostkey'".to_owned(), "ssh-ed25519".to_owned()]),
        (json!({ "hostkey": "yes" }), vec!["'hostkey' holds no key".to_owned()]),
        (json!({ "key": machine.read("locked") }), vec!["needs its 'passphrase'".to_owned()]),
        (json!({ "key": machine.read("locked"), "passphrase": "open barley" }), vec!["'passphrase' is not its own".to_owned()]),
        (json!({ "key": "no key at all" }), vec!["'key' is no private key".to_owned()]),
    ] {
        let (class, text) = refused(&server, script(more)).await;
        assert_eq!(class, "DependencyFailedError", "{text}");
        assert!(words.iter().all(|word| text.contains(word)) && !text.contains(&locked) && !text.contains("barley"), "{words:?}: {text}");
    }
    let mut unknown = script(json!({}));
    unknown.as_object_mut().expect("an object").remove("hostkey");
    let (class, text) = refused(&server, unknown.clone()).await;
    assert!(class == "MissingInputError" && text.contains("'hostkey'"), "{class}: {text}");
    unknown["verify_hostkey"] = true.into();
    let (_, text) = refused(&server, unknown.clone()).await;
    assert!(text.contains("'hostkey' is needed unless 'verify_hostkey' is false"), "{text}");
    unknown["verify_hostkey"] = false.into();
    unknown["script"] = "echo in".into();
    assert_eq!(reach(&server, &unknown).await["report"], "in\n");
    assert_eq!(reach(&server, &script(json!({ "hostkey": fingerprint("host.pub"), "script": "echo in" }))).await["report"], "in\n");
}

#[tokio::test]
async fn a_closed_port_a_slow_answer_and_a_broken_one_are_said_in_words() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    for (port, words) in [
        (free_port(), "no connection (Connection refused"),
        (port_that_says(b""), "no connection within the connect_timeout of 0.5 s"),
        (port_that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "closed the connection"),
        (port_that_says(b"SSH-2.0-broken\r\n\0\0\0\x0c"), "closed the connection"),
    ] {
        let slow = if words.contains("0.5") { 0.5 } else { 30.0 };
        let more = json!({ "script": "true", "port": port, "connect_timeout": slow });
        let (class, text) = refused(&server, machine.inputs("SSH", &more)).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains(words) && text.contains(&port.to_string()), "{words}: {text}");
    }
    let (_, text) = refused(&server, machine.inputs("SSH", &json!({ "script": "true", "hostname": "no-such-machine.invalid" }))).await;
    assert!(text.contains("no-such-machine.invalid:") && text.contains("no connection"), "{text}");
    let (_, text) = refused(&server, machine.inputs("SSH", &json!({ "script": "true", "hostname": "me@machine" }))).await;
    assert!(text.contains("without a user"), "{text}");
    let closed = Machine::start_with("ForceCommand echo 'This account is closed.'; exit 4\n");
    let (_, text) = refused(&server, closed.inputs("SSH", &json!({ "script": "true" }))).await;
    assert!(text.contains("ended with 4") && text.contains("This account is closed."), "{text}");
}

/// A script that goes on for long, and tells by a file that it runs.
fn long(machine: &Machine, begin: &str) -> Value {
    let at = machine.path("pid").display().to_string();
    machine.inputs(
        "SSH",
        &json!({ "script": format!("{begin}\necho $$ > {at}\necho begun\nwhile :; do sleep 1000; done"), "script_timeout": 1000 }),
    )
}

#[tokio::test]
async fn a_cancelled_script_is_ended_even_if_it_does_not_want_to() {
    for begin in ["", "trap '' TERM HUP"] {
        let (server, machine) = (reaching(&[]).await, Machine::start());
        let id = server.launch("reach", &long(&machine, begin)).await;
        until("the script runs", || pid(&machine, "pid").is_some()).await;
        let pid = pid(&machine, "pid").expect("a number");
        let folder = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("it runs").replace('\0', " ");
        let folder = folder.split_whitespace().find_map(|word| word.strip_suffix("/script")).expect("a folder").to_owned();
        assert!(lives(&pid) && std::path::Path::new(&folder).exists());
        assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
        assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
        assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
        until("the script has ended", || !lives(&pid)).await;
        until("its folder is gone", || !std::path::Path::new(&folder).exists()).await;
    }
}

#[tokio::test]
async fn a_script_that_takes_too_long_is_ended_and_what_it_wrote_is_kept() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let mut inputs = long(&machine, "");
    inputs["script_timeout"] = json!(6);
    let (_, text) = refused(&server, inputs).await;
    assert!(text.contains("not ended within the script_timeout of 6 s"), "{text}");
    assert_eq!(connections(&server).await[0]["output_value"]["report"], "begun\n");
    let pid = pid(&machine, "pid").expect("it ran");
    until("the script has ended", || !lives(&pid)).await;
}

#[tokio::test]
async fn a_script_under_way_when_the_server_dies_is_not_run_again() {
    let (mut server, machine) = (reaching(&[]).await, Machine::start());
    let id = server.launch("reach", &long(&machine, &format!("echo ran >> {}", machine.path("runs").display()))).await;
    until("the script runs", || pid(&machine, "pid").is_some()).await;
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(&id).await;
    assert_eq!(ended["status"], "ENDED_ERROR", "{ended}");
    assert!(ended["status_message"].as_str().is_some_and(|text| text.contains("whether it took effect is not known")), "{ended}");
    assert_eq!(machine.read("runs"), "ran\n");
}

#[tokio::test]
async fn a_machine_that_goes_away_is_noticed() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let id = server.launch("reach", &long(&machine, "")).await;
    until("the script runs", || pid(&machine, "pid").is_some()).await;
    drop(machine);
    let ended = server.ended(&id).await;
    let said = ended["status_message"].as_str().unwrap_or_default();
    assert!(ended["status"] == "ENDED_ERROR" && said.contains("broke off while the script ran"), "{ended}");
}

#[tokio::test]
async fn keys_and_passwords_are_shown_nowhere() {
    let (server, machine) = (reaching(&[]).await, Machine::start());
    let hidden = "hunter2-is-no-secret";
    let made = server.post("/secret", &json!({ "name": "pin", "value": hidden, "allowed_hosts": ["127.0.0.1"] })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let key = machine.read("key");
    let middle = key.lines().nth(2).expect("a key has lines").to_owned();
    let made = server.post("/secret", &json!({ "name": "key", "value": key })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let more = json!({ "script": "echo \"$PIN\"; exit 1", "env": { "PIN": "secret(pin)" }, "key": "secret(key)", "output_vars": ["PIN"] });
    let (_, text) = refused(&server, machine.inputs("SSH", &more)).await;
    assert!(text.contains("(protected)") && !text.contains(hidden), "{text}");
    let connection = &connections(&server).await[0];
    assert_eq!(
        (&connection["input_value"]["key"], &connection["input_value"]["env"]["PIN"]),
        (&json!("secret(key)"), &json!("secret(pin)"))
    );
    assert_eq!(connection["output_value"]["var"]["PIN"], "(protected)");
    let mut elsewhere = machine.inputs("SSH", &more);
    elsewhere["hostname"] = "localhost".into();
    let (_, text) = refused(&server, elsewhere).await;
    assert!(text.contains("may not be sent to 'localhost'"), "{text}");
    // The flow that gives it in a call has it; the connection's own record does not.
    let given = server
        .request("POST", "/setting")
        .json(&json!({ "name": "machine", "value": machine.inputs("SSH", &json!({ "script": "true" })) }));
    assert!(given.send().await.expect("an answer").status().is_success());
    let script = "
def handler(system, this):
    inputs = system.setting('machine').get('value')
    child = this.connect(connector_type=inputs.pop('connector_type'), inputs=inputs)
    return child.get('input_value')['key']
";
    server.flow("given", script, &Value::Null).await;
    assert_eq!(server.run("given", &Value::Null).await["output_value"], "(protected)");
    let all = connections(&server).await.iter().map(Value::to_string).collect::<String>() + &server.whole_log();
    assert!(!all.contains(hidden) && !all.contains(&middle));
}
