//! Where the files for work in a local editor are.

use serde_json::{Value, json};

use super::guide;
use crate::mcp::Mcp;
use crate::records::artifact::{ARTIFACTS, Content};

/// The index: each artifact with its address and how it is asked for.
pub(super) fn index(mcp: &Mcp) -> Value {
    let base = guide::base(mcp);
    let entry = |(name, path, target): (&str, &str, Option<String>), media: &str, description: &str| json!({ "name": name, "url": format!("{base}{path}"), "target": target, "media_type": media, "description": description });
    let mut artifacts = Vec::new();
    for artifact in ARTIFACTS {
        let (query, media) = match artifact.content {
            Content::Files(_) => ("?format=zip", "application/zip"),
            Content::Document(..) => ("", "application/json"),
        };
        let path = format!("{}{query}", artifact.endpoint);
        artifacts.push(entry((artifact.name, &path, Some(artifact.target_path())), media, artifact.doc));
    }
    let plain = |name, path| (name, path, None);
    artifacts.push(entry(
        plain("index", "/developer-artifacts"),
        "application/json",
        "The same list with the version and the SHA-256 of each, to see what is new.",
    ));
    artifacts.push(entry(
        plain("openapi", "/openapi.json"),
        "application/json",
        "Every REST route, parameter and schema, as OpenAPI 3.1; the schemas of all record types are below /components/schemas.",
    ));
    artifacts.push(entry(plain("docs", "/docs"), "text/html", "The same as a page for people."));
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "authentication": "Send the API key as `Authorization: Bearer <key>`, as for this endpoint.",
        "unpacking": "Unpack an archive into its target folder. The same version gives the same bytes; all take If-None-Match. Without \
                      `format=zip` the answer is {\"version\", \"files\": {path: text}}. Single modules of the typings are resources: \
                      flow_api://<module>.",
        "artifacts": artifacts,
        "commands": {
            "flowstead setup-editor FOLDER --url URL": "does it all where the program is at hand: .cloudomation/, pyrightconfig.json, \
                                                        .vscode/settings.json",
        },
    })
}
