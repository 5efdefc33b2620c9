//! Connections against real servers on loopback: what flows get, what is refused, what is kept secret, what survives.

mod copy;
mod database;
pub mod far_side;
mod git;
mod loss;
mod machine;
mod mcp;
mod mcp_cancel;
mod model;
mod oauth;
mod redis_server;
mod repository;
mod rest;
mod s3;
mod s3_loss;
mod secret;
mod smtp;
mod sql;
mod sql_loss;
mod sqlite;
mod ssh;
mod stream;
mod vault;

use serde_json::{Value, json};

use super::server::Server;

/// Connects with what its inputs say, over REST unless they say otherwise, and gives the outputs.
const CONNECT: &str = "
def handler(system, this, inputs):
    return this.connect(connector_type=inputs.pop('connector_type', 'REST'), inputs=inputs).get_outputs()
";
/// Connects, and tells how it was refused.
const TRY: &str = "
def handler(system, this, inputs):
    try:
        this.connect(inputs.pop('connector', None), connector_type=inputs.pop('connector_type', None), inputs=inputs)
    except Exception as error:
        return [type(error).__name__, str(error)]
";

/// A server with the two flows `connect` and `try`.
async fn server() -> Server {
    let server = Server::start().await;
    server.flow("connect", CONNECT, &Value::Null).await;
    server.flow("try", TRY, &Value::Null).await;
    server
}

/// The output of `connect`.
async fn connect(server: &Server, inputs: Value) -> Value {
    let ended = server.run("connect", &inputs).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    ended["output_value"].clone()
}

/// The class and the message with which `try` was refused.
async fn refused(server: &Server, inputs: Value) -> (String, String) {
    let ended = server.run("try", &inputs).await;
    assert_eq!(ended["status"], "ENDED_SUCCESS", "{ended}");
    serde_json::from_value(ended["output_value"].clone()).unwrap_or_else(|_| panic!("it was not refused: {ended}"))
}

/// The connections that were ever made, oldest first.
async fn connections(server: &Server) -> Vec<Value> {
    let filter = json!({ "field": "type", "op": "eq", "value": "CONNECTION" }).to_string();
    let request = server.request("GET", "/execution").query(&[("filter", filter.as_str()), ("order", "created_at"), ("plain", "true")]);
    let page = super::server::answer(request).await;
    page.body.as_array().cloned().unwrap_or_else(|| panic!("{page:?}"))
}
