//! Language models, played by a stand-in that speaks their interface.

use serde_json::{Value, json};

use super::far_side::FarSide;
use super::{connections, server};
use crate::server::Server;

/// Connects as the type says, and gives the outputs or how it was refused.
const ASK: &str = "
def handler(system, this, inputs):
    try:
        return this.connect(connector_type=inputs.pop('type'), inputs=inputs).get_outputs()
    except Exception as error:
        return [type(error).__name__, str(error)]
";

async fn ask(server: &Server, inputs: Value) -> Value {
    let ended = server.run("ask", &inputs).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    ended["output_value"].clone()
}

fn told(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}

#[tokio::test]
async fn a_model_answers_whole_or_piece_by_piece() {
    let (server, far) = (server().await, FarSide::start().await);
    server.flow("ask", ASK, &Value::Null).await;
    let base = format!("{}/v1", far.url);
    let openai = json!({ "type": "OPENAI", "base_url": base, "token": "sk-right", "model": "m", "messages": told("hello") });
    let answer = ask(&server, openai.clone()).await;
    assert_eq!(answer["message"]["content"], "/v1/chat/completions\nhello");
    assert_eq!((&answer["finish_reason"], &answer["usage"]["total_tokens"]), (&json!("stop"), &json!(5)));
    let mut streamed = openai.clone();
    streamed["stream"] = json!(true);
    streamed["messages"] = told("one two\nthree four");
    assert_eq!(ask(&server, streamed.clone()).await["message"]["content"], "/v1/chat/completions\none two\nthree four");
    let second = connections(&server).await[1]["id"].as_str().expect("an id").to_owned();
    assert_eq!(server.messages(&second).await, ["/v1/chat/completions", "one two", "three four"]);
    let azure = json!({ "type": "AZUREAI", "base_url": far.url, "token": "sk-right", "model": "mine", "messages": told("hi") });
    let path = "/openai/deployments/mine/chat/completions?api-version=2024-10-21";
    assert_eq!(ask(&server, azure).await["message"]["content"], format!("{path}\nhi"));
}

#[tokio::test]
async fn a_busy_model_is_asked_again_and_what_it_says_of_errors_is_passed_on() {
    let (server, far) = (server().await, FarSide::start().await);
    server.flow("ask", ASK, &Value::Null).await;
    let with = |model: &str, token: &str, more: Value| {
        let base = format!("{}/v1", far.url);
        let mut inputs = json!({ "type": "OPENAI", "base_url": base, "token": token, "model": model, "messages": told("hello") });
        inputs.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        inputs
    };
    assert!(ask(&server, with("busy", "sk-right", json!({}))).await["message"].is_object());
    assert_eq!(far.requests(), 3);
    let refused = ask(&server, with("m", "sk-wrong-token", json!({}))).await;
    assert!(refused[1].as_str().is_some_and(|text| text.contains("Incorrect API key") && !text.contains("sk-wrong-token")), "{refused}");
    let cut = ask(&server, with("cut", "sk-right", json!({ "stream": true }))).await;
    assert!(cut[1].as_str().is_some_and(|text| text.contains("broke off")), "{cut}");
    let silent = ask(&server, with("silent", "sk-right", json!({ "timeout": 0.2 }))).await;
    assert!(silent[1].as_str().is_some_and(|text| text.contains("0.2 s")), "{silent}");
    let missing = ask(&server, json!({ "type": "OPENAI", "model": "m" })).await;
    assert_eq!(missing[0], "MissingInputError", "{missing}");
    let address = ask(&server, json!({ "type": "OPENAI", "base_url": "far away", "model": "m", "messages": [] })).await;
    assert!(address[1].as_str().is_some_and(|text| text.contains("base_url")), "{address}");
}
