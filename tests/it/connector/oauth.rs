//! OAUTH records: connections show a token that the server fetched, and nobody sees what it was fetched with.

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{connect, refused, server};
use crate::server::Server;

async fn record(server: &Server, name: &str, columns: Value) {
    let mut body = json!({ "name": name, "provider": "far", "client_id": "me", "scopes": ["a", "b"] });
    body.as_object_mut().expect("an object").extend(columns.as_object().cloned().expect("an object"));
    let made = server.post("/oauth", &body).await;
    assert_eq!(made.status, 201, "{made:?}");
}

#[tokio::test]
async fn a_token_is_fetched_once_and_anew_when_it_is_no_good_any_more() {
    let (server, far) = (server().await, FarSide::start().await);
    record(&server, "far", json!({ "token_url": format!("{}/token", far.url), "client_secret": "open sesame!" })).await;
    let inputs = json!({ "url": format!("{}/with-token", far.url), "oauth": "far" });
    let answer = connect(&server, inputs.clone()).await;
    assert_eq!(answer["json"]["said"], "Bearer (protected)");
    assert_eq!(far.requests(), 2, "a token, and the request itself");
    let mut again = inputs.clone();
    again["connector_type"] = json!("REST");
    let (_, text) = refused(&server, again).await;
    assert!(text.contains("401"), "the token that was kept is no good any more: {text}");
    assert_eq!(connect(&server, inputs).await["json"]["said"], "Bearer (protected)");
    assert_eq!(far.requests(), 5, "a second token was fetched");
}

#[tokio::test]
async fn a_client_that_is_not_known_and_a_server_that_is_not_there_are_told_apart() {
    let (server, far) = (server().await, FarSide::start().await);
    record(&server, "wrong", json!({ "token_url": format!("{}/token", far.url), "client_secret": "open barley!" })).await;
    record(&server, "closed", json!({ "token_url": "http://127.0.0.1:9/token", "client_secret": "open sesame!" })).await;
    record(&server, "nowhere", json!({ "client_secret": "open sesame!" })).await;
    let ask = |name: &str| json!({ "connector_type": "REST", "url": format!("{}/echo/x", far.url), "oauth": name });
    for (name, words) in [
        ("wrong", "'wrong' gets no token: http://127.0.0.1"),
        ("wrong", "The client is not known."),
        ("closed", "no connection"),
        ("nowhere", "has no token_url"),
        ("absent", "absent"),
    ] {
        let (class, text) = refused(&server, ask(name)).await;
        assert_eq!(class, "DependencyFailedError", "{name}: {text}");
        assert!(text.contains(words) && !text.contains("barley") && !text.contains("sesame"), "{name}: {text}");
    }
    let mut both = ask("wrong");
    both["token"] = json!("another");
    assert_eq!(refused(&server, both).await.0, "InvalidInputError");
    assert!(!server.whole_log().contains("barley"));
}

#[tokio::test]
async fn who_does_not_know_a_client_secret_cannot_have_it_sent_elsewhere() {
    let server = server().await;
    record(&server, "far", json!({ "token_url": "https://a.example/token", "client_secret": "open sesame!" })).await;
    let patch = async |body: Value| server.send("PATCH", "/oauth/far?by=name", &body).await;
    let refused = patch(json!({ "token_url": "https://evil.example/token" })).await;
    assert_eq!((refused.status, &refused.body["field"]), (422, &json!("/client_secret")), "{refused:?}");
    assert_eq!(patch(json!({ "token_url": "https://b.example/token", "client_secret": "open sesame!" })).await.status, 200);
    assert_eq!(patch(json!({ "scopes": ["a"] })).await.status, 200);
}
