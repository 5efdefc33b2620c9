//! Secrets of connections: sent where they are meant to go, and shown nowhere.

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{connect, connections, refused, server};
use crate::server::Server;

const HIDDEN: &str = "hunter2-is-no-secret";

async fn secret(server: &Server, name: &str, columns: &Value) {
    let mut body = json!({ "name": name });
    body.as_object_mut().expect("an object").extend(columns.as_object().cloned().expect("an object"));
    let made = server.post("/secret", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
}

/// Everything that the server shows of what it ran.
async fn shown(server: &Server) -> String {
    let mut all = String::new();
    for execution in server.get("/execution?plain=true&limit=1000").await.body.as_array().expect("a list") {
        let id = execution["id"].as_str().expect("an id");
        all.push_str(&execution.to_string());
        all.push_str(&server.messages(id).await.join("\n"));
        all.push_str(&server.get(&format!("/execution/{id}/explain")).await.body.to_string());
    }
    all
}

/// Whether a text lies in a file of the data folder.
fn is_stored(server: &Server, text: &str) -> bool {
    let files = std::fs::read_dir(server.folder()).expect("a data folder").filter_map(|entry| std::fs::read(entry.ok()?.path()).ok());
    files.into_iter().any(|content| content.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[tokio::test]
async fn a_secret_is_sent_by_its_name_and_comes_back_from_an_echo_hidden() {
    let (server, far) = (server().await, FarSide::start().await);
    secret(&server, "key", &json!({ "value": HIDDEN, "allowed_hosts": ["127.0.0.1"] })).await;
    secret(&server, "fields", &json!({ "value": { "n": 1, "who": HIDDEN } })).await;
    let echoed = connect(
        &server,
        json!({ "url": format!("{}/echo/x", far.url), "method": "post", "headers": { "x-key": "Key secret(key)!" }, "json": "secret(fields)" }),
    )
    .await;
    // It knows the secret as what it is: an object stays one.
    assert_eq!(echoed["json"]["headers"]["x-key"], "Key (protected)!");
    assert_eq!(echoed["json"]["body"], "{\"n\":1,\"who\":\"(protected)\"}");
    let login = connect(&server, json!({ "url": format!("{}/echo/x", far.url), "username": "me", "password": "secret(key)" })).await;
    assert_eq!(login["json"]["headers"]["authorization"], "Basic (protected)");
    assert!(!shown(&server).await.contains(HIDDEN));
    assert!(!is_stored(&server, HIDDEN));
    assert!(is_stored(&server, "Key (protected)!"), "the search finds what is there");
    let inputs = &connections(&server).await[0]["input_value"];
    assert_eq!(inputs["headers"]["x-key"], "Key secret(key)!", "names are no secrets");
}

#[tokio::test]
async fn a_secret_that_comes_back_in_a_file_is_overwritten_there() {
    let (server, far) = (server().await, FarSide::start().await);
    secret(&server, "key", &json!({ "value": HIDDEN, "allowed_hosts": ["127.0.0.1"] })).await;
    let url = format!("{}/echo/x", far.url);
    let inputs =
        json!({ "url": url, "headers": { "x-key": "Key secret(key)!" }, "username": "me", "password": "open sesame", "dst": "said" });
    connect(&server, inputs).await;
    let (status, text) = super::stream::content(&server, "said").await;
    assert_eq!(status, 200, "{text}");
    let said: Value = serde_json::from_str(&text).expect("it is JSON still");
    assert_eq!(said["headers"]["x-key"], format!("Key {}!", "*".repeat(HIDDEN.len())));
    assert!(said["headers"]["authorization"].as_str().is_some_and(|login| login.trim_start_matches("Basic ").chars().all(|c| c == '*')));
    assert!(!is_stored(&server, HIDDEN));
    let log = server.messages(connections(&server).await[0]["id"].as_str().expect("an id")).await;
    assert!(log.iter().any(|line| line.contains("the FILE 'said'")), "{log:?}");
    // What was stored before is sent as it is, and so is what the connection only reads.
    assert_eq!(crate::client::answer(server.request("PUT", "/file/own/content?by=name").body(HIDDEN)).await.status, 201);
    let sent = connect(&server, json!({ "url": url, "method": "post", "src": "own" })).await;
    assert_eq!(sent["json"]["body"], HIDDEN);
}

#[tokio::test]
async fn a_secret_goes_to_its_hosts_only_and_follows_no_redirect_away() {
    let (server, far) = (server().await, FarSide::start().await);
    secret(&server, "elsewhere", &json!({ "value": HIDDEN, "allowed_hosts": ["api.example.com"] })).await;
    secret(&server, "here", &json!({ "value": HIDDEN, "allowed_hosts": ["127.0.0.1"] })).await;
    let with = |name: &str, path: String| json!({ "connector_type": "REST", "url": far.url.clone() + &path, "headers": { "x-key": name } });
    let (_, text) = refused(&server, with("secret(elsewhere)", "/echo/x".to_owned())).await;
    assert!(text.contains("'elsewhere' may not be sent to '127.0.0.1'"), "{text}");
    let (_, text) = refused(&server, with("secret(here)", format!("/to/{}", far.port))).await;
    assert!(text.contains("redirected to 'localhost'"), "{text}");
    assert_eq!(far.requests(), 0, "nothing of it was sent");
    let (_, text) = refused(&server, with("secret(nowhere)", "/echo/x".to_owned())).await;
    assert!(text.contains("nowhere"), "{text}");
    let plain = connect(&server, json!({ "url": format!("{}/to/{}", far.url, far.port) })).await;
    assert_eq!(plain["json"]["path"], "/echo/there", "without a secret it goes there");
    let (_, text) = refused(&server, json!({ "connector_type": "REST", "url": "http://secret(here)/" })).await;
    assert!(text.contains("it cannot be a secret"), "{text}");
}

#[tokio::test]
async fn a_password_that_stands_in_a_call_is_used_and_stored_nowhere_to_be_read() {
    let (server, far) = (server().await, FarSide::start().await);
    // The script has it in two pieces, so that it can be looked for.
    let (half, rest) = HIDDEN.split_at(7);
    let script = format!(
        "
def handler(system, this):
    hidden = '{half}' + '{rest}'
    child = this.connect(
        connector_type='REST', url='{}/echo/x', method='post', username='me', password=hidden, json={{'pin': hidden, 'n': 1}},
        init={{'protect_inputs': ['json'], 'protect_outputs': ['cookies']}},
    )
    return child.get('output_value'), child.get('input_value')
",
        far.url
    );
    server.flow("login", &script, &Value::Null).await;
    let ended = server.run("login", &Value::Null).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    let (output, inputs) = (&ended["output_value"][0], &ended["output_value"][1]);
    assert_eq!(output["cookies"], "(protected)");
    assert_eq!((&inputs["password"], &inputs["json"], &inputs["username"]), (&json!("(protected)"), &json!("(protected)"), &json!("me")));
    assert_eq!(output["json"]["headers"]["authorization"], "Basic (protected)");
    let pin = output["json"]["body"].as_str().expect("text");
    assert_eq!(pin, "{\"pin\":\"(protected)\",\"n\":1}", "it was sent, and is hidden in what comes back");
    assert!(!shown(&server).await.contains(HIDDEN));
    assert!(!is_stored(&server, HIDDEN));
}
