//! The typings of flow_api, one resource a module: reached through their template, since strict clients take no listed URI whose
//! scheme has an underscore.

use std::sync::LazyLock;

use crate::error::{Error, Result, did_you_mean};
use crate::records::typing;

pub(in crate::mcp) const TEMPLATE: &str = "flow_api://{module}";
pub(super) const SCHEME: &str = "flow_api";
pub(super) const MIME_TYPE: &str = "text/x-python";

/// One module.
pub(in crate::mcp) struct Module {
    /// `flow`; the package itself is `flow_api`.
    pub(in crate::mcp) name: String,
    pub(super) text: String,
}

/// By path, the package first.
static MODULES: LazyLock<Vec<Module>> = LazyLock::new(|| {
    let stubs = typing::files().into_iter().filter_map(|stub| {
        let name = stub.path.strip_prefix("flow_api/")?.strip_suffix(".pyi")?;
        let name = if name == "__init__" { SCHEME } else { name };
        Some(Module { name: name.to_owned(), text: stub.text })
    });
    stubs.collect()
});

pub(in crate::mcp) fn all() -> impl Iterator<Item = &'static Module> {
    MODULES.iter()
}

/// The text of a module, named with or without the package in front.
pub(super) fn text(name: &str) -> Result<String> {
    let name = name.trim_end_matches('/');
    let short = name.strip_prefix("flow_api.").unwrap_or(name);
    match all().find(|module| module.name == short) {
        Some(module) => Ok(module.text.clone()),
        None => {
            let near = did_you_mean(short, all().map(|module| module.name.as_str()));
            Err(Error::not_found(format!("flow_api has no module '{short}'.{near}")))
        }
    }
}
