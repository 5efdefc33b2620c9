//! What REST sends, what it gives, and how it fails.

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{connect, connections, refused, server};
use crate::server::Server;

/// Tries that are over soon.
fn soon() -> Value {
    json!({ "initial": 0.01, "maximum": 0.02, "multiplier": 2, "deadline": 0.2 })
}

/// The one connection that a server made, and its log.
async fn only(server: &Server) -> (Value, Vec<String>) {
    let all = connections(server).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let log = server.messages(all[0]["id"].as_str().expect("an id")).await;
    (all[0].clone(), log)
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_said_and_comes_back_as_json() {
    let (server, far) = (server().await, FarSide::start().await);
    let output = connect(
        &server,
        json!({
            "scheme": "http", "hostname": "127.0.0.1", "port": far.port, "base_path": "/echo/", "path": "/things", "method": "post",
            "params": { "tag": ["a", "b"], "n": 1, "none": null }, "headers": { "X-Own": "yes" }, "cookies": { "session": "s1" },
            "json": { "name": "gr\u{fc}n" }, "username": "me", "password": "open",
        }),
    )
    .await;
    assert_eq!(output["status_code"], 200);
    assert_eq!(output["cookies"], json!({ "color": "red" }));
    assert_eq!(output["headers"]["x-thing"], "one");
    let asked = &output["json"];
    assert_eq!((&asked["method"], &asked["path"], &asked["query"]), (&json!("POST"), &json!("/echo/things"), &json!("tag=a&tag=b&n=1")));
    assert_eq!(asked["body"], "{\"name\":\"gr\u{fc}n\"}");
    let header = |name: &str| asked["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((header("x-own").as_str(), header("cookie").as_str()), ("yes", "session=s1"));
    assert_eq!(header("content-type"), "application/json");
    assert!(header("user-agent").starts_with("flowstead/"), "{asked}");
    let (connection, _) = only(&server).await;
    assert_eq!(
        (&connection["type"], &connection["connector_type"], &connection["status"]),
        (&json!("CONNECTION"), &json!("REST"), &json!("ENDED_SUCCESS"))
    );
}

#[tokio::test]
async fn bodies_are_form_fields_text_or_parts_with_files() {
    let (server, far) = (server().await, FarSide::start().await);
    let url = format!("{}/echo/body", far.url);
    let form = connect(&server, json!({ "url": url, "method": "PUT", "data": { "a": "x y", "b": [1, 2] } })).await;
    assert_eq!((&form["json"]["body"], &form["json"]["method"]), (&json!("a=x+y&b=1&b=2"), &json!("PUT")));
    let text = connect(&server, json!({ "url": url, "method": "post", "text": "<a/>", "headers": { "content-type": "text/xml" } })).await;
    assert_eq!((&text["json"]["body"], &text["json"]["headers"]["content-type"]), (&json!("<a/>"), &json!("text/xml")));
    let made = server.request("PUT", "/file/notes.txt/content?by=name").body("from a file").send().await.expect("an answer");
    assert!(made.status().is_success(), "{made:?}");
    let parts = json!([{ "name": "title", "value": "t" }, { "name": "doc", "file": "notes.txt", "content_type": "text/plain" }]);
    let sent = connect(&server, json!({ "url": url, "method": "post", "multipart": parts })).await;
    let body = sent["json"]["body"].as_str().expect("text");
    for part in ["name=\"title\"", "\r\n\r\nt\r\n", "filename=\"notes.txt\"", "\r\n\r\nfrom a file\r\n"] {
        assert!(body.contains(part), "{part} is not in {body}");
    }
}

#[tokio::test]
async fn an_answer_is_text_in_its_own_character_set_or_a_file_when_it_is_large() {
    let (server, far) = (server().await, FarSide::start().await);
    let text = connect(&server, json!({ "url": format!("{}/text", far.url) })).await;
    assert_eq!((&text["text"], &text["encoding"]), (&json!("gr\u{fc}\u{df}e"), &json!("iso-8859-1")));
    let small = connect(&server, json!({ "url": format!("{}/size/65536", far.url) })).await;
    assert_eq!(small["text"].as_str().map(str::len), Some(65536));
    let large = connect(&server, json!({ "url": format!("{}/size/65537", far.url) })).await;
    let name = large["file"].as_str().expect("a file");
    let kept = server.request("GET", &format!("/file/{name}/content?by=name")).send().await.expect("an answer");
    assert_eq!(kept.bytes().await.expect("bytes").len(), 65537);
    let named = connect(&server, json!({ "url": format!("{}/size/3", far.url), "dst": "three.txt" })).await;
    assert_eq!((&named["file"], &named["text"]), (&json!("three.txt"), &Value::Null));
}

#[tokio::test]
async fn keywords_override_what_a_connector_stores_and_older_names_work() {
    let (server, far) = (server().await, FarSide::start().await);
    let value = json!({ "url": format!("{}/echo/stored", far.url), "headers": { "x-a": "stored" }, "method": "put" });
    let saved = server.post("/connector", &json!({ "name": "far", "connector_type": "REST", "value": value })).await;
    assert_eq!(saved.status, 201, "{saved:?}");
    let script = "
def handler(system, this):
    own = this.connect('far', method='patch')
    old = this.task('REST', url=this.get('input_value')['url'])
    again = this.connection('far', run=False)
    again.run()
    return [each.get('output_value')['json'] for each in (own, old, again)]
";
    server.flow("old", script, &Value::Null).await;
    let ended = server.run("old", &json!({ "url": format!("{}/echo/task", far.url) })).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    let output = &ended["output_value"];
    assert_eq!((&output[0]["method"], &output[0]["headers"]["x-a"]), (&json!("PATCH"), &json!("stored")));
    assert_eq!((&output[1]["method"], &output[1]["path"]), (&json!("GET"), &json!("/echo/task")));
    assert_eq!(output[2]["method"], "PUT");
    assert_eq!(connections(&server).await[0]["name"], "far");
}

#[tokio::test]
async fn what_is_missing_wrong_or_unknown_is_refused_before_anything_is_sent() {
    let (server, far) = (server().await, FarSide::start().await);
    let url = format!("{}/echo/x", far.url);
    for (inputs, class, word) in [
        (json!({ "connector_type": "REST", "url": url, "metod": "get" }), "ExtraInputError", "'method'"),
        (json!({ "connector_type": "REST", "method": "get" }), "MissingInputError", "'url'"),
        (json!({ "connector_type": "REST", "url": url, "read_timeout": "long" }), "InvalidInputError", "read_timeout"),
        (json!({ "connector_type": "RAST", "url": url }), "InvalidInputError", "REST"),
        (json!({ "connector": "nowhere" }), "ResourceNotFoundError", "nowhere"),
        (json!({ "url": url }), "InvalidInputError", "connector_type"),
        (json!({ "connector_type": "LDAP", "url": "ldap://x", "command": "search" }), "InvalidInputError", "REST"),
    ] {
        let (found, text) = refused(&server, inputs.clone()).await;
        assert_eq!(found, class, "{inputs}: {text}");
        assert!(text.contains(word), "{inputs}: {text}");
    }
    assert_eq!(far.requests(), 0);
    assert_eq!(connections(&server).await.len(), 0);
}

#[tokio::test]
async fn another_status_than_expected_fails_and_keeps_the_output() {
    let (server, far) = (server().await, FarSide::start().await);
    let (class, text) = refused(&server, json!({ "connector_type": "REST", "url": format!("{}/status/404?key=hidden", far.url) })).await;
    assert_eq!(class, "DependencyFailedError");
    assert!(text.contains("404") && text.contains("200, 201, 202, 204") && !text.contains("hidden"), "{text}");
    let (connection, _) = only(&server).await;
    assert_eq!((&connection["status"], &connection["output_value"]["json"]["code"]), (&json!("ENDED_ERROR"), &json!(404)));
    let fine = connect(&server, json!({ "url": format!("{}/status/404", far.url), "expected_status_code": [404] })).await;
    assert_eq!(fine["status_code"], 404);
}

#[tokio::test]
async fn what_is_safe_to_repeat_is_tried_again_and_each_try_is_logged() {
    let (server, far) = (server().await, FarSide::start().await);
    let url = format!("{}/after/2", far.url);
    let fine = connect(&server, json!({ "url": url, "retry_backoff": { "initial": 0.01 } })).await;
    assert_eq!((&fine["status_code"], far.requests()), (&json!(200), 3));
    let (_, log) = only(&server).await;
    assert_eq!(log.iter().filter(|line| line.contains("503")).count(), 2, "{log:?}");
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_again() {
    let (server, far) = (server().await, FarSide::start().await);
    let inputs = json!({ "connector_type": "REST", "url": format!("{}/after/2", far.url), "method": "post", "retry_backoff": soon() });
    let (_, text) = refused(&server, inputs).await;
    assert!(text.contains("503"), "{text}");
    assert_eq!(far.requests(), 1);
}

#[tokio::test]
async fn a_closed_port_a_slow_answer_and_a_broken_one_are_said_in_words() {
    let (server, far) = (server().await, FarSide::start().await);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("bound").port()
    };
    for (inputs, words) in [
        (json!({ "url": format!("http://127.0.0.1:{closed}/"), "method": "post" }), "no connection"),
        (json!({ "url": format!("{}/slow", far.url), "read_timeout": 0.2 }), "nothing was heard for the read_timeout of 0.2 s"),
        (json!({ "url": format!("{}/broken", far.url) }), "broke off"),
        (json!({ "url": format!("{}/round", far.url), "max_redirects": 3 }), "redirected more than 3 times"),
    ] {
        let mut inputs = inputs;
        inputs["connector_type"] = json!("REST");
        inputs["retry_backoff"] = soon();
        let (class, text) = refused(&server, inputs.clone()).await;
        assert_eq!(class, "DependencyFailedError", "{inputs}: {text}");
        assert!(text.contains(words), "{inputs}: {text}");
    }
}

#[tokio::test]
async fn a_digest_login_is_answered_and_a_wrong_password_is_not_shown() {
    let (server, far) = (server().await, FarSide::start().await);
    let login = |password: &str| {
        json!({
            "connector_type": "REST", "url": format!("{}/digest", far.url), "params": { "a": 1 }, "authentication_method": "digest",
            "username": "me", "password": password, "retry_backoff": soon(),
        })
    };
    let mut right = login("open sesame");
    right.as_object_mut().expect("an object").remove("connector_type");
    assert_eq!(connect(&server, right).await["json"], "in");
    let (class, text) = refused(&server, login("open barley")).await;
    assert_eq!(class, "DependencyFailedError");
    assert!(text.contains("401") && !text.contains("barley"), "{text}");
}

#[tokio::test]
async fn a_certificate_is_trusted_when_its_authority_is_named_and_else_not() {
    let server = server().await;
    let (port, pem) = secure_side().await;
    let url = format!("https://localhost:{port}/");
    let (_, text) = refused(&server, json!({ "connector_type": "REST", "url": url })).await;
    assert!(text.contains("certificate"), "{text}");
    assert_eq!(connect(&server, json!({ "url": url, "cacert": pem })).await["text"], "ok");
    assert_eq!(connect(&server, json!({ "url": url, "verify_ssl": false })).await["text"], "ok");
    let (_, text) = refused(&server, json!({ "connector_type": "REST", "url": format!("https://127.0.0.1:{port}/"), "cacert": pem })).await;
    assert!(text.contains("certificate"), "for another host: {text}");
}

/// A server with a certificate for `localhost` that nobody has signed but itself. Gives its port and the certificate.
pub async fn secure_side() -> (u16, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).expect("they go together");
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = acceptor.accept(socket).await else { return };
                let mut asked = [0; 4096];
                if socket.read(&mut asked).await.is_ok() {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
                    // Who asked may be gone.
                    let _ = socket.write_all(answer).await;
                    let _ = socket.shutdown().await;
                }
            });
        }
    });
    (port, made.cert.pem())
}
