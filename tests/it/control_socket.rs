//! The control socket is for people at the machine: a flow, though it runs as the same user, gets nothing from it.

use serde_json::{Value, json};

use super::server::Server;

const ASK: &str = r#"
import socket

def handler(system, this, inputs):
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(inputs['path'])
        s.sendall(b'{"command": "user_list"}\n')
        return {'answer': s.recv(1000).decode()}
    except OSError:
        return {'answer': ''}
"#;

#[tokio::test]
async fn a_flow_gets_no_answer_from_the_control_socket() {
    let server = Server::start().await;
    server.flow("ask", ASK, &Value::Null).await;
    let path = server.folder().join("control.sock");
    assert!(path.exists(), "the socket is where the flow looks for it");
    let record = server.run("ask", &json!({ "path": path })).await;
    assert_eq!(record["output_value"], json!({ "answer": "" }), "{record}");
}
