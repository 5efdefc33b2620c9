//! What the official conformance suite asks for and no flow has: `test://` resources, and tools that ask a client for its language
//! model or its folders. Served only where `mcp.test_resources` says so.

mod tool;

use flowstead_wire::{Resource, ResourceContent, Template};

pub(super) use tool::{call, tools};

/// A picture of one red point, as PNG in base64.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

pub(super) fn list() -> Vec<Resource> {
    let resource = |uri: &str, description: &str, media: &str| Resource {
        uri: uri.to_owned(),
        name: uri.to_owned(),
        description: Some(description.to_owned()),
        mime_type: Some(media.to_owned()),
        ..Resource::default()
    };
    vec![
        resource("test://static-text", "A text for the conformance suite.", "text/plain"),
        resource("test://static-binary", "A picture for the conformance suite.", "image/png"),
    ]
}

pub(super) fn template() -> Template {
    Template {
        uri_template: "test://template/{id}/data".into(),
        name: "test://template".into(),
        title: None,
        description: Some("A template for the conformance suite.".into()),
        mime_type: Some("application/json".into()),
    }
}

/// None for every other URI.
pub(super) fn read(uri: &str) -> Option<ResourceContent> {
    let text = |media: &str, text: String| ResourceContent::Text { uri: uri.to_owned(), mime_type: Some(media.to_owned()), text };
    match uri {
        "test://static-text" => Some(text("text/plain", "This is the content of the static text resource.".into())),
        "test://static-binary" => {
            Some(ResourceContent::Blob { uri: uri.to_owned(), mime_type: Some("image/png".into()), data: PICTURE.to_owned() })
        }
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = serde_json::json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            Some(text("application/json", data.to_string()))
        }
    }
}
