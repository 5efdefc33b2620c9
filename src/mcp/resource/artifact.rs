//! Where the files for work in a local editor are.

use serde_json::{Value, json};

use super::guide;
use crate::mcp::Mcp;

/// The index: each artifact with its address and how it is asked for.
pub(super) fn index(mcp: &Mcp) -> Value {
    let base = guide::base(mcp);
    let artifact = |name: &str, path: &str, (media, description): (&str, &str)| json!({ "name": name, "url": format!("{base}{path}"), "media_type": media, "description": description });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "authentication": "Send the API key as `Authorization: Bearer <key>`, as for this endpoint.",
        "artifacts": [
            artifact("typings", "/flow_api/typings?format=zip", ("application/zip", "The typings of flow_api for editors and type checkers. Unpack into `typings/` beside the flows. The same version gives the same bytes; takes If-None-Match.")),
            artifact("typings as JSON", "/flow_api/typings", ("application/json", "The same files by path: {\"version\", \"files\": {path: text}}. Single modules are resources: flow_api://<module>.")),
            artifact("openapi", "/openapi.json", ("application/json", "Every REST route, parameter and schema, as OpenAPI 3.1; the schemas of all record types are below /components/schemas.")),
            artifact("docs", "/docs", ("text/html", "The same as a page for people.")),
        ],
        "commands": {
            "flowstead setup-editor FOLDER": "does it all where the program is at hand: typings, pyrightconfig.json, .vscode/settings.json",
        },
    })
}
