//! Values that a schema shows of itself, defaults and examples: whether they fit the place where they stand.

use serde_json::{Value, json};

use crate::service::schema_check::Schema;

/// A name for the document whose parts are asked for; references within it still lead within it.
const HOME: &str = "urn:flowstead:document";

/// The first rule that `value` breaks, of the schema at `pointer` in the document `root`; `None` too where that cannot be told.
pub(super) fn misfit(root: &Value, pointer: &str, value: &Value) -> Option<String> {
    let mut whole = root.as_object()?.clone();
    if whole.contains_key("$id") {
        // Its references may lead to that name.
        return None;
    }
    whole.insert("$id".to_owned(), HOME.into());
    let asked = json!({ "$ref": format!("{HOME}#{}", fragment(pointer)), "$defs": { "document": whole } });
    let breach = Schema::new(&asked, "").ok()?.breaches(value).into_iter().next()?;
    Some(if breach.pointer.is_empty() { breach.message } else { format!("at {} {}", breach.pointer, breach.message) })
}

/// A pointer as the fragment of an address.
fn fragment(pointer: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(pointer.len());
    for byte in pointer.bytes() {
        if byte.is_ascii_alphanumeric() || b"/~_-.$".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
