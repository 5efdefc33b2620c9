//! Developer artifacts: files for work in an editor, made from the registry. The same version makes the same bytes.
//!
//! Routes, the index, `flowstead setup-editor` and what agents are told of them are loops over [`ARTIFACTS`].

mod connector;
mod editor;
mod export;

use serde_json::Value;

use super::{form, typing};

/// The folder of all of them in somebody's project.
pub const FOLDER: &str = ".cloudomation";

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where, below the artifact's target, with `/` between folders: `flow_api/flow.pyi`.
    pub path: String,
    pub text: String,
}

impl File {
    /// A JSON document as people read it, with a last line end.
    fn json(path: impl Into<String>, document: &Value) -> File {
        File { path: path.into(), text: format!("{document:#}\n") }
    }
}

/// Something to download, as data.
#[derive(Debug)]
pub struct Artifact {
    pub name: &'static str,
    /// Below the interface's base path.
    pub endpoint: &'static str,
    /// The folder below [`FOLDER`] that its files go into; empty for that folder itself.
    pub target: &'static str,
    /// What it is and what for.
    pub doc: &'static str,
    pub content: Content,
}

/// What an artifact consists of.
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// Files by path, answered as JSON or as an archive.
    Files(fn() -> Vec<File>),
    /// One JSON document of this file name, answered as it is or in an archive.
    Document(&'static str, fn() -> Value),
}

impl Artifact {
    /// Its files, sorted by path.
    pub fn files(&self) -> Vec<File> {
        let mut files = match self.content {
            Content::Files(make) => make(),
            Content::Document(name, make) => vec![File::json(name, &make())],
        };
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Where its files go, from the top of a project: a folder with `/` behind it.
    pub fn place(&self) -> String {
        if self.target.is_empty() { format!("{FOLDER}/") } else { format!("{FOLDER}/{}/", self.target) }
    }

    /// What the index names as its target: the one file, or the folder.
    pub fn target_path(&self) -> String {
        match self.content {
            Content::Files(_) => self.place(),
            Content::Document(name, _) => self.place() + name,
        }
    }
}

pub static TYPINGS: Artifact = Artifact {
    name: "typings",
    endpoint: "/flow_api/typings",
    target: "",
    doc: "The typings of flow_api for editors and type checkers: a package `flow_api` of stubs.",
    content: Content::Files(typing::files),
};

pub static FORM: Artifact = Artifact {
    name: "formSchema",
    endpoint: "/formSchema.json",
    target: "schemas",
    doc: "The JSON Schema of forms and of flows' input_schema: what each keyword means and may be.",
    content: Content::Document("formSchema.json", form::schema),
};

pub static EXPORT: Artifact = Artifact {
    name: "export schemas",
    endpoint: "/schemas/export",
    target: "schemas/export",
    doc: "JSON Schemas of export documents, `*.flow.yaml` and the like, one per resource type, and a manifest of them.",
    content: Content::Files(export::files),
};

pub static CONNECTORS: Artifact = Artifact {
    name: "connector schemas",
    endpoint: "/schemas/connectors",
    target: "schemas/connectors",
    doc: "JSON Schemas of connections, per connector type: inputs of a call, inputs as stored, output; and a manifest of them.",
    content: Content::Files(connector::files),
};

pub static EDITOR: Artifact = Artifact {
    name: "editor settings",
    endpoint: "/editor-config",
    target: "editor-config",
    doc: "What `.vscode/settings.json` and `pyrightconfig.json` need to find all this; to be merged into what is there.",
    content: Content::Files(editor::files),
};

/// Every artifact.
pub static ARTIFACTS: &[&Artifact] = &[&TYPINGS, &FORM, &EXPORT, &CONNECTORS, &EDITOR];

/// `.vscode/settings.json` as far as it is ours.
pub fn vscode_settings() -> Value {
    editor::vscode()
}

/// `pyrightconfig.json` as far as it is ours.
pub fn pyright_settings() -> Value {
    editor::pyright()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Component, Path};

    use super::*;

    #[test]
    fn no_file_is_there_twice_and_none_leaves_the_folder() {
        let mut seen = BTreeSet::new();
        for artifact in ARTIFACTS {
            for file in artifact.files() {
                let whole = artifact.place() + &file.path;
                assert!(Path::new(&whole).components().all(|part| matches!(part, Component::Normal(_))), "{whole}");
                assert!(!file.path.contains('\\') && (!file.text.is_empty() || file.path.ends_with("py.typed")), "{whole}");
                assert!(seen.insert(whole.clone()), "{whole} is there twice");
            }
        }
    }

    /// Every `$ref` of every schema, from the file it stands in, leads to a file of an artifact.
    #[test]
    fn every_reference_between_files_leads_somewhere() {
        fn references(value: &Value, out: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    out.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    map.values().for_each(|value| references(value, out));
                }
                Value::Array(items) => items.iter().for_each(|value| references(value, out)),
                _ => {}
            }
        }
        let all: Vec<(String, String)> =
            ARTIFACTS.iter().flat_map(|a| a.files().into_iter().map(|file| (a.place() + &file.path, file.text))).collect();
        let mut count = 0;
        for (place, text) in all.iter().filter(|(place, _)| Path::new(place).extension().is_some_and(|ending| ending == "json")) {
            let document: Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{place}: {e}"));
            let mut found = Vec::new();
            references(&document, &mut found);
            for reference in found {
                let (file, pointer) = reference.split_once('#').unwrap_or((&reference, ""));
                let mut path: Vec<&str> = place.split('/').collect();
                path.pop();
                for step in file.split('/') {
                    match step {
                        ".." => drop(path.pop()),
                        step => path.push(step),
                    }
                }
                let target = if file.is_empty() { place.clone() } else { path.join("/") };
                let (_, text) = all.iter().find(|(place, _)| *place == target).unwrap_or_else(|| panic!("{place}: {reference}"));
                assert!(serde_json::from_str::<Value>(text).unwrap().pointer(pointer).is_some(), "{place}: {reference}");
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn every_schema_is_a_schema() {
        for artifact in ARTIFACTS {
            for file in artifact.files().iter().filter(|file| file.path.ends_with("chema.json")) {
                let schema: Value = serde_json::from_str(&file.text).expect("JSON");
                assert!(jsonschema::draft202012::meta::is_valid(&schema), "{}", file.path);
                assert_eq!(schema["$schema"], super::super::connector::schema::DIALECT, "{}", file.path);
            }
        }
    }
}
