//! The example project as `make run` loads it.

use serde_json::json;
use tokio::process::Command;

use crate::server::Server;

#[tokio::test]
async fn the_examples_load_twice_and_hello_is_a_tool() {
    let server = Server::start().await;
    for _ in 0..2 {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/load_examples.py");
        let loading = Command::new("python3").arg(script).arg(&server.url).env("FLOWSTEAD_API_KEY", &server.key).output();
        let loaded = loading.await.expect("python3 can be started");
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
    }
    let tools = server.get("/mcp_user_tool?plain=true&fields=name,problem").await.body;
    assert_eq!(tools, json!([{"name": "hello", "problem": null}]));
    let record = server.run("hello", &json!({"name": "Ada"})).await;
    assert_eq!(record["output_value"], json!({"greeting": "Hello, Ada!"}), "{record}");
}
