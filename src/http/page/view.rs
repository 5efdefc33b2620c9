//! A form as HTML: labels tied to inputs, hints and errors named to readers aloud, a summary of errors that leads to each.

use maud::{Markup, html};
use serde_json::Value;

use super::input::{Element, Input, id_of};
use super::markdown::markdown;
use super::response::{Entered, Fault};

/// What a form is shown with.
pub(super) struct View<'a> {
    pub(super) subject: &'a str,
    pub(super) message: Option<&'a str>,
    pub(super) inputs: &'a [Input],
    /// What was entered before; nothing at first.
    pub(super) entered: Option<&'a Entered>,
    pub(super) faults: &'a [Fault],
}

impl View<'_> {
    pub(super) fn markup(&self) -> Markup {
        let (buttons, fields): (Vec<&Input>, Vec<&Input>) = self.inputs.iter().partition(|input| input.element == Element::Submit);
        html! {
            @if !self.faults.is_empty() { (self.summary()) }
            h1 { (self.subject) }
            @if let Some(message) = self.message { div class="text" { (markdown(message)) } }
            // The server says what is wrong, in one place and in words that fit the form.
            form method="post" novalidate {
                @for field in fields { (self.field(field)) }
                div class="buttons" {
                    @for button in &buttons {
                        button type="submit" name=(button.pointer) value="true" { (button.label) }
                    }
                    @if buttons.is_empty() { button type="submit" { "Send" } }
                }
            }
        }
    }

    fn summary(&self) -> Markup {
        let count = match self.faults.len() {
            1 => "There is something to correct".to_owned(),
            several => format!("There are {several} things to correct"),
        };
        html! {
            div class="summary" role="alert" aria-labelledby="summary" tabindex="-1" autofocus {
                h2 id="summary" { (count) }
                ul {
                    @for fault in self.faults {
                        li {
                            @match find(self.inputs, &fault.pointer) {
                                Some(input) => { a href=(format!("#{}", input.id())) { (input.label) " – " (fault.message) } },
                                None => { (fault.message) },
                            }
                        }
                    }
                }
            }
        }
    }

    fn field(&self, input: &Input) -> Markup {
        match &input.element {
            Element::Markdown => {
                let text = ["description", "default", "label", "title"].iter().find_map(|key| input.words(key)).unwrap_or_default();
                html! { div class="text" { (markdown(text)) } }
            }
            Element::Group(parts) => html! {
                fieldset id=(input.id()) {
                    legend { (input.label) }
                    (hint(input))
                    @for part in parts { (self.field(part)) }
                }
            },
            Element::Toggle => html! {
                div class="field" {
                    div class="choice" { (self.control(input)) (label(input)) }
                    (hint(input))
                    (self.errors(input))
                }
            },
            _ => html! {
                div class="field" {
                    (label(input))
                    (hint(input))
                    (self.errors(input))
                    (self.control(input))
                }
            },
        }
    }

    fn faults_of(&self, input: &Input) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| input.holds(&fault.pointer))
    }

    fn errors(&self, input: &Input) -> Markup {
        html! {
            @if self.faults_of(input).next().is_some() {
                p class="error" id=(format!("{}-error", input.id())) {
                    @for fault in self.faults_of(input) { "Error: " (fault.message) " " }
                }
            }
        }
    }

    /// The ids of what describes an input.
    fn described(&self, input: &Input) -> Option<String> {
        let id = input.id();
        let hint = has_hint(input).then(|| format!("{id}-hint"));
        let error = self.faults_of(input).next().map(|_| format!("{id}-error"));
        let both: Vec<String> = hint.into_iter().chain(error).collect();
        (!both.is_empty()).then(|| both.join(" "))
    }

    fn control(&self, input: &Input) -> Markup {
        let (id, name) = (input.id(), input.pointer.as_str());
        let described = self.described(input);
        let invalid = self.faults_of(input).next().map(|_| "true");
        let required = input.is_required.then_some("true");
        let text = self.text(input);
        let limit = |key: &str| input.rule(key).map(ToString::to_string);
        match &input.element {
            Element::Text { is_code } => html! {
                textarea id=(id) name=(name) class=[is_code.then_some("code")] spellcheck=[is_code.then_some("false")]
                    readonly[input.is_readonly] aria-describedby=[described] aria-invalid=[invalid] aria-required=[required] { "\n" (text) }
            },
            Element::Json => html! {
                textarea id=(id) name=(name) class="code" spellcheck="false"
                    readonly[input.is_readonly] aria-describedby=[described] aria-invalid=[invalid] aria-required=[required] { "\n" (text) }
            },
            Element::Toggle => html! {
                input id=(id) name=(name) type="checkbox" value="on" checked[text == "true" || text == "on"]
                    disabled[input.is_readonly] aria-describedby=[described] aria-invalid=[invalid];
            },
            Element::Select(values) => html! {
                select id=(id) name=(name) disabled[input.is_readonly]
                    aria-describedby=[described] aria-invalid=[invalid] aria-required=[required] {
                    @if !input.is_required || text.is_empty() { option value="" selected[text.is_empty()] { "–" } }
                    @for (at, value) in values.iter().enumerate() {
                        option value=(at) selected[text == at.to_string()] { (shown(value)) }
                    }
                }
            },
            Element::Number { is_integer } => html! {
                input id=(id) name=(name) type="text" inputmode=(if *is_integer { "numeric" } else { "decimal" }) value=(text)
                    readonly[input.is_readonly] aria-describedby=[described] aria-invalid=[invalid] aria-required=[required];
            },
            other => html! {
                input id=(id) name=(name) type=(line_type(other)) value=(text) maxlength=[limit("maxLength")]
                    autocomplete=[(line_type(other) == "password").then_some("off")]
                    readonly[input.is_readonly] aria-describedby=[described] aria-invalid=[invalid] aria-required=[required];
            },
        }
    }

    /// What stands in an input: what was entered, else its default. A password is never shown again.
    fn text(&self, input: &Input) -> String {
        if input.element == Element::Line("password") {
            return String::new();
        }
        if let Some(entered) = self.entered.filter(|_| !input.is_readonly) {
            return entered.get(&input.pointer).cloned().unwrap_or_default();
        }
        match (input.rule("default"), &input.element) {
            (None, _) => String::new(),
            (Some(default), Element::Select(values)) => {
                values.iter().position(|value| value == default).map_or_else(String::new, |at| at.to_string())
            }
            (Some(default), Element::Json) => serde_json::to_string_pretty(default).unwrap_or_default(),
            (Some(default), Element::DateTime { with_offset: true } | Element::Time { with_offset: true }) => {
                shown(default).trim_end_matches(['Z', 'z']).to_owned()
            }
            (Some(default), _) => shown(default),
        }
    }
}

/// The input that an error is about: itself, or what it is part of.
fn find<'a>(inputs: &'a [Input], pointer: &str) -> Option<&'a Input> {
    inputs.iter().find_map(|input| {
        if let Element::Group(parts) = &input.element
            && let Some(found) = find(parts, pointer)
        {
            return Some(found);
        }
        input.holds(pointer).then_some(input)
    })
}

fn line_type(element: &Element) -> &'static str {
    match element {
        Element::Line(of) => of,
        Element::Date => "date",
        Element::Time { .. } => "time",
        Element::DateTime { .. } => "datetime-local",
        _ => "text",
    }
}

fn label(input: &Input) -> Markup {
    html! {
        label for=(input.id()) {
            (input.label)
            @if input.is_required && input.element != Element::Toggle { " (required)" }
        }
    }
}

fn is_utc(input: &Input) -> bool {
    matches!(input.element, Element::Time { with_offset: true } | Element::DateTime { with_offset: true })
}

fn example(input: &Input) -> Option<&Value> {
    input.rule("example").or_else(|| input.rule("examples")?.as_array()?.first())
}

fn has_hint(input: &Input) -> bool {
    input.words("description").is_some() || example(input).is_some() || is_utc(input) || is_json(input)
}

fn hint(input: &Input) -> Markup {
    html! {
        @if has_hint(input) {
            div class="hint" id=(format!("{}-hint", id_of(&input.pointer))) {
                @if let Some(text) = input.words("description") { (markdown(text)) }
                @if let Some(example) = example(input) { p { "For example: " (shown(example)) } }
                @if is_utc(input) { p { "The time in UTC." } }
                @if is_json(input) { p { (json_words(input)) } }
            }
        }
    }
}

/// A text alone needs no quotes, and nobody has to know what JSON is.
fn is_json(input: &Input) -> bool {
    input.element == Element::Json && input.words("type") != Some("string")
}

/// How a value is written that has no input of its own kind.
fn json_words(input: &Input) -> &'static str {
    match input.words("type") {
        Some("array") => r#"A list, written as JSON: ["first", "second"]."#,
        Some("object") => r#"An object, written as JSON: {"name": "value"}."#,
        _ => "Written as JSON; a text stands in double quotes.",
    }
}

/// A value as people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}
