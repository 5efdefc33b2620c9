//! One block of content in the form of MCP: text, a picture, a sound, a resource or a link to one.

use serde_json::Value;

/// The kinds of blocks and what each needs, as JSON pointers.
const KINDS: [(&str, &[&str]); 5] = [
    ("text", &["/text"]),
    ("image", &["/data", "/mimeType"]),
    ("audio", &["/data", "/mimeType"]),
    ("resource", &["/resource/uri"]),
    ("resource_link", &["/uri", "/name"]),
];

/// The error is a sentence that says what is missing.
pub(super) fn check(block: &Value) -> Result<(), String> {
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
    let Some((_, needs)) = KINDS.iter().find(|(name, _)| *name == kind) else {
        let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
        return Err(format!("The 'type' of a content block is one of {}; '{kind}' is not.", names.join(", ")));
    };
    if let Some(missing) = needs.iter().find(|pointer| block.pointer(pointer).and_then(Value::as_str).is_none()) {
        return Err(format!("A content block of type {kind} needs a text at {missing}."));
    }
    let held = ["/resource/text", "/resource/blob"].iter().any(|pointer| block.pointer(pointer).is_some_and(Value::is_string));
    if kind == "resource" && !held {
        return Err("A content block of type resource needs a text at /resource/text or /resource/blob.".to_owned());
    }
    Ok(())
}
