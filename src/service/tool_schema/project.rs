//! The walk over a schema: references inlined, parts of `allOf` laid over each other, the rest keyword by keyword.

use serde_json::{Map, Value, json};

use super::keyword;

/// Schemas written out at the most; a reference past it is described instead.
const NODES: usize = 1_000;
/// Deepest nesting.
const DEPTH: usize = 24;

/// One projection of one document.
pub(super) struct Projector<'a> {
    root: &'a Value,
    /// References being inlined: one that turns up again is recursive.
    trail: Vec<&'a Value>,
    nodes: usize,
    /// A property that agents cannot name.
    pub(super) odd_name: Option<String>,
}

impl<'a> Projector<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Projector { root, trail: Vec::new(), nodes: 0, odd_name: None }
    }

    /// One schema, whole.
    pub(super) fn node(&mut self, schema: &'a Value, depth: usize) -> Map<String, Value> {
        self.nodes += 1;
        let Value::Object(rules) = schema else {
            // `true` accepts anything; `false` has no form that clients understand.
            return Map::new();
        };
        if depth > DEPTH {
            return keyword::described(rules, "It goes on deeper than is shown.");
        }
        let mut out = self.own(rules, depth);
        for part in rules.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            merge(&mut out, self.node(part, depth + 1));
        }
        if let Some(reference) = ["$ref", "$dynamicRef"].iter().find_map(|word| rules.get(*word)).and_then(Value::as_str) {
            let target = self.target(reference, depth);
            merge(&mut out, target);
        }
        keyword::complete(&mut out);
        out
    }

    fn target(&mut self, reference: &str, depth: usize) -> Map<String, Value> {
        let Some(target) = resolve(self.root, reference) else {
            return Map::new();
        };
        let Value::Object(rules) = target else { return Map::new() };
        let is_recursive = std::ptr::eq(target, self.root) || self.trail.iter().any(|seen| std::ptr::eq(*seen, target));
        if is_recursive {
            return keyword::described(rules, "It has the same form again.");
        }
        if self.nodes > NODES {
            return keyword::described(rules, "Its form is too long to be shown.");
        }
        self.trail.push(target);
        let out = self.node(target, depth + 1);
        self.trail.pop();
        out
    }

    /// The keywords of one schema object, without what it refers to.
    fn own(&mut self, rules: &'a Map<String, Value>, depth: usize) -> Map<String, Value> {
        let (mut out, mut notes) = keyword::plain(rules);
        if let Some(properties) = rules.get("properties").and_then(Value::as_object) {
            out.insert("properties".to_owned(), self.properties(properties, depth));
        }
        if let Some(required) = rules.get("required").filter(|list| list.is_array()) {
            out.insert("required".to_owned(), required.clone());
        }
        self.rest(rules, &mut out, (&mut notes, depth));
        self.items(rules, &mut out, (&mut notes, depth));
        // Whether several branches may hold at once is no matter for a reader.
        let branches = ["anyOf", "oneOf"].iter().find_map(|word| rules.get(*word)).and_then(Value::as_array);
        if let Some(branches) = branches {
            let possible = branches.iter().filter(|branch| **branch != Value::Bool(false));
            let branches: Vec<Value> = possible.map(|branch| self.node(branch, depth + 1).into()).collect();
            match branches.as_slice() {
                [] => {}
                [Value::Object(only)] => merge(&mut out, only.clone()),
                _ => {
                    out.insert("anyOf".to_owned(), branches.into());
                }
            }
        } else if let Some(types) = keyword::several_types(rules) {
            out.insert("anyOf".to_owned(), types.iter().map(|one| json!({ "type": one })).collect());
        }
        keyword::note(&mut out, &notes);
        out
    }

    fn properties(&mut self, properties: &'a Map<String, Value>, depth: usize) -> Value {
        let mut out = Map::new();
        for (name, schema) in properties {
            if !is_plain_name(name) {
                self.odd_name.get_or_insert_with(|| name.clone());
            }
            out.insert(name.clone(), self.node(schema, depth + 1).into());
        }
        out.into()
    }

    /// What holds for properties without a name. Schemas for them are refused by clients, and told in words.
    fn rest(&mut self, rules: &'a Map<String, Value>, out: &mut Map<String, Value>, (notes, depth): (&mut Vec<String>, usize)) {
        let has_patterns = rules.contains_key("patternProperties");
        match rules.get("additionalProperties") {
            Some(Value::Bool(false)) if !has_patterns => {
                out.insert("additionalProperties".to_owned(), false.into());
            }
            Some(values @ Value::Object(_)) => {
                let values = Value::from(self.node(values, depth + 1));
                notes.extend(keyword::short(&values).map(|text| format!("Other properties hold {text}.")));
            }
            _ => {}
        }
        if has_patterns {
            notes.push("Properties of other names are allowed.".to_owned());
        }
    }

    fn items(&mut self, rules: &'a Map<String, Value>, out: &mut Map<String, Value>, (notes, depth): (&mut Vec<String>, usize)) {
        let first = rules.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rest = rules.get("items").map(|schema| (schema, Value::from(self.node(schema, depth + 1))));
        if first.is_empty() {
            if let Some((Value::Object(_), items)) = rest {
                out.insert("items".to_owned(), items);
            }
            return;
        }
        let mut kinds: Vec<Value> = Vec::new();
        let places: Vec<Value> = first.iter().map(|schema| self.node(schema, depth + 1).into()).collect();
        notes.extend(keyword::short(&places.clone().into()).map(|text| format!("Its items in order: {text}.")));
        let is_closed = matches!(rest, Some((Value::Bool(false), _)));
        for kind in places.into_iter().chain(rest.map(|(_, items)| items).filter(|_| !is_closed)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if is_closed {
            out.entry("maxItems").or_insert_with(|| first.len().into());
        } else if !rules.contains_key("items") {
            // More items may follow, of any kind.
            kinds.clear();
        }
        match kinds.len() {
            0 => {}
            1 => {
                out.insert("items".to_owned(), kinds.remove(0));
            }
            _ => {
                out.insert("items".to_owned(), json!({ "anyOf": kinds }));
            }
        }
    }
}

/// Whether clients take it as the name of a property.
pub(super) fn is_plain_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// Lays `other` over `out`: a value that keeps both keeps the result. Where both say something, the first is kept.
pub(super) fn merge(out: &mut Map<String, Value>, other: Map<String, Value>) {
    for (word, theirs) in other {
        let Some(ours) = out.get_mut(&word) else {
            out.insert(word, theirs);
            continue;
        };
        match (word.as_str(), ours, theirs) {
            ("properties", Value::Object(ours), Value::Object(theirs)) => {
                for (name, schema) in theirs {
                    match (ours.get_mut(&name), schema) {
                        (Some(Value::Object(known)), Value::Object(schema)) => merge(known, schema),
                        (Some(_), _) => {}
                        (None, schema) => {
                            ours.insert(name, schema);
                        }
                    }
                }
            }
            ("required", Value::Array(ours), Value::Array(theirs)) => {
                let more: Vec<Value> = theirs.into_iter().filter(|name| !ours.contains(name)).collect();
                ours.extend(more);
            }
            ("items", ours @ Value::Object(_), theirs) if ours == &json!({}) => *ours = theirs,
            _ => {}
        }
    }
}

/// What a reference within the document names: a pointer or an anchor.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let fragment = reference.strip_prefix('#')?;
    if fragment.is_empty() || fragment.starts_with('/') {
        return root.pointer(&unescaped(fragment));
    }
    anchored(root, fragment)
}

fn anchored<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    match schema {
        Value::Object(rules) => {
            let is_it = ["$anchor", "$dynamicAnchor"].iter().any(|word| rules.get(*word).and_then(Value::as_str) == Some(name));
            if is_it { Some(schema) } else { rules.values().find_map(|part| anchored(part, name)) }
        }
        Value::Array(list) => list.iter().find_map(|part| anchored(part, name)),
        _ => None,
    }
}

/// A fragment without its percent signs.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
