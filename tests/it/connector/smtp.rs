//! Mails: what arrives, who gets them, and how a server that does not take one is told of.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::machine::{Program, free_port, port_that_says, reach, reaching};
use super::{connections, refused};

/// A mail server that keeps what it gets.
pub struct Sink {
    pub port: u16,
    folder: TempDir,
    /// Its own certificate, for `localhost`.
    pub certificate: String,
    _program: Program,
}

impl Sink {
    pub fn start(mode: &str, more: &[&str]) -> Sink {
        let folder = TempDir::new().expect("a folder");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).expect("written");
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).expect("written");
        for _ in 0..5 {
            let port = free_port();
            let mut command = Command::new("/usr/bin/python3");
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/connector/sink.py"));
            command.arg(port.to_string()).arg(folder.path()).arg(mode).args(more);
            let mut program = Program::start(command, "python3-aiosmtpd");
            if program.listens(port) {
                return Sink { port, folder, certificate: made.cert.pem(), _program: program };
            }
        }
        panic!("the mail server does not start: is the package python3-aiosmtpd there (make servers)?");
    }

    /// The mails that arrived, in order.
    fn mails(&self) -> Vec<Value> {
        let read = |number: usize| std::fs::read_to_string(self.folder.path().join(format!("mail-{number}"))).ok();
        (1..).map_while(read).map(|text| serde_json::from_str(&text).expect("JSON")).collect()
    }

    async fn until_mail(&self) {
        for _ in 0..2400 {
            if !self.mails().is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("no mail arrives");
    }

    fn inputs(&self, more: &Value) -> Value {
        let mut inputs = json!({
            "connector_type": "SMTP", "smtp_host": "localhost", "smtp_port": self.port, "use_tls": false, "from": "Flows <me@example.org>",
            "to": "you@example.org", "subject": "news", "text": "hello",
        });
        inputs.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        inputs
    }
}

#[tokio::test]
async fn a_mail_arrives_with_all_its_parts_for_everybody_it_is_for() {
    let (server, sink) = (reaching(&[]).await, Sink::start("plain", &[]));
    let made = server.request("PUT", "/file/notes.bin/content?by=name").body("\0attached").send().await.expect("an answer");
    assert!(made.status().is_success());
    let more = json!({
        "to": ["You <you@example.org>", "she@example.org"], "cc": "he@example.org", "bcc": ["they@example.org"],
        "subject": "Gr\u{fc}\u{df}e", "text": "hello\n.\nthere", "html": "<b>hello</b>", "attachments": ["notes.bin"],
        "headers": { "X-Kind": "news", "Reply-To": "desk@example.org" },
    });
    let output = reach(&server, &sink.inputs(&more)).await;
    assert_eq!(output["accepted"], json!(["you@example.org", "she@example.org", "he@example.org", "they@example.org"]));
    assert_eq!(output["refused"], Value::Null);
    let mails = sink.mails();
    assert_eq!((mails.len(), &mails[0]["from"], &mails[0]["to"]), (1, &json!("me@example.org"), &output["accepted"]));
    let text = mails[0]["content"].as_str().expect("text").replace("\r\n", "\n");
    let id = output["message_id"].as_str().expect("an id");
    for part in [
        "From: Flows <me@example.org>",
        "Cc: he@example.org",
        "Subject: =?utf-8?",
        "X-Kind: news",
        "Reply-To: desk@example.org",
        &format!("Message-ID: {id}"),
        "hello\n.\nthere",
        "<b>hello</b>",
        "filename=\"notes.bin\"",
        "AGF0dGFjaGVk",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("they@example.org"), "{text}");
}

#[tokio::test]
async fn recipients_that_are_refused_are_named_and_the_others_get_it() {
    let (server, sink) = (reaching(&[]).await, Sink::start("plain", &[]));
    // `from` is a word of Python.
    let more = json!({ "to": "you@example.org, nobody@example.org", "from_": "desk@example.org" });
    let output = reach(&server, &sink.inputs(&more)).await;
    assert_eq!(sink.mails()[0]["from"], "desk@example.org");
    assert_eq!(output["accepted"], json!(["you@example.org"]));
    assert_eq!(output["refused"], json!({ "nobody@example.org": "550 5.1.1 No such user here" }));
    let connection = &connections(&server).await[0];
    let log = server.messages(connection["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("refuses the recipient nobody@example.org")), "{log:?}");
    let (_, text) = refused(&server, sink.inputs(&json!({ "to": "nobody@example.org" }))).await;
    assert!(text.contains("for none of its recipients: nobody@example.org (550"), "{text}");
    let (_, text) = refused(&server, sink.inputs(&json!({ "from": "stranger@example.org" }))).await;
    assert!(text.contains("takes no mail from 'stranger@example.org' (550 5.7.1 Who are you?)"), "{text}");
    let (_, text) = refused(&server, sink.inputs(&json!({ "subject": "full" }))).await;
    assert!(text.contains("has not taken the mail (552"), "{text}");
}

#[tokio::test]
async fn encryption_comes_first_or_after_a_plain_beginning_and_certificates_are_looked_at() {
    let server = reaching(&[]).await;
    for mode in ["starttls", "implicit"] {
        let sink = Sink::start(mode, &["login"]);
        let with = |more: Value| {
            let mut inputs = sink.inputs(&json!({ "use_tls": true, "tls_mode": mode, "login": "me", "password": "open sesame" }));
            inputs.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            inputs
        };
        reach(&server, &with(json!({ "cacert": sink.certificate }))).await;
        reach(&server, &with(json!({ "verify_ssl": false }))).await;
        let (_, text) = refused(&server, with(json!({}))).await;
        assert!(text.contains("certificate"), "{text}");
        let (_, text) = refused(&server, with(json!({ "cacert": sink.certificate, "smtp_host": "127.0.0.1" }))).await;
        assert!(text.contains("certificate"), "for another host: {text}");
        let (_, text) = refused(&server, with(json!({ "cacert": "no certificate" }))).await;
        assert!(text.contains("'cacert' holds no certificate"), "{text}");
        let (class, text) = refused(&server, with(json!({ "cacert": sink.certificate, "password": "open barley" }))).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains("does not accept the login of 'me' (535") && !text.contains("barley"), "{text}");
        let mails = sink.mails();
        assert!(mails.len() == 2 && mails.iter().all(|mail| mail["secure"] == true && mail["login"] == "me"), "{mails:?}");
    }
    let open = Sink::start("plain", &[]);
    let (_, text) = refused(&server, open.inputs(&json!({ "use_tls": true }))).await;
    assert!(text.contains("offers no encryption (STARTTLS)"), "{text}");
    assert_eq!(open.mails().len(), 0);
}

#[tokio::test]
async fn what_is_no_mail_is_refused_before_anything_is_sent() {
    let (server, sink) = (reaching(&[]).await, Sink::start("plain", &[]));
    for (more, class, words) in [
        (json!({ "to": "nobody" }), "DependencyFailedError", "'nobody' in 'to' is no address"),
        (json!({ "to": [] }), "DependencyFailedError", "'to' names nobody"),
        (json!({ "subject": "a\r\nBcc: x@example.org" }), "DependencyFailedError", "'subject' has a line break"),
        (json!({ "headers": { "X-A": "b\nc" } }), "DependencyFailedError", "'headers' has a line break"),
        (json!({ "headers": { "To": "x@example.org" } }), "DependencyFailedError", "follows from the other inputs"),
        (json!({ "attachments": ["no-such-file"] }), "DependencyFailedError", "no-such-file"),
        (json!({ "password": "alone" }), "MissingInputError", "'login'"),
        (json!({ "subjekt": "x" }), "ExtraInputError", "'subject'"),
        (json!({ "tls_mode": "maybe" }), "InvalidInputError", "tls_mode"),
    ] {
        let (found, text) = refused(&server, sink.inputs(&more)).await;
        assert_eq!(found, class, "{more}: {text}");
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(sink.mails().len(), 0);
}

#[tokio::test]
async fn a_closed_port_a_slow_answer_and_a_broken_one_are_said_in_words() {
    let (server, sink) = (reaching(&[]).await, Sink::start("plain", &[]));
    for (more, words) in [
        (json!({ "smtp_port": free_port() }), "no connection (Connection refused"),
        (json!({ "smtp_port": port_that_says(b""), "connect_timeout": 0.5 }), "no connection within the connect_timeout of 0.5 s"),
        (json!({ "smtp_port": port_that_says(b""), "timeout": 0.5 }), "within the timeout of 0.5 s. It was not sent."),
        (json!({ "smtp_port": port_that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n") }), "no SMTP"),
        (json!({ "smtp_port": port_that_says(b"220 here\r\n") }), "no connection ("),
        (json!({ "subject": "hang", "timeout": 6 }), "within the timeout of 6 s. Whether the server took it is not known"),
        (json!({ "subject": "break" }), "while the mail was handed over. Whether the server took it is not known"),
    ] {
        let (class, text) = refused(&server, sink.inputs(&more)).await;
        assert_eq!(class, "DependencyFailedError");
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_mail_under_way_can_be_cancelled() {
    let (server, sink) = (reaching(&[]).await, Sink::start("plain", &[]));
    let id = server.launch("reach", &sink.inputs(&json!({ "subject": "hang" }))).await;
    sink.until_mail().await;
    assert_eq!(server.post(&format!("/execution/{id}/cancel"), &Value::Null).await.status, 200);
    assert_eq!(server.ended(&id).await["status"], "ENDED_CANCELLED");
    assert_eq!(connections(&server).await[0]["status"], "ENDED_CANCELLED");
}

#[tokio::test]
async fn a_mail_that_may_have_been_taken_is_not_sent_again_after_the_server_died() {
    let (mut server, sink) = (reaching(&[]).await, Sink::start("plain", &[]));
    let id = server.launch("reach", &sink.inputs(&json!({ "subject": "hang" }))).await;
    sink.until_mail().await;
    server.kill9().await;
    server.restart().await;
    let ended = server.ended(&id).await;
    let said = ended["status_message"].as_str().unwrap_or_default();
    assert!(ended["status"] == "ENDED_ERROR" && said.contains("whether it took effect is not known"), "{ended}");
    assert_eq!(sink.mails().len(), 1);
}

#[tokio::test]
async fn a_password_is_shown_nowhere() {
    let (server, sink) = (reaching(&[]).await, Sink::start("plain", &["login"]));
    let hidden = "hunter2-is-no-secret";
    let made = server.post("/secret", &json!({ "name": "mail", "value": hidden, "allowed_hosts": ["localhost"] })).await;
    assert_eq!(made.status, 201, "{made:?}");
    let (_, text) =
        refused(&server, sink.inputs(&json!({ "login": "me", "password": "secret(mail)", "text": "it is secret(mail)" }))).await;
    assert!(text.contains("does not accept the login") && !text.contains(hidden), "{text}");
    let (_, text) = refused(&server, sink.inputs(&json!({ "smtp_host": "127.0.0.1", "login": "me", "password": "secret(mail)" }))).await;
    assert!(text.contains("may not be sent to '127.0.0.1'"), "{text}");
    let all = connections(&server).await.iter().map(Value::to_string).collect::<String>() + &server.whole_log();
    assert!(!all.contains(hidden));
}
