//! The module of one record type: its fields as types, and its class.

use super::text::{docstring, fill, imports, uses};
use super::{connector, face};
use crate::records::{self, Family, Field, Form, Kind, RecordType, Storage, TYPES, Write};

const GET: &str = "The value of one field, or a tuple of several in the order asked for, read afresh.";

/// What `connect` gives: its outputs are those of its type.
const CONNECTION: &str = r#"
class _Connection[_Output](Execution):
    """A connection: an execution that the server carries out."""

    def get_outputs(self) -> _Output:  # type: ignore[override]
        """The output of this connection.

        >>> this.connect(connector_type='REST', url='https://example.org').get_outputs()['status_code']
        """
"#;

/// The stub of this type.
pub(super) fn module(ty: &RecordType) -> String {
    let class = ty.class_name();
    let body = format!("{}{}{}", aliases(ty), row(ty), class_text(ty));
    let mut head = docstring(&[format!("{}: {}", ty.name, ty.doc)], 0);
    head.push('\n');
    if ty.singular == "execution" {
        head.push_str("import _flow_api\n");
    }
    head.push_str(&imports(
        &body,
        &[
            ("collections.abc", &["Iterable", "Mapping"]),
            ("datetime", &["datetime"]),
            ("typing", &["Any", "Literal", "NoReturn", "Self", "TypedDict", "Unpack", "overload"]),
        ],
    ));
    head.push('\n');
    let mut siblings: Vec<(String, String)> = TYPES
        .iter()
        .map(|other| (other.singular.to_owned(), other.class_name()))
        .chain([
            ("record".to_owned(), "Record".to_owned()),
            ("return_when".to_owned(), "ReturnWhen".to_owned()),
            ("using".to_owned(), "Using".to_owned()),
        ])
        .filter(|(_, name)| *name != class && uses(&body, name))
        .collect();
    siblings.sort();
    if ty.singular == "execution" {
        head.push_str("from . import connectors as _connectors\n");
    }
    for (module, name) in siblings {
        head.push_str(&format!("from .{module} import {name}\n"));
    }
    format!("{head}\n__all__ = ['{class}']\n\n{body}")
}

/// Whether `save` takes it.
pub(super) fn is_writable(field: &Field) -> bool {
    field.write != Write::System && field.storage != Storage::Hidden
}

fn camel(name: &str) -> String {
    name.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

/// The type of a value of this field that is not null, and the name of the group of fields that have it.
fn value_type(field: &Field) -> (String, String) {
    let pair = |annotation: &str, group: &str| (annotation.to_owned(), group.to_owned());
    match field.kind {
        Kind::Uuid | Kind::Name | Kind::Text | Kind::Timestamp | Kind::Bytes | Kind::Reference(_) => pair("str", "Str"),
        Kind::Integer => pair("int", "Int"),
        Kind::Number => pair("float", "Float"),
        Kind::Boolean => pair("bool", "Bool"),
        Kind::Json => match field.form {
            Form::Object => pair("dict[str, Any]", "Dict"),
            Form::List => pair("list[Any]", "List"),
            _ => pair("Any", "Json"),
        },
        Kind::JsonSchema => pair("dict[str, Any] | bool", "Schema"),
        Kind::TextList => pair("list[str]", "TextList"),
        Kind::Enum(_) => (format!("_{}", camel(field.name)), camel(field.name)),
    }
}

/// The type of this field, null included, and the name of its group.
fn field_type(field: &Field) -> (String, String) {
    let (annotation, group) = value_type(field);
    if !field.nullable || annotation == "Any" {
        return (annotation, format!("_{group}Field"));
    }
    (format!("{annotation} | None"), format!("_Optional{group}Field"))
}

/// Groups of readable fields that have one type: `(type, name of the group, fields)`.
fn groups(ty: &RecordType) -> Vec<(String, String, Vec<String>)> {
    let mut found: Vec<(String, String, Vec<String>)> = Vec::new();
    let flags = ty.flags().map(|name| (("bool".to_owned(), "_BoolField".to_owned()), name));
    let fields = ty.readable().filter(|field| ty.has_place(field)).map(|field| (field_type(field), field.name.to_owned()));
    for ((annotation, group), field) in fields.chain(flags) {
        match found.iter_mut().find(|(_, name, _)| *name == group) {
            Some((_, _, fields)) => fields.push(field),
            None => found.push((annotation, group, vec![field])),
        }
    }
    found
}

fn literal(name: &str, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let line = format!("{name} = Literal[{}]\n", quoted.join(", "));
    if line.chars().count() <= 120 {
        return line;
    }
    let items: Vec<String> = quoted.iter().map(|word| format!("{word},")).collect();
    format!("{name} = Literal[\n{}\n]\n", fill(items.iter().map(String::as_str), 4))
}

fn aliases(ty: &RecordType) -> String {
    let mut text = String::new();
    for field in ty.fields() {
        if let Kind::Enum(words) = field.kind
            && (field.is_readable() || is_writable(field))
        {
            text.push_str(&literal(&format!("_{}", camel(field.name)), words));
        }
    }
    let groups = groups(ty);
    for (_, group, fields) in &groups {
        text.push_str(&literal(group, &fields.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    let names: Vec<&str> = groups.iter().map(|(_, group, _)| group.as_str()).collect();
    let line = format!("_Field = {}\n\n", names.join(" | "));
    if line.chars().count() <= 122 {
        return text + &line;
    }
    text + &format!("_Field = (\n    {}\n)\n\n", names.join("\n    | "))
}

/// What a field is about, for the author of a flow.
fn field_doc(field: &Field) -> String {
    let mut doc = field.doc.to_owned();
    if let Some(default) = field.default
        && is_writable(field)
        && !doc.contains("efault")
    {
        doc.push_str(&format!(" Default: `{default}`."));
    }
    if field.write == Write::Create {
        doc.push_str(" Fixed once created.");
    }
    doc
}

fn row(ty: &RecordType) -> String {
    let mut text = format!("class _Row(TypedDict):\n    \"\"\"Every readable field of a {}.\"\"\"\n\n", ty.name);
    for field in ty.readable().filter(|field| ty.has_place(field)) {
        text.push_str(&format!("    {}: {}\n", field.name, field_type(field).0));
        text.push_str(&docstring(&[field_doc(field)], 4));
    }
    for flag in ty.flags() {
        text.push_str(&format!("    {flag}: bool\n"));
        text.push_str(&docstring(&[format!("Whether `{}` is set; its value is never shown.", &flag[4..])], 4));
    }
    text.push('\n');
    text
}

fn class_text(ty: &RecordType) -> String {
    let class = ty.class_name();
    let base = if ty.singular == "execution" { "_flow_api.Execution, Record" } else { "Record" };
    let (key, by) = if ty.is_named() { ("'some name'", "its name or id") } else { ("some_id", "its id") };
    let about = match ty.family {
        _ if ty.is_kept() => "The server keeps these rows: they are read, not saved.",
        Family::Resource => "A resource: looked up by name, deleted into the trash bin.",
        Family::Activity => "An activity: its name need not be unique.",
        Family::Subrecord { .. } => "A row that belongs to another record and takes its rights.",
    };
    let shown = ty.own.iter().find(|field| field.is_readable() && !field.name.ends_with("_id")).map_or("name", |field| field.name);
    let example = format!(">>> system.{}({key}).get('{shown}')", ty.singular);
    let doc = docstring(&[ty.doc.to_owned(), format!("{about} `system.{}` makes a handle by {by}.", ty.singular), example], 4);
    let mut text = format!("class {class}({base}):\n{doc}\n");
    text.push_str(&getters(ty));
    if !ty.is_kept() {
        text.push_str(&save(ty));
    }
    let face = face(ty.singular);
    text.push_str(&pointers(ty, face));
    text.push_str(&connector::with_overloads(face));
    let text = text.trim_end().to_owned() + "\n";
    if ty.singular == "execution" { text + CONNECTION } else { text }
}

fn getters(ty: &RecordType) -> String {
    let groups = groups(ty);
    let mut text = String::new();
    // `load` is older and the same: the one says what it does, the other points there.
    for (method, doc) in [("get", GET), ("load", "The older name of `get`.")] {
        for (annotation, group, _) in &groups {
            text.push_str(&format!("    @overload\n    def {method}(self, field: {group}, /) -> {annotation}:\n"));
            text.push_str(&docstring(&[doc.to_owned()], 8));
        }
        text.push_str(&format!(
            "    @overload\n    def {method}(self, first: _Field, second: _Field, /, *more: _Field) -> tuple[Any, ...]:\n"
        ));
        text.push_str(&docstring(&[doc.to_owned()], 8));
        text.push('\n');
    }
    text.push_str("    @overload\n    def get_dict(self) -> _Row:\n");
    text.push_str(&docstring(&["All readable fields.".to_owned()], 8));
    text.push_str("    @overload\n    def get_dict(self, first: _Field, /, *more: _Field) -> dict[str, Any]:\n");
    text.push_str(&docstring(&["The named fields.".to_owned()], 8));
    text.push('\n');
    text
}

fn save(ty: &RecordType) -> String {
    let writable: Vec<&Field> = ty.fields().filter(|field| is_writable(field) && ty.has_place(field)).collect();
    let mut text = "    def save(\n        self,\n        *,\n".to_owned();
    for field in &writable {
        text.push_str(&format!("        {}: {} = ...,\n", field.name, field_type(field).0));
    }
    let named = |chosen: &dyn Fn(&Field) -> bool| -> Vec<String> {
        writable.iter().filter(|field| chosen(field)).map(|field| format!("`{}`", field.name)).collect()
    };
    let sentence =
        |start: &str, names: Vec<String>| if names.is_empty() { String::new() } else { format!("{start}: {}.", names.join(", ")) };
    let mut doc = vec![
        "Creates the record if there is none, else overwrites these columns. Returns the handle.".to_owned(),
        sentence("Required for a new one", named(&|field| field.required)),
        sentence("Fixed once created", named(&|field| field.write == Write::Create)),
    ];
    doc.extend(
        writable.iter().filter(|field| !field.is_readable()).map(|field| format!("`{}`, which cannot be read: {}", field.name, field.doc)),
    );
    doc.push("Raises `InvalidInputError` (`field` is the JSON pointer of what is wrong or missing) and `PermissionDenied`.".to_owned());
    text.push_str("    ) -> Self:\n");
    text.push_str(&docstring(&doc, 8));
    text.push('\n');
    text
}

/// A handle per foreign key, named without `_id`, where the class has no method of that name.
fn pointers(ty: &RecordType, face: &str) -> String {
    let mut text = String::new();
    for field in ty.readable().filter(|field| ty.has_place(field)) {
        let Kind::Reference(target) = field.kind else { continue };
        let (Some(accessor), Some(target)) = (field.name.strip_suffix("_id"), records::find(target)) else { continue };
        if face.contains(&format!("    def {accessor}(")) {
            continue;
        }
        let none = if field.nullable { " | None" } else { "" };
        let or_none = if field.nullable { ", or None" } else { "" };
        text.push_str(&format!("    def {accessor}(self) -> {}{none}:\n", target.class_name()));
        text.push_str(&docstring(&[format!("A handle of the {} in `{}`{or_none}.", target.name, field.name)], 8));
        text.push('\n');
    }
    text
}
