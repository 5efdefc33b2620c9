//! Content blocks: from the JSON form that people and flows write to what the wire carries.

use flowstead_wire::{Content, Resource, ResourceContent};
use serde_json::Value;

/// None when something that the block's kind needs is missing.
pub(super) fn read(block: &Value) -> Option<Content> {
    let text = |pointer: &str| block.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let medium = || Some((text("/data")?, text("/mimeType")?));
    match block.get("type")?.as_str()? {
        "text" => Some(Content::Text(text("/text")?)),
        "image" => medium().map(|(data, mime_type)| Content::Image { data, mime_type }),
        "audio" => medium().map(|(data, mime_type)| Content::Audio { data, mime_type }),
        "resource" => {
            let (uri, mime_type) = (text("/resource/uri")?, text("/resource/mimeType"));
            let held = match text("/resource/text") {
                Some(text) => ResourceContent::Text { uri, mime_type, text },
                None => ResourceContent::Blob { uri, mime_type, data: text("/resource/blob")? },
            };
            Some(Content::Embedded(held))
        }
        "resource_link" => Some(Content::Link(Resource {
            uri: text("/uri")?,
            name: text("/name")?,
            title: text("/title"),
            description: text("/description"),
            mime_type: text("/mimeType"),
            size: block.get("size").and_then(Value::as_u64),
        })),
        _ => None,
    }
}
