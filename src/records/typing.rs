//! Files of `flow_api` for editors and checkers, made from the registry. What no registry knows (the methods of
//! `this`, locks, contents) is written by hand in `typing/face/` and in `typings/`, and goes in as it stands.
#![allow(clippy::format_push_string, reason = "a template reads as it comes out, and is made once")]

mod class;
mod connector;
pub mod input;
mod package;
mod text;

use super::TYPES;
use super::artifact::File;

/// Every generated file: the package, `System`, and one per record type.
pub fn stubs() -> Vec<File> {
    let inputs = face("inputs").to_owned();
    let own = [("__init__", package::package()), ("connectors", connector::module()), ("inputs", inputs), ("system", package::system())];
    let own = own.map(|(module, text)| (module.to_owned(), text));
    let types = TYPES.iter().map(|ty| (ty.singular.to_owned(), class::module(ty)));
    own.into_iter().chain(types).map(|(module, text)| File { path: format!("flow_api/{module}.pyi"), text }).collect()
}

/// Every file that an editor needs, generated and hand-written, by path.
pub fn files() -> Vec<File> {
    let by_hand = BY_HAND.iter().map(|(path, text)| File { path: (*path).to_owned(), text: (*text).to_owned() });
    let mut files: Vec<File> = by_hand.chain(stubs()).collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

macro_rules! by_hand {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/typings/", $path)))),*]
    };
}

/// Path and text of what is written by hand as whole files.
const BY_HAND: &[(&str, &str)] = by_hand![
    "_flow_api.pyi",
    "flow_api/content.pyi",
    "flow_api/exceptions.pyi",
    "flow_api/py.typed",
    "flow_api/record.pyi",
    "flow_api/return_when.pyi",
    "flow_api/using.pyi",
];

/// The methods that are written by hand for this module.
fn face(module: &str) -> &'static str {
    match module {
        "execution" => include_str!("typing/face/execution.pyi"),
        "file" => include_str!("typing/face/file.pyi"),
        "inputs" => include_str!("typing/face/inputs.pyi"),
        "message" => include_str!("typing/face/message.pyi"),
        "setting" => include_str!("typing/face/setting.pyi"),
        "system" => include_str!("typing/face/system.pyi"),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// `UPDATE_TYPINGS=1 cargo test typing` writes the files anew.
    #[test]
    #[allow(clippy::disallowed_methods, reason = "asks the person who runs the test, not the surroundings of the server")]
    fn the_committed_typings_are_what_the_registry_says() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("typings");
        let update = std::env::var_os("UPDATE_TYPINGS").is_some();
        for stub in stubs() {
            let path = folder.join(&stub.path);
            if update {
                fs::write(&path, &stub.text).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == stub.text, "typings/{} is out of date: run `UPDATE_TYPINGS=1 cargo test typing`.", stub.path);
        }
    }

    #[test]
    fn no_typings_are_left_of_a_type_that_is_gone() {
        let known = files();
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("typings/flow_api")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_known = known.iter().any(|stub| stub.path == format!("flow_api/{name}"));
            assert!(is_known, "typings/flow_api/{name} belongs to no module.");
        }
    }

    #[test]
    fn every_readable_field_can_be_got_and_every_writable_one_saved() {
        for ty in TYPES {
            let text = class::module(ty);
            for field in ty.readable().filter(|field| ty.has_place(field)) {
                assert!(text.contains(&format!("'{}'", field.name)), "{}.{} cannot be got", ty.name, field.name);
            }
            for field in ty.fields().filter(|field| !ty.is_kept() && class::is_writable(field) && ty.has_place(field)) {
                assert!(text.contains(&format!("        {}: ", field.name)), "{}.{} cannot be saved", ty.name, field.name);
            }
        }
    }
}
