//! The inputs of connections: checked against their declaration, and what of them is shown nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Map, Value};

use super::super::schema_check::{Schema, violation};
use super::{PROTECTED, reference};
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::records::connector::{Connector, Input, Is, Rule, TYPES, schema};

/// The inputs, if the type takes them. What is missing, wrong or unknown is an error that says which class flow code gets.
pub(super) fn checked(of: &'static Connector, mut inputs: Map<String, Value>) -> Result<Map<String, Value>> {
    // `from` is a word of Python: flows that give it as a keyword write `from_`.
    if of.every_input().any(|input| input.name == "from")
        && let Some(from) = inputs.remove("from_")
    {
        inputs.insert("from".into(), from);
    }
    if let Some(name) = inputs.keys().find(|name| of.every_input().all(|input| input.name != name.as_str())) {
        let near = did_you_mean(name, of.every_input().map(|input| input.name));
        return Err(raised("ExtraInputError", format!("{} takes no input '{name}'.{near}", of.name)).field(format!("/{name}")));
    }
    if let Some(input) = of.every_input().find(|input| input.required && !inputs.contains_key(input.name)) {
        let text = format!("{} needs the input '{}': {}", of.name, input.name, input.doc);
        return Err(raised("MissingInputError", text).field(format!("/{}", input.name)));
    }
    for rule in of.rules {
        keeps(of, *rule, &inputs)?;
    }
    let inputs = Value::Object(inputs);
    let breaches = strict(of)?.breaches(&inputs);
    if !breaches.is_empty() {
        let error = violation(&breaches, "");
        let text = format!("{} cannot be connected: {}", of.name, error.message());
        return Err(raised("InvalidInputError", text).field(breaches[0].pointer.clone()));
    }
    let Value::Object(inputs) = inputs else { return Ok(Map::new()) };
    Ok(inputs)
}

/// The compiled schema of a type's inputs. To make it takes longer than many a connection.
fn strict(of: &'static Connector) -> Result<Arc<Schema>> {
    static COMPILED: Mutex<BTreeMap<&str, Arc<Schema>>> = Mutex::new(BTreeMap::new());
    let mut compiled = COMPILED.lock().expect("no panic happens under this lock");
    if let Some(schema) = compiled.get(of.name) {
        return Ok(schema.clone());
    }
    let schema = Arc::new(Schema::new(&schema::input(of), "/inputs")?);
    compiled.insert(of.name, schema.clone());
    Ok(schema)
}

fn keeps(of: &Connector, rule: Rule, inputs: &Map<String, Value>) -> Result<()> {
    let given = |names: &[&'static str]| -> Vec<&'static str> { names.iter().copied().filter(|name| inputs.contains_key(*name)).collect() };
    let listed = |names: &[&str]| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    match rule {
        Rule::Any(names) | Rule::One(names) if given(names).is_empty() => {
            let text = format!("{} needs one of the inputs {}.", of.name, listed(names));
            Err(raised("MissingInputError", text).field(format!("/{}", names[0])))
        }
        Rule::One(names) | Rule::Most(names) if given(names).len() > 1 => {
            let both = given(names);
            let text = format!("{} takes only one of the inputs {}; {} are given.", of.name, listed(names), listed(&both));
            Err(raised("InvalidInputError", text).field(format!("/{}", both[1])))
        }
        Rule::With(one, other) if inputs.contains_key(one) && !inputs.contains_key(other) => {
            let text = format!("{} takes '{one}' together with '{other}', which is missing.", of.name);
            Err(raised("MissingInputError", text).field(format!("/{other}")))
        }
        _ => Ok(()),
    }
}

/// An error that flow code gets as this class.
fn raised(class: &'static str, text: String) -> Error {
    Error::new(Kind::Invalid, text).details(serde_json::json!({ "exception": class }))
}

/// The inputs as they are stored, and those that are left out of them: what is secret by declaration, unless it only names a
/// secret, and what the caller protects.
pub(super) fn protect(of: &Connector, inputs: &Map<String, Value>, names: &[String]) -> (Map<String, Value>, Map<String, Value>) {
    let (mut shown, mut hidden) = (inputs.clone(), Map::new());
    for (name, value) in &mut shown {
        let declared = of.every_input().find(|input| input.name == name);
        if names.contains(name) || declared.is_some_and(|input| is_bare_secret(input, value)) {
            hidden.insert(name.clone(), std::mem::replace(value, PROTECTED.into()));
        }
    }
    (shown, hidden)
}

/// Whether there is a secret in it that stands there as it is.
fn is_bare_secret(input: &Input, value: &Value) -> bool {
    if input.is_secret {
        return !value.is_null() && !value.as_str().is_some_and(reference::is_only);
    }
    let (Is::Of(parts), Some(given)) = (input.is, value.as_object()) else { return false };
    parts.iter().any(|part| given.get(part.name).is_some_and(|value| is_bare_secret(part, value)))
}

/// Hides what may be a secret in the inputs of a connection whose type is not known here: for the journal of who asks for it.
pub(crate) fn hide(inputs: &mut Map<String, Value>, names: &[String]) {
    static SECRET: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    let secret = SECRET.get_or_init(|| {
        let holds = |input: &Input| input.is_secret || matches!(input.is, Is::Of(parts) if parts.iter().any(|part| part.is_secret));
        TYPES.iter().flat_map(|of| of.every_input()).filter(|input| holds(input)).map(|input| input.name).collect()
    });
    for (name, value) in inputs {
        let is_named = value.as_str().is_some_and(reference::is_only);
        if names.contains(name) || secret.contains(name.as_str()) && !is_named {
            *value = PROTECTED.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::connector::find;

    fn refused(of: &str, inputs: Value) -> (String, String) {
        let Value::Object(inputs) = inputs else { panic!("an object") };
        let error = checked(find(of).expect("a type"), inputs).expect_err("it is refused");
        let class = error.detail_value().and_then(|details| details["exception"].as_str()).unwrap_or_default().to_owned();
        (class, error.to_string())
    }

    #[test]
    fn what_is_missing_wrong_or_unknown_is_told_apart() {
        let (class, text) = refused("REST", json!({ "url": "https://a.example", "methot": "get" }));
        assert_eq!(class, "ExtraInputError");
        assert!(text.contains("'methot'") && text.contains("'method'"), "{text}");
        assert_eq!(refused("REST", json!({})).0, "MissingInputError");
        assert_eq!(refused("REST", json!({ "url": "https://a.example", "password": "p" })).0, "MissingInputError");
        assert_eq!(refused("SSH", json!({ "hostname": "h" })).0, "MissingInputError");
        assert_eq!(refused("REST", json!({ "url": "https://a.example", "json": 1, "text": "t" })).0, "InvalidInputError");
        let (class, text) = refused("REST", json!({ "url": "https://a.example", "read_timeout": "hidden" }));
        assert_eq!(class, "InvalidInputError");
        assert!(text.contains("read_timeout") && !text.contains("hidden"), "{text}");
    }

    #[test]
    fn secrets_that_stand_there_as_they_are_are_hidden_and_names_of_secrets_are_not() {
        let of = find("REST").expect("a type");
        let inputs = json!({
            "url": "https://a.example", "password": "open", "token": "secret(the token)",
            "client_cert": { "cert": "c", "key": "k" }, "text": "protected by its caller",
        });
        let Value::Object(inputs) = inputs else { panic!("an object") };
        let (shown, hidden) = protect(of, &inputs, &["text".to_owned()]);
        assert_eq!(
            Value::Object(shown),
            json!({ "url": "https://a.example", "password": PROTECTED, "token": "secret(the token)", "client_cert": PROTECTED, "text": PROTECTED })
        );
        assert_eq!(hidden.keys().collect::<Vec<_>>(), ["password", "client_cert", "text"]);
    }
}
