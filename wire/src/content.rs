//! What answers carry: text, pictures, sound, resources.

use serde_json::Value;

/// One block of a tool's result or of a prompt's message.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Text(String),
    /// Base64 and its media type (`image/png`).
    Image {
        data: String,
        mime_type: String,
    },
    Audio {
        data: String,
        mime_type: String,
    },
    Embedded(ResourceContent),
    Link(Resource),
}

/// A resource as listed or linked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    pub uri: String,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub mime_type: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
}

/// What a resource holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceContent {
    Text {
        uri: String,
        mime_type: Option<String>,
        text: String,
    },
    /// Base64.
    Blob {
        uri: String,
        mime_type: Option<String>,
        data: String,
    },
}

/// The result of a tool call. An error is text only: a client in wide use throws an error away that carries structured content.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolResult {
    pub content: Vec<Content>,
    /// An object for legacy callers, any value for modern ones; never with `is_error`.
    pub structured: Option<Value>,
    pub is_error: bool,
}
