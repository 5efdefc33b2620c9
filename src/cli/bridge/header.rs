//! The headers that a message needs over HTTP and that its JSON says already.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

/// Where a message of 2026-07-28 and later carries its revision.
const REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// The revision that a message names itself; older messages name none.
pub(super) fn revision(message: &Value) -> Option<&str> {
    message["params"]["_meta"][REVISION].as_str()
}

/// `MCP-Protocol-Version`, `Mcp-Method` and `Mcp-Name` of a message that names its revision.
pub(super) fn of(message: &Value) -> Vec<(&'static str, String)> {
    let (Some(revision), Some(method)) = (revision(message), message["method"].as_str()) else { return Vec::new() };
    let params = &message["params"];
    let name = match method {
        "tools/call" | "prompts/get" => &params["name"],
        "resources/read" => &params["uri"],
        "tasks/get" | "tasks/update" | "tasks/cancel" => &params["taskId"],
        _ => &Value::Null,
    };
    let mut headers = vec![("mcp-protocol-version", encode(revision)), ("mcp-method", encode(method))];
    headers.extend(name.as_str().map(|name| ("mcp-name", encode(name))));
    headers
}

/// A text as a header's value: as it is, or in base64 where a header could not carry it or would be read differently.
fn encode(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim() == text && !text.starts_with("=?base64?");
    if is_plain { text.to_owned() } else { format!("=?base64?{}?=", BASE64.encode(text)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_say_what_the_body_says() {
        let meta = json!({REVISION: "2026-07-28"});
        let call = json!({"id": 1, "method": "tools/call", "params": {"name": "grüße", "_meta": meta}});
        let expected = [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", "=?base64?Z3LDvMOfZQ==?=")];
        assert_eq!(of(&call), expected.map(|(name, value)| (name, value.to_owned())));
        let task = json!({"id": 2, "method": "tasks/get", "params": {"taskId": "t1", "_meta": meta}});
        assert_eq!(of(&task)[2], ("mcp-name", "t1".to_owned()));
        assert_eq!(of(&json!({"id": 3, "method": "tools/list", "params": {"_meta": meta}})).len(), 2);
        assert!(of(&json!({"id": 4, "method": "tools/call", "params": {"name": "x"}})).is_empty());
    }
}
