//! What editors must be told to find the other artifacts.

use serde_json::{Map, Value, json};

use super::{EXPORT, FOLDER, File, export};

/// The snippets as files.
pub(super) fn files() -> Vec<File> {
    vec![File::json("pyrightconfig.snippet.json", &pyright()), File::json("vscode-settings.snippet.json", &vscode())]
}

/// For `pyrightconfig.json`.
pub(super) fn pyright() -> Value {
    // The source of flow_api is inside the server: that it is not found here is as it should be.
    json!({"extraPaths": [FOLDER], "reportMissingModuleSource": false})
}

/// For `.vscode/settings.json`: where typings are, and which schema goes with which files.
pub(super) fn vscode() -> Value {
    let mut schemas = Map::new();
    for (path, patterns) in export::patterns() {
        schemas.insert(format!("./{}{path}", EXPORT.place()), json!(patterns));
    }
    json!({"python.analysis.extraPaths": [FOLDER], "yaml.schemas": schemas})
}
