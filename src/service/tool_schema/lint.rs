//! What is allowed in a schema and makes models or clients fail all the same: places and sentences for who wrote it.
//!
//! Nothing here keeps a tool from being listed; that is for the projection to say.

use serde_json::{Map, Value};

use super::keyword::UNTOLD;
use super::project::{is_plain_name, resolve};
use super::{LISTED_BYTES, WRAPPER, root, sample};
use crate::store::Row;

/// Warnings of one column; more are counted.
const MOST: usize = 30;
/// Schemas looked at in one column.
const NODES: usize = 2_000;
/// Levels of objects and lists that the strict modes of model APIs take (OpenAI's: ten).
const DEPTH: usize = 10;
/// Words in all lists of choices that they take together (OpenAI's: a thousand).
const CHOICES: usize = 1_000;
/// Bytes of a listed schema that an agent hardly notices: about two thousand tokens, paid in every session.
const LIGHT: usize = 8_000;

/// One thing that could be better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) struct Warning {
    /// Where: a JSON pointer that begins with the column.
    pub(in crate::service) pointer: String,
    /// One sentence that says what is wrong and what would be right.
    pub(in crate::service) message: String,
}

impl Warning {
    pub(in crate::service) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Warning {
        Warning { pointer: pointer.into(), message: message.into() }
    }
}

/// What could be better in the schemas of a FLOW row that stand alone.
pub(in crate::service) fn of_flow(flow: &Row) -> Vec<Warning> {
    let schema = |column: &str| flow.json(column).filter(|schema| !schema.is_null());
    let mut found = match schema("input_schema") {
        Some(schema) => of_schema(schema, "input_schema"),
        None => vec![Warning::new(
            "/input_schema",
            "There is no input schema, so that agents have to guess the arguments; one for no arguments is \
             {\"type\": \"object\", \"properties\": {}, \"additionalProperties\": false}.",
        )],
    };
    found.extend(schema("output_schema").into_iter().flat_map(|schema| of_schema(schema, "output_schema")));
    found
}

fn of_schema(schema: &Value, column: &'static str) -> Vec<Warning> {
    let mut linter =
        Linter { root: schema, is_input: column == "input_schema", followed: Vec::new(), nodes: 0, choices: 0, found: Vec::new() };
    let place = format!("/{column}");
    linter.whole(&place);
    linter.node(schema, &place, 0);
    if linter.choices > CHOICES {
        let text = format!("Its lists of choices have {} words; model APIs take {CHOICES} in all of a tool.", linter.choices);
        linter.say(&place, &text);
    }
    let mut found = linter.found;
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(Warning::new(place, format!("There are {more} more like these.")));
    }
    found
}

struct Linter<'a> {
    root: &'a Value,
    is_input: bool,
    /// What references have led to: each is looked at once.
    followed: Vec<&'a Value>,
    nodes: usize,
    choices: usize,
    found: Vec<Warning>,
}

impl<'a> Linter<'a> {
    fn say(&mut self, pointer: &str, message: &str) {
        self.found.push(Warning::new(pointer, message));
    }

    /// What is about the column as a whole.
    fn whole(&mut self, place: &str) {
        let Value::Object(rules) = self.root else { return };
        if self.is_input && ["anyOf", "oneOf"].iter().any(|word| rules.contains_key(*word)) {
            let text = "Clients take no alternatives at the top: agents see the properties of all of them at once, and which belong \
                        together in words only. Properties of one object are understood better.";
            self.say(place, text);
        }
        let listed = if self.is_input {
            super::input(self.root).ok().map(|input| (input.listed, input.is_wrapped))
        } else {
            super::output(self.root).ok().map(|output| (output.bare, false))
        };
        let Some((listed, is_wrapped)) = listed else { return };
        if is_wrapped {
            let text = format!("Arguments of tools are objects: agents give this value as the one argument '{WRAPPER}'.");
            self.say(place, &text);
        }
        let size = serde_json::to_string(&*listed).map_or(0, |text| text.len());
        if size > LIGHT {
            let text = format!(
                "It takes {size} bytes with all references written out, which every agent reads in every session; stay below {LIGHT} \
                 ({LISTED_BYTES} are refused)."
            );
            self.say(place, &text);
        }
    }

    fn node(&mut self, schema: &'a Value, place: &str, depth: usize) {
        let Value::Object(rules) = schema else { return };
        self.nodes += 1;
        if self.nodes > NODES {
            return;
        }
        if depth == DEPTH + 1 {
            let text = format!("It goes {depth} levels deep; model APIs take {DEPTH}.");
            self.say(place, &text);
        }
        self.choices(rules, place);
        self.required(rules, place);
        self.samples(rules, place);
        if self.is_input {
            self.untold(rules, place);
            self.free(rules, place, depth);
        }
        self.parts(rules, place, depth);
        if let Some(reference) = rules.get("$ref").and_then(Value::as_str)
            && let Some(target) = resolve(self.root, reference)
            && !self.followed.iter().any(|known| std::ptr::eq(*known, target))
            && !std::ptr::eq(target, self.root)
        {
            self.followed.push(target);
            let home = place.split('/').nth(1).unwrap_or_default();
            let there = reference.strip_prefix('#').filter(|pointer| pointer.starts_with('/')).map(|pointer| format!("/{home}{pointer}"));
            self.node(target, there.as_deref().unwrap_or(place), depth);
        }
    }

    fn parts(&mut self, rules: &'a Map<String, Value>, place: &str, depth: usize) {
        for (name, schema) in rules.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let at = format!("{place}/properties/{}", escaped(name));
            if self.is_input {
                self.property(name, schema, &at);
            }
            self.node(schema, &at, depth + 1);
        }
        for (name, schema) in rules.get("patternProperties").and_then(Value::as_object).into_iter().flatten() {
            self.node(schema, &format!("{place}/patternProperties/{}", escaped(name)), depth + 1);
        }
        for word in ["items", "additionalProperties"] {
            if let Some(schema) = rules.get(word) {
                self.node(schema, &format!("{place}/{word}"), depth + 1);
            }
        }
        for (word, down) in [("prefixItems", 1), ("allOf", 0), ("anyOf", 0), ("oneOf", 0)] {
            for (at, schema) in rules.get(word).and_then(Value::as_array).into_iter().flatten().enumerate() {
                self.node(schema, &format!("{place}/{word}/{at}"), depth + down);
            }
        }
    }

    fn property(&mut self, name: &str, schema: &'a Value, place: &str) {
        if !is_plain_name(name) {
            self.say(place, "Clients refuse this name: 1 to 64 letters, digits, '_', '.' and '-' are taken.");
        }
        let is_described = self.says(schema, &["description"], 8);
        let has_form = self.says(schema, &["type", "enum", "const", "anyOf", "oneOf", "properties", "items"], 8);
        let text = match (is_described, has_form) {
            (true, true) => return,
            (false, true) => "It has no description: say what it means, its unit and format, so that models need not guess.",
            (true, false) => "It has no type, so that models send anything.",
            (false, false) => "It has neither a type nor a description: models have only its name to go by.",
        };
        self.say(place, text);
    }

    /// Whether one of these words is said, here or where a reference leads.
    fn says(&self, schema: &'a Value, words: &[&str], depth: usize) -> bool {
        let Value::Object(rules) = schema else { return false };
        if words.iter().any(|word| rules.get(*word).is_some_and(|said| said.as_str().is_none_or(|text| !text.trim().is_empty()))) {
            return true;
        }
        if depth == 0 {
            return false;
        }
        let target = rules.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(self.root, reference));
        let parts = rules.get("allOf").and_then(Value::as_array).into_iter().flatten();
        parts.chain(target).any(|part| self.says(part, words, depth - 1))
    }

    fn choices(&mut self, rules: &Map<String, Value>, place: &str) {
        let Some(values) = rules.get("enum").and_then(Value::as_array) else { return };
        self.choices += values.len();
        let at = format!("{place}/enum");
        let mut kinds: Vec<&str> = values.iter().map(kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        match kinds.as_slice() {
            [] => self.say(&at, "It has no choices, so that no value fits."),
            [_] => {}
            several => {
                let text = format!(
                    "Its choices are of several types ({}): clients refuse such lists, so that agents are told of it in words only. Give \
                     choices of one type, or one `anyOf` part for each.",
                    several.join(", ")
                );
                self.say(&at, &text);
            }
        }
    }

    fn required(&mut self, rules: &'a Map<String, Value>, place: &str) {
        let Some(names) = rules.get("required").and_then(Value::as_array) else { return };
        if rules.contains_key("patternProperties") {
            return;
        }
        let mut known = Vec::new();
        self.names(rules, &mut known, 8);
        let is_closed = rules.get("additionalProperties") == Some(&Value::Bool(false));
        for name in names.iter().filter_map(Value::as_str).filter(|name| !known.contains(name)) {
            let text = if is_closed {
                format!("'{name}' is required, but is none of the properties, and others are forbidden: no value fits.")
            } else {
                format!("'{name}' is required, but is none of the properties: agents are not told what it is.")
            };
            self.say(&format!("{place}/required"), &text);
        }
    }

    /// The properties that an object of this schema is told to have.
    fn names(&self, rules: &'a Map<String, Value>, known: &mut Vec<&'a str>, depth: usize) {
        known.extend(rules.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).map(String::as_str));
        if depth == 0 {
            return;
        }
        let target = rules.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(self.root, reference));
        let parts = ["allOf", "anyOf", "oneOf"].iter().filter_map(|word| rules.get(*word)).filter_map(Value::as_array).flatten();
        for part in parts.chain(target).filter_map(Value::as_object) {
            self.names(part, known, depth - 1);
        }
    }

    /// Defaults and examples must fit: agents copy them.
    fn samples(&mut self, rules: &Map<String, Value>, place: &str) {
        let pointer = place.splitn(3, '/').nth(2).map(|rest| format!("/{rest}")).unwrap_or_default();
        if let Some(default) = rules.get("default")
            && let Some(why) = sample::misfit(self.root, &pointer, default)
        {
            let text = format!("The default does not fit its own schema ({why}): a call that leaves it out is refused.");
            self.say(&format!("{place}/default"), &text);
        }
        for (at, example) in rules.get("examples").and_then(Value::as_array).into_iter().flatten().take(MOST).enumerate() {
            if let Some(why) = sample::misfit(self.root, &pointer, example) {
                let text = format!("This example does not fit its own schema ({why}): agents that copy it are refused.");
                self.say(&format!("{place}/examples/{at}"), &text);
            }
        }
    }

    /// Rules that no client is shown.
    fn untold(&mut self, rules: &Map<String, Value>, place: &str) {
        let words: Vec<&str> = UNTOLD.iter().copied().filter(|word| rules.contains_key(*word)).collect();
        if !words.is_empty() {
            let text =
                format!("No client is shown `{}`, though each call is checked against it: say it in the description.", words.join("`, `"));
            self.say(place, &text);
        }
    }

    /// An object of which nothing is said.
    fn free(&mut self, rules: &Map<String, Value>, place: &str, depth: usize) {
        let may_be_object = rules.get("type").is_some_and(|of| of == "object") || (depth == 0 && root::may_be_object(rules));
        let has_properties = rules.get("properties").and_then(Value::as_object).is_some_and(|properties| !properties.is_empty());
        let is_free = matches!(rules.get("additionalProperties"), None | Some(Value::Bool(true)));
        let elsewhere = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "patternProperties", "enum", "const"];
        if may_be_object && !has_properties && is_free && !elsewhere.iter().any(|word| rules.contains_key(*word)) {
            let text = "It takes an object of any form: models make up properties. Name them in `properties`, give a schema for their values \
                        in `additionalProperties`, or forbid them with `additionalProperties: false`.";
            self.say(place, text);
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
