//! References to secrets in the inputs of a connection, and what became known by them: no answer, log or error shows that.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::actor::Actor;
use super::super::handle::Service;
use super::super::selector::Selector;
use super::PROTECTED;
use super::mask::Mask;
use crate::error::Result;
use crate::records::connector::{Connector, Input, Is};

/// Shorter texts than this are in too many others to be looked for.
const SHORTEST: usize = 4;

/// Secrets that stand in the inputs as they are sent.
#[derive(Default)]
pub(super) struct Known {
    texts: Vec<String>,
    /// What the caller protects of the inputs: it may come back in an output, but is not talked about.
    unsaid: Vec<String>,
    /// One of them may not be sent to every host.
    pub is_bound: bool,
    is_any: bool,
    /// What vaults have given, by vault and path.
    fetched: BTreeMap<String, Value>,
}

impl Known {
    /// Whether a reference was resolved.
    pub fn is_any(&self) -> bool {
        self.is_any
    }

    pub fn fetched(&self, place: &str) -> Option<Value> {
        self.fetched.get(place).cloned()
    }

    pub fn keep(&mut self, place: String, secret: Value) {
        self.fetched.insert(place, secret);
    }

    fn note(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.len() >= SHORTEST => self.texts.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.note(item)),
            Value::Object(map) => map.values().for_each(|item| self.note(item)),
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Takes note of a secret that the inputs do not name.
    pub fn note_text(&mut self, text: &str) {
        self.note(&Value::String(text.to_owned()));
    }

    /// Takes note of what is secret by declaration, and of the two in the form that a login sends them.
    pub fn note_declared(&mut self, of: &Connector, inputs: &Value) {
        fn walk(known: &mut Known, inputs: &mut dyn Iterator<Item = &'static Input>, given: &Value) {
            for input in inputs {
                let Some(value) = given.get(input.name) else { continue };
                match input.is {
                    _ if input.is_secret => known.note(value),
                    Is::Of(parts) => walk(known, &mut parts.iter(), value),
                    _ => {}
                }
            }
        }
        walk(self, &mut of.every_input(), inputs);
        if let (Some(username), Some(password)) = (inputs["username"].as_str(), inputs["password"].as_str()) {
            self.texts.push(STANDARD.encode(format!("{username}:{password}")));
        }
        // The longest first: one may be a part of another.
        self.texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// Takes note of inputs that the caller protects.
    pub fn note_protected(&mut self, inputs: &Value) {
        let secrets = std::mem::take(&mut self.texts);
        self.note(inputs);
        self.unsaid = std::mem::replace(&mut self.texts, secrets);
    }

    /// The text without secrets.
    pub fn masked(&self, text: &str) -> String {
        without(text, &self.texts)
    }

    /// What hides them in content that goes by.
    pub fn in_content(&self) -> Result<Mask> {
        Mask::of(&self.texts)
    }

    /// What is said in a log or an error, without secrets and without what is protected.
    pub fn said(&self, text: &str) -> String {
        without(&self.masked(text), &self.unsaid)
    }

    /// Takes secrets out of every text of a value.
    pub fn mask(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.masked(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.mask(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn without(text: &str, hidden: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in hidden.iter().filter(|secret| !secret.is_empty()) {
        if text.contains(secret.as_str()) {
            text = text.replace(secret.as_str(), PROTECTED);
        }
    }
    text
}

impl Service {
    /// Puts secrets in the place of their names. A text that is only a reference becomes the secret as it is; in other text it
    /// becomes text.
    pub(super) async fn resolve(&self, actor: &Actor, inputs: &mut Value, host: &str, known: &mut Known) -> Result<()> {
        // Values on the way, depth first, without recursion into futures.
        let mut open = vec![inputs];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) if text.contains("secret(") => {
                    let found = self.resolved(actor, text, host, known).await?;
                    *value = found;
                }
                Value::Array(items) => open.extend(items.iter_mut()),
                Value::Object(map) => open.extend(map.values_mut()),
                Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
        Ok(())
    }

    async fn resolved(&self, actor: &Actor, text: &str, host: &str, known: &mut Known) -> Result<Value> {
        let pieces = pieces(text);
        let is_alone = is_only(text);
        let mut whole = String::new();
        for piece in pieces {
            let value = match piece {
                Piece::Text(text) => {
                    whole.push_str(text);
                    continue;
                }
                Piece::Vault(of) => self.vault_secret(actor, of, known).await?,
                Piece::Secret(name) => {
                    let secret = self.secret_use(actor, &Selector::parse(name), host).await?;
                    known.is_bound |= secret.is_bound();
                    secret.reveal().clone()
                }
            };
            known.is_any = true;
            known.note(&value);
            match value {
                value if is_alone => return Ok(value),
                Value::String(text) => whole.push_str(&text),
                other => whole.push_str(&other.to_string()),
            }
        }
        Ok(Value::String(whole))
    }
}

#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Secret(&'a str),
    Vault(&'a str),
}

/// The names of the SECRET records that the texts of a value refer to, sorted.
pub(in super::super) fn secret_names(value: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                names.extend(
                    pieces(text).into_iter().filter_map(|piece| if let Piece::Secret(name) = piece { Some(name.to_owned()) } else { None }),
                );
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, names)),
            Value::Object(map) => map.values().for_each(|item| walk(item, names)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut names = BTreeSet::new();
    walk(value, &mut names);
    names
}

/// Whether a text is one reference and nothing else.
pub(super) fn is_only(text: &str) -> bool {
    matches!(pieces(text.trim()).as_slice(), [Piece::Secret(_) | Piece::Vault(_)])
}

/// A text as references and what stands between them. `mysecret(x)` is no reference.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    const OPEN: &str = "secret(";
    const VAULT: &str = "vault.";
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = text[at..].find(OPEN).map(|offset| at + offset) {
        let inside = found + OPEN.len();
        let Some(end) = text[inside..].find(')').map(|offset| inside + offset) else { break };
        let is_vault = text[..found].ends_with(VAULT);
        let begin = if is_vault { found - VAULT.len() } else { found };
        let is_word = text[..begin].ends_with(|c: char| c == '.' || c == '_' || c.is_alphanumeric());
        let name = text[inside..end].trim();
        at = inside;
        if is_word || name.is_empty() {
            continue;
        }
        if begin > from {
            pieces.push(Piece::Text(&text[from..begin]));
        }
        pieces.push(if is_vault { Piece::Vault(name) } else { Piece::Secret(name) });
        (from, at) = (end + 1, end + 1);
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::connector::find;

    #[test]
    fn references_are_found_in_texts() {
        assert_eq!(pieces("secret(a)"), [Piece::Secret("a")]);
        assert_eq!(
            pieces("Bearer secret( a b ), secret(c)"),
            [Piece::Text("Bearer "), Piece::Secret("a b"), Piece::Text(", "), Piece::Secret("c")]
        );
        assert_eq!(pieces("vault.secret(v:p.k)!"), [Piece::Vault("v:p.k"), Piece::Text("!")]);
        for text in ["mysecret(a)", "secret(", "secret()", "a secret (a)", ""] {
            assert!(pieces(text).iter().all(|piece| matches!(piece, Piece::Text(_))), "{text}");
        }
        assert!(is_only(" secret(a) ") && !is_only("secret(a)b") && !is_only("x"));
    }

    #[test]
    fn secrets_are_found_wherever_they_stand_in_a_value() {
        let value =
            json!({ "token": "secret(api key)", "headers": ["Bearer secret( a ), secret(b)"], "v": "vault.secret(x:y.z) mysecret(n)" });
        assert_eq!(secret_names(&value).into_iter().collect::<Vec<_>>(), ["a", "api key", "b"]);
    }

    #[test]
    fn what_is_known_is_masked_in_every_text_and_as_a_login_sends_it() {
        let inputs =
            json!({ "username": "me", "password": "pass word", "client_cert": { "cert": "public", "key": "-----KEY" }, "text": "public" });
        let mut known = Known::default();
        known.note_declared(find("REST").expect("a type"), &inputs);
        let mut output = json!({ "headers": { "authorization": "Basic bWU6cGFzcyB3b3Jk" }, "list": ["a pass word", 1, "public -----KEY"] });
        known.mask(&mut output);
        known.note_protected(&json!({ "args": ["Anna, born"], "pin": "pass word" }));
        assert_eq!(known.said("no Anna, born with pass word"), "no (protected) with (protected)");
        let masked = json!({ "headers": { "authorization": "Basic (protected)" }, "list": ["a (protected)", 1, "public (protected)"] });
        assert_eq!(output, masked);
    }
}
