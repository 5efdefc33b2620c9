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

#[tokio::test]
async fn a_user_who_agreed_is_logged_in_by_a_refresh_token_of_which_each_is_used_once() {
    const FAN: &str = "
def handler(system, this, inputs):
    all = [this.connect(connector_type='REST', url=inputs['url'], oauth='ada', run=False) for _ in range(8)]
    for each in all:
        each.run_async()
    this.wait_for(*all)
    return [each.get('output_value')['json']['headers']['authorization'] for each in all]
";
    let (mut server, far) = (server().await, FarSide::start().await);
    server.flow("fan", FAN, &Value::Null).await;
    record(&server, "ada", json!({ "token_url": format!("{}/refresh", far.url), "refresh_token": "refresh-number-0" })).await;
    let echo = json!({ "url": format!("{}/echo/x", far.url), "oauth": "ada" });
    let said = |answer: &Value| answer["json"]["headers"]["authorization"].clone();
    for _ in 0..2 {
        assert_eq!(said(&connect(&server, echo.clone()).await), "Bearer (protected)");
    }
    assert_eq!(far.requests(), 3, "one token for both");
    // The token is refused there, and the next one is fetched with what came along with it.
    let elsewhere = json!({ "connector_type": "REST", "url": format!("{}/with-token", far.url), "oauth": "ada" });
    assert!(refused(&server, elsewhere).await.1.contains("401"));
    assert_eq!(said(&connect(&server, echo.clone()).await), "Bearer (protected)");
    assert_eq!(far.requests(), 6);
    // So is the first of another life of the server, once for all who need it at the same time.
    server.kill9().await;
    server.restart().await;
    let ended = server.run("fan", &json!({ "url": echo["url"] })).await;
    assert_eq!(ended["output_value"], json!(vec!["Bearer (protected)"; 8]), "{ended}");
    assert_eq!(far.requests(), 15);
    let all = super::connections(&server).await.iter().map(Value::to_string).collect::<String>() + &server.whole_log();
    assert!(!all.contains("refresh-number") && !all.contains("token-of-ada"), "{all}");
    // One that was used before is of no use.
    let body = json!({ "refresh_token": "refresh-number-1" });
    assert_eq!(server.send("PATCH", "/oauth/ada?by=name", &body).await.status, 200);
    let mut again = echo.clone();
    again["connector_type"] = json!("REST");
    let (_, text) = refused(&server, again).await;
    assert!(text.contains("was used before; its user has to agree anew") && !text.contains("refresh-number"), "{text}");
    let sent_elsewhere = json!({ "token_url": "https://evil.example/token" });
    let answer = server.send("PATCH", "/oauth/ada?by=name", &sent_elsewhere).await;
    assert_eq!((answer.status, &answer.body["field"]), (422, &json!("/refresh_token")), "{answer:?}");
}
