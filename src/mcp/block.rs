//! Content blocks: from the JSON form that people and flows write to what the wire carries.

use base64::Engine;
use flowstead_wire::{Content, Resource, ResourceContent};
use serde_json::Value;

/// Kinds of blocks.
const KINDS: [&str; 5] = ["text", "image", "audio", "resource", "resource_link"];

/// None when something that the block's kind needs is missing.
pub(super) fn read(block: &Value) -> Option<Content> {
    checked(block).ok()
}

/// A block, or a clause that says what is wrong with it.
pub(super) fn checked(block: &Value) -> Result<Content, String> {
    let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "text" => Ok(Content::Text(needed(block, "/text")?)),
        "image" => medium(block, kind).map(|(data, mime_type)| Content::Image { data, mime_type }),
        "audio" => medium(block, kind).map(|(data, mime_type)| Content::Audio { data, mime_type }),
        "resource" => {
            let (uri, mime_type) = (address(block, "/resource/uri")?, text(block, "/resource/mimeType"));
            let held = match text(block, "/resource/text") {
                Some(text) => ResourceContent::Text { uri, mime_type, text },
                None => ResourceContent::Blob { uri, mime_type, data: base64(block, "/resource/blob")? },
            };
            Ok(Content::Embedded(held))
        }
        "resource_link" => Ok(Content::Link(Resource {
            uri: address(block, "/uri")?,
            name: needed(block, "/name")?,
            title: text(block, "/title"),
            description: text(block, "/description"),
            mime_type: text(block, "/mimeType"),
            size: block.get("size").and_then(Value::as_u64),
        })),
        _ => Err(format!("its 'type' is none of {}", KINDS.join(", "))),
    }
}

fn text(block: &Value, pointer: &str) -> Option<String> {
    block.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn needed(block: &Value, pointer: &str) -> Result<String, String> {
    text(block, pointer).ok_or_else(|| format!("it has no text at {pointer}"))
}

fn address(block: &Value, pointer: &str) -> Result<String, String> {
    let uri = needed(block, pointer)?;
    let has_scheme = uri.split_once(':').is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty());
    if has_scheme { Ok(uri) } else { Err(format!("'{uri}' at {pointer} is no address: it has no scheme")) }
}

fn base64(block: &Value, pointer: &str) -> Result<String, String> {
    let data = needed(block, pointer)?;
    match base64::engine::general_purpose::STANDARD.decode(&data) {
        Ok(_) => Ok(data),
        Err(error) => Err(format!("what stands at {pointer} is no base64: {}", error.to_string().trim_end_matches('.'))),
    }
}

fn medium(block: &Value, kind: &str) -> Result<(String, String), String> {
    let mime_type = needed(block, "/mimeType")?;
    if !mime_type.starts_with(&format!("{kind}/")) {
        return Err(format!("'{mime_type}' is no media type of kind {kind}"));
    }
    Ok((base64(block, "/data")?, mime_type))
}
