//! What no compiler checks: who may name whom, how long files are, and what must not be in them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Longest Rust or Python file, lines.
const FILE_LIMIT: usize = 500;
/// Longest ARCHITECTURE.md, lines.
const ARCHITECTURE_LIMIT: usize = 180;
/// Module names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helpers", "common", "misc", "manager"];
/// Folders that a build or a run makes.
const MADE: [&str; 7] = [".git", ".uv", "target", "data", ".venv", "node_modules", "__pycache__"];

/// A library and a folder that may name it; one that is there twice has two.
const LIBRARIES: [(&str, &str); 16] = [
    ("sqlx", "src/store/"),
    ("sqlx", "src/connectors/sql/"),
    ("redis", "src/connectors/redis"),
    ("rusqlite", "src/connectors/sql/sqlite"),
    ("pyo3", "src/worker/"),
    ("axum", "src/http/"),
    ("maud", "src/http/page"),
    ("pulldown_cmark", "src/http/page/"),
    ("rmcp", "wire/src/"),
    ("reqwest", "src/cli/"),
    ("reqwest", "src/connectors/"),
    ("rusty_s3", "src/connectors/"),
    ("notify", "src/cli/dev/"),
    ("lettre", "src/connectors/mail/"),
    ("russh", "src/connectors/ssh/"),
    ("russh_sftp", "src/connectors/ssh/"),
];

/// A folder and the modules of this crate it may not name.
const LAYERS: [(&str, &[&str]); 8] = [
    ("src/environment/", &["connectors", "store", "service", "engine", "worker", "mcp", "http", "app", "cli"]),
    ("src/store/", &["environment", "connectors", "service", "engine", "worker", "mcp", "http", "app", "cli"]),
    ("src/connectors/", &["environment", "store", "service", "engine", "worker", "mcp", "http", "app", "cli"]),
    ("src/service/", &["engine", "worker", "mcp", "http", "app", "cli"]),
    ("src/engine/", &["mcp", "http", "app", "cli"]),
    ("src/worker/", &["environment", "connectors", "store", "service", "engine", "mcp", "http", "app", "cli"]),
    ("src/mcp/", &["environment", "connectors", "store", "engine", "worker", "http", "app", "cli"]),
    ("src/http/", &["environment", "connectors", "worker", "app", "cli"]),
];

/// `records` is data only: these modules of ours and these libraries, nothing else.
const RECORDS_MODULES: [&str; 3] = ["records", "error", "clock"];
const RECORDS_LIBRARIES: [&str; 9] = ["std", "core", "serde", "serde_json", "uuid", "jiff", "crate", "super", "self"];

struct Source {
    /// Relative to the package, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// The text without comment lines, so that prose may name any layer.
    fn code(&self) -> String {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }

    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    fn is_python(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "py" || extension == "pyi")
    }
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the package that no build made.
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![package()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the package is readable") {
            let entry = entry.expect("an entry of the package is readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() && !MADE.contains(&name.as_str()) {
                folders.push(entry.path());
            } else if kind.is_file() && name != ".git" {
                // What is not UTF-8 is not text.
                let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
                let path = entry.path().strip_prefix(package()).expect("it was found below").to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    found
}

/// The Rust files below `folder`; an empty walk is a broken test, not a tidy house.
fn rust_files(folders: &[&str], at_least: usize) -> Vec<Source> {
    let files: Vec<Source> =
        sources().into_iter().filter(|file| file.is_rust() && folders.iter().any(|folder| file.path.starts_with(folder))).collect();
    assert!(files.len() >= at_least, "only {} Rust files were found below {folders:?}", files.len());
    files
}

fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

/// The modules of this crate that `code` names: `crate::store::..` and `use crate::{clock::.., store}` alike.
fn modules_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => named.extend(group_heads(group)),
            None => named.extend(identifier(rest)),
        }
    }
    named
}

/// The first segment of each path in a `{a::b, c::{d, e}}` group whose opening brace was taken off.
fn group_heads(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.extend(identifier(group[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.extend(identifier(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads
}

fn identifier(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Whether `code` names the library, in a path, an import or an attribute.
fn names_library(code: &str, library: &str) -> bool {
    [format!("{library}::"), format!("use {library};"), format!("#[{library}(")].iter().any(|pattern| {
        code.match_indices(pattern.as_str())
            .any(|(at, _)| !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':'))
    })
}

#[test]
fn each_library_of_a_layer_is_named_in_its_folder_only() {
    let mut breaches = Vec::new();
    for file in rust_files(&["src/", "wire/"], 50) {
        let code = file.code();
        for (library, folder) in LIBRARIES {
            let is_at_home = LIBRARIES.iter().any(|(other, home)| *other == library && file.path.starts_with(home));
            if !is_at_home && names_library(&code, library) {
                breaches.push(format!("{} names {library}, which belongs to {folder}", file.path));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn each_library_of_a_layer_is_found_where_it_belongs() {
    for (library, folder) in LIBRARIES {
        let used = rust_files(&[folder], 1).iter().any(|file| names_library(&file.code(), library));
        assert!(used, "{folder} does not name {library}: the rule that guards it sees nothing");
    }
}

#[test]
fn layers_name_only_what_lies_below_them() {
    let mut breaches = Vec::new();
    for (folder, above) in LAYERS {
        for file in rust_files(&[folder], 1) {
            for module in modules_named(&file.code()) {
                if above.contains(&module.as_str()) {
                    breaches.push(format!("{} names crate::{module}", file.path));
                }
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn records_are_data_only() {
    let mut breaches = Vec::new();
    for file in rust_files(&["src/records/"], 10) {
        let code = file.code();
        for module in modules_named(&code) {
            if !RECORDS_MODULES.contains(&module.as_str()) {
                breaches.push(format!("{} names crate::{module}", file.path));
            }
        }
        for line in code.lines() {
            let line = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            let Some(head) = line.strip_prefix("use ").and_then(identifier) else { continue };
            let of_this_file = head.starts_with(char::is_uppercase) || code.contains(&format!("mod {head};"));
            if !of_this_file && !RECORDS_LIBRARIES.contains(&head.as_str()) {
                breaches.push(format!("{} uses {head}", file.path));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn each_file_says_first_what_it_is_for() {
    let mut breaches = Vec::new();
    for file in rust_files(&["src/", "tests/", "bench/"], 50) {
        if !file.text.starts_with("//! ") {
            breaches.push(format!("{} does not begin with a //! sentence", file.path));
        }
    }
    assert_none(&breaches);
}

#[test]
fn no_file_is_too_long_to_read() {
    // The stubs of the record types are made by a loop and looked up by editors.
    let is_read = |file: &Source| (file.is_rust() || file.is_python()) && !file.path.starts_with("typings/flow_api/");
    let files: Vec<Source> = sources().into_iter().filter(is_read).collect();
    assert!(files.len() >= 50, "only {} files were found", files.len());
    let too_long = |file: &Source| {
        let lines = file.text.lines().count();
        (lines > FILE_LIMIT).then(|| format!("{} has {lines} lines; split it by noun", file.path))
    };
    assert_none(&files.iter().filter_map(too_long).collect::<Vec<_>>());

    let architecture = std::fs::read_to_string(package().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let lines = architecture.lines().count();
    assert!(lines <= ARCHITECTURE_LIMIT, "ARCHITECTURE.md has {lines} lines, more than anybody reads");
}

#[test]
fn module_names_say_what_is_inside() {
    let mut breaches = Vec::new();
    for file in rust_files(&["src/", "tests/", "bench/"], 50) {
        let stem = |part: &str| part.trim_end_matches(".rs").to_owned();
        if file.path.split('/').any(|part| EMPTY_NAMES.contains(&stem(part).as_str())) {
            breaches.push(format!("{} is named after nothing", file.path));
        }
    }
    assert_none(&breaches);
}

#[test]
fn each_dependency_carries_its_reason() {
    let manifest = std::fs::read_to_string(package().join("Cargo.toml")).expect("Cargo.toml is there");
    let (mut inside, mut seen, mut breaches) = (false, 0, Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            seen += 1;
            let reason = line.rsplit_once("# ").map_or("", |(_, reason)| reason);
            if reason.len() < 4 {
                breaches.push(format!("{line} does not say why it is there"));
            }
        }
    }
    assert!(seen >= 20, "only {seen} dependencies were found");
    assert_none(&breaches);
}

#[test]
fn no_file_names_a_place_on_the_machine_it_was_written_on() {
    // Put together here, or this file would be the first to be found.
    let places = ["root", "home", "tmp/fs"].map(|folder| format!("/{folder}/"));
    let files = sources();
    assert!(files.len() >= 50, "only {} files were found", files.len());
    let mut breaches = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            if places.iter().any(|place| line.contains(place.as_str())) {
                breaches.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    assert_none(&breaches);
}

#[test]
fn the_reading_of_imports_understands_groups() {
    let named = modules_named("use crate::{clock::Clock, store::{Row, Tx}};\nlet x = crate::error::Error; use flow_crate::http;");
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["clock", "error", "store"]);
    assert!(names_library("use sqlx::Row;", "sqlx"));
    assert!(names_library("#[pyo3(signature = ())]", "pyo3"));
    assert!(!names_library("use my_sqlx::Row;", "sqlx"));
}
