//! `flow_api.connectors`: the inputs and outputs of each connector type, and the overloads of `connect` that they are for.

use super::input::KEYWORDS;
use super::text::docstring;
use crate::records::connector::{Connector, Input, Is, TYPES};

/// The lines of `Execution` that stand for an overload of this method for each type.
const MARKS: [(&str, &str); 2] =
    [("    # connect: an overload for each type\n", ""), ("    # connect_async: an overload for each type\n", "_async")];

/// What `connect` takes beside the inputs.
#[cfg(test)]
const PARAMETERS: [&str; 9] = ["self", "connector_name", "connector_type", "name", "inputs", "wait", "run", "save", "init"];

const ABOUT: &str = "The inputs and outputs of connections, by type, for annotations: \
    `def ask(inputs: flow_api.connectors.RestInputs) -> flow_api.connectors.RestOutput`.";

/// `connectors.pyi`.
pub(super) fn module() -> String {
    let mut classes = Classes::default();
    for of in TYPES {
        let base = camel(of.name);
        let doc = format!("The inputs of a {} connection: {}", of.name, of.doc);
        classes.dict(&format!("{base}Inputs"), of.every_input(), &doc, true);
        if has_required(of) {
            let doc = format!("Some of the inputs of a {} connection, where others come as keywords.", of.name);
            classes.dict(&format!("{base}SomeInputs"), of.every_input(), &doc, false);
        }
        let doc = format!("The output of a {} connection.", of.name);
        classes.dict(&format!("{base}Output"), of.output.iter(), &doc, true);
    }
    let about = [ABOUT.to_owned(), "When flows run, each name is `dict`, which is what inputs and outputs are.".to_owned()];
    let mut text = docstring(&about, 0);
    text.push_str("\nfrom typing import Any, Literal, NotRequired, TypedDict\n\n__all__ = [\n");
    for name in &classes.names {
        text.push_str(&format!("    '{name}',\n"));
    }
    format!("{text}]\n{}", classes.text)
}

/// The methods of `Execution` with an overload of `connect` for each type.
pub(super) fn with_overloads(face: &str) -> String {
    let mut text = face.to_owned();
    for (mark, suffix) in MARKS {
        text = text.replace(mark, &TYPES.iter().map(|of| overloads(of, suffix)).collect::<String>());
    }
    text
}

/// One overload whose keywords are the inputs, and where some of them are required one more whose `inputs` hold a part of them.
fn overloads(of: &Connector, suffix: &str) -> String {
    let base = camel(of.name);
    let word = if suffix.is_empty() { "" } else { "async " };
    let one = |inputs: &str, keywords: &str| {
        format!(
            "    @overload\n    {word}def connect{suffix}(\n        self, connector_name: None = None, *, connector_type: Literal['{}'], \
             name: str | None = None,{inputs}\n        wait: bool | ReturnWhen = True, run: bool = True, save: bool = True, \
             init: dict[str, Any] | None = None,\n        **kw: Unpack[_connectors.{keywords}],\n    ) -> \
             _Connection[_connectors.{base}Output]:\n{}",
            of.name,
            docstring(&[of.doc.to_owned()], 8)
        )
    };
    if has_required(of) {
        let some = format!("{base}SomeInputs");
        let both = one(&format!("\n        inputs: _connectors.{some} | dict[str, Any],"), &some);
        one("", &format!("{base}Inputs")) + &both
    } else {
        one(&format!("\n        inputs: _connectors.{base}Inputs | dict[str, Any] | None = None,"), &format!("{base}Inputs"))
    }
}

fn has_required(of: &Connector) -> bool {
    of.every_input().any(|input| input.required)
}

/// `Sqlpg` of `SQLPG`.
fn camel(name: &str) -> String {
    name.split('_').map(|part| part[..1].to_uppercase() + &part[1..].to_lowercase()).collect()
}

#[derive(Default)]
struct Classes {
    text: String,
    /// In the order in which they are shown.
    names: Vec<String>,
}

impl Classes {
    /// Writes a class, those of its parts before it.
    fn dict(&mut self, name: &str, inputs: impl Iterator<Item = &'static Input>, doc: &str, is_whole: bool) {
        let mut fields = Vec::new();
        for input in inputs {
            let annotation = self.annotation(&format!("{name}{}", camel(input.name)), input);
            let annotation = if input.required && is_whole { annotation } else { format!("NotRequired[{annotation}]") };
            fields.push((input, annotation));
        }
        let written = if fields.iter().any(|(input, _)| KEYWORDS.contains(&input.name)) {
            let field = |(input, annotation): &(&Input, String)| format!("        '{}': {annotation},\n", input.name);
            let fields: String = fields.iter().map(field).collect();
            format!("\n{name} = TypedDict(\n    '{name}',\n    {{\n{fields}    }},\n)\n{}", docstring(&[doc.to_owned()], 0))
        } else {
            let field = |(input, annotation): &(&Input, String)| {
                format!("    {}: {annotation}\n{}", input.name, docstring(&[input.doc.to_owned()], 4))
            };
            let fields: String = fields.iter().map(field).collect();
            format!("\nclass {name}(TypedDict):\n{}\n{fields}", docstring(&[doc.to_owned()], 4))
        };
        self.text.push_str(&written);
        self.names.push(name.to_owned());
    }

    /// The type of an input; `name` is for a class that it may need.
    fn annotation(&mut self, name: &str, input: &Input) -> String {
        let plain = match input.is {
            Is::Any => "Any",
            Is::Text => "str",
            Is::Integer | Is::Port => "int",
            Is::Number | Is::Seconds => "float",
            Is::Boolean => "bool",
            Is::Object | Is::ScalarByName => "dict[str, Any]",
            Is::List => "list[Any]",
            Is::Texts => "list[str]",
            Is::TextOrTexts => "str | list[str]",
            Is::Integers => "list[int]",
            Is::TextByName => "dict[str, str]",
            Is::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                return format!("Literal[{}]", words.join(", "));
            }
            Is::Of(parts) => {
                self.dict(name, parts.iter(), input.doc, true);
                return name.to_owned();
            }
            Is::ListOf(parts) => {
                let item = format!("{name}Item");
                self.dict(&item, parts.iter(), input.doc, true);
                return format!("list[{item}]");
            }
        };
        plain.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_input_has_the_name_of_a_parameter_and_each_is_a_word() {
        for of in TYPES {
            for input in of.every_input() {
                assert!(!PARAMETERS.contains(&input.name), "{} {}", of.name, input.name);
                assert!(input.name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()), "{} {}", of.name, input.name);
            }
        }
    }

    #[test]
    fn a_class_with_a_word_of_python_in_it_is_written_as_text() {
        let module = module();
        assert!(module.contains("\nSmtpInputs = TypedDict(\n    'SmtpInputs',\n") && module.contains("        'from': "), "{module}");
        assert!(!module.contains("    from: "), "{module}");
    }

    #[test]
    fn each_type_has_its_overload_and_its_classes() {
        let face = with_overloads(&MARKS.map(|(mark, _)| mark).concat());
        assert!(MARKS.iter().all(|(mark, _)| !face.contains(mark)));
        let module = module();
        for of in TYPES {
            let count = face.matches(&format!("connector_type: Literal['{}']", of.name)).count();
            assert_eq!(count, if has_required(of) { 4 } else { 2 }, "{}", of.name);
            let base = camel(of.name);
            let inputs = [format!("\nclass {base}Inputs(TypedDict):"), format!("\n{base}Inputs = TypedDict(")];
            assert!(inputs.iter().any(|written| module.contains(written)), "{}", of.name);
            assert!(module.contains(&format!("\nclass {base}Output(TypedDict):")), "{}", of.name);
        }
        assert!(module.contains("    retry_backoff: NotRequired[RestInputsRetryBackoff]"), "{module}");
    }
}
