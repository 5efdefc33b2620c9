//! Requests and scripts that cannot be right: refused where they come in, with a sentence that says what would be.

use serde_json::{Value, json};

use super::server::{Answer, Server, answer};

fn refused(answer: &Answer, status: u16, code: &str, pieces: &[&str]) {
    let message = answer.body["error_message"].as_str().unwrap_or_default();
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.body["code"], code, "{answer:?}");
    assert!(message.ends_with(['.', '?', '!']), "no full sentence: {message}");
    for piece in pieces {
        assert!(answer.body.to_string().contains(piece), "'{piece}' is not in {answer:?}");
    }
    assert!(answer.body["request_id"].is_string(), "{answer:?}");
}

async fn count(server: &Server) -> u64 {
    let page = server.get("/execution?limit=1").await;
    page.body["total"].as_u64().unwrap_or_else(|| panic!("no total in {page:?}"))
}

#[tokio::test]
async fn a_script_with_a_syntax_error_is_saved_marked_and_ends_in_one_clear_line() {
    let server = Server::start().await;
    let saved = server.post("/flow?plain=true", &json!({ "name": "broken", "script": "def handler(system:\n    pass\n" })).await;
    assert_eq!(saved.status, 201, "{saved:?}");
    assert_eq!(saved.body["has_syntax_error"], true, "{saved:?}");
    let checked = server.post("/flow/broken/validate?by=name", &Value::Null).await;
    assert_eq!(checked.status, 200, "{checked:?}");
    assert!(checked.body.to_string().contains("\"line\":1"), "{checked:?}");
    let record = server.run("broken", &Value::Null).await;
    assert_eq!(record["status"], "ENDED_ERROR");
    let first = record["status_message"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
    assert!(first.contains("syntax error in line 1"), "{record}");
    server.flow("broken", "def handler(system, this, inputs):\n    return 'mended'\n", &Value::Null).await;
    assert_eq!(server.run("broken", &Value::Null).await["output_value"], "mended");
}

#[tokio::test]
async fn a_script_without_a_handler_ends_with_that_said() {
    let server = Server::start().await;
    server.flow("headless", "def handel(system, this, inputs):\n    pass\n", &Value::Null).await;
    let record = server.run("headless", &Value::Null).await;
    let message = record["status_message"].as_str().unwrap_or_default();
    assert_eq!(record["status"], "ENDED_ERROR");
    assert!(message.contains("no function named 'handler'") && message.contains("handel"), "{message}");
}

#[tokio::test]
async fn a_failing_import_ends_with_that_said() {
    let server = Server::start().await;
    server.flow("importer", "import no_such_thing\n\ndef handler(system, this, inputs):\n    pass\n", &Value::Null).await;
    let record = server.run("importer", &Value::Null).await;
    let first = record["status_message"].as_str().unwrap_or_default().lines().next().unwrap_or_default().to_owned();
    assert_eq!(record["status"], "ENDED_ERROR");
    assert!(first.contains("import") && first.contains("no_such_thing"), "{first}");
}

#[tokio::test]
async fn inputs_against_the_schema_are_refused_with_every_breach_and_no_execution_is_made() {
    let server = Server::start().await;
    let schema = json!({
        "type": "object",
        "required": ["name"],
        "properties": { "name": { "type": "string" }, "count": { "type": "integer", "minimum": 1 }, "tags": { "type": "array", "items": { "type": "string" } } },
        "additionalProperties": false
    });
    server.flow("strict", "def handler(system, this, inputs):\n    return inputs\n", &json!({ "input_schema": schema })).await;
    let before = count(&server).await;
    let input = json!({ "count": 0, "tags": ["a", 2], "colour": "red" });
    let start = server.post("/execution", &json!({ "flow_name": "strict", "input_value": input })).await;
    refused(&start, 422, "schema_violation", &["/count", "/tags/1", "name", "colour"]);
    let run = server.post("/flow/strict/run?by=name", &json!({ "input_value": input })).await;
    refused(&run, 422, "schema_violation", &["/count", "/tags/1", "name", "colour"]);
    assert_eq!(count(&server).await, before, "an execution was made");
    let fine = server.run("strict", &json!({ "name": "Ada" })).await;
    assert_eq!(fine["status"], "ENDED_SUCCESS", "{fine}");
}

#[tokio::test]
async fn an_unknown_flow_is_refused_with_near_names() {
    let server = Server::start().await;
    server.flow("send invoices", "def handler(system, this, inputs):\n    pass\n", &Value::Null).await;
    let start = server.post("/execution", &json!({ "flow_name": "send invoice" })).await;
    refused(&start, 404, "not_found", &["send invoice", "send invoices"]);
    let id = "019a0000-0000-7000-8000-000000000000";
    refused(&server.post("/execution", &json!({ "flow_id": id })).await, 404, "not_found", &[id]);
    refused(&server.get(&format!("/flow/{id}")).await, 404, "not_found", &[id]);
}

#[tokio::test]
async fn unknown_fields_types_and_parameters_are_refused_with_near_names() {
    let server = Server::start().await;
    refused(&server.post("/flow", &json!({ "name": "x", "scirpt": "pass" })).await, 422, "invalid", &["scirpt", "script"]);
    refused(&server.post("/execution", &json!({ "flow": "x" })).await, 422, "invalid", &["flow", "flow_name"]);
    let filter = "%7B%22field%22%3A%22nmae%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A1%7D";
    let filtered = server.get(&format!("/flow?filter={filter}")).await;
    assert!(matches!(filtered.status, 400 | 422), "{filtered:?}");
    assert!(filtered.body["error_message"].as_str().unwrap_or_default().contains("name"), "{filtered:?}");
    let parameter = server.get("/flow?limmit=5").await;
    assert_eq!(parameter.status, 400, "{parameter:?}");
    assert!(parameter.body["error_message"].as_str().unwrap_or_default().contains("limit"), "{parameter:?}");
    assert_eq!(server.get("/flwo").await.status, 404);
    assert_eq!(server.get("/flow/not-an-id").await.status / 100, 4);
}

#[tokio::test]
async fn wrong_json_is_refused() {
    let server = Server::start().await;
    for (body, piece) in [("{\"name\": ", "JSON"), ("[1]", "object"), ("\u{feff}nonsense", "JSON")] {
        let request = server.request("POST", "/flow").header("content-type", "application/json").body(body.to_owned());
        let refused = answer(request).await;
        assert!(matches!(refused.status, 400 | 422), "{body} was answered with {refused:?}");
        assert!(refused.body["error_message"].as_str().unwrap_or_default().contains(piece), "{body} was answered with {refused:?}");
    }
    let request = server.request("POST", "/flow").header("content-type", "text/plain").body("{\"name\": \"a\"}");
    assert_eq!(answer(request).await.status, 415);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let request =
        server.request("POST", "/setting").header("content-type", "application/json").body(format!("{{\"name\":\"a\",\"value\":{deep}}}"));
    assert_eq!(answer(request).await.status, 400);
    assert_eq!(server.get("/flow?limit=1").await.status, 200, "the server answers afterwards");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let server = Server::start_with(&["[server]", "body_limit_bytes = 100000"]).await;
    let large = server.post("/setting", &json!({ "name": "large", "value": "x".repeat(200_000) })).await;
    refused(&large, 413, "too_large", &["100000"]);
    let small = server.post("/setting", &json!({ "name": "small", "value": "x".repeat(50_000) })).await;
    assert_eq!(small.status, 201, "{small:?}");
}

#[tokio::test]
async fn requests_without_a_valid_key_learn_nothing() {
    let server = Server::start().await;
    let bare = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    for path in ["/flow", "/execution", "/setting/x?by=name", "/auth/me"] {
        let url = format!("{}/api/latest{path}", server.url);
        refused(&answer(bare.get(&url)).await, 401, "unauthenticated", &[]);
        let wrong = answer(bare.get(&url).bearer_auth("cldm_nobody_nothing")).await;
        assert_eq!(wrong.status, 401, "{wrong:?}");
    }
    let open = answer(bare.get(format!("{}/api/latest/alive", server.url))).await;
    assert_eq!(open.status, 200, "{open:?}");
}
