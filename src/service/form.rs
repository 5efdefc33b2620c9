//! What a message asks for: its form as a JSON Schema of an object, whichever way it was asked.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::store::Row;

/// The name under which the one text of a `request` is answered.
pub(super) const REQUESTED: &str = "string";
/// The name of the button of a message that asks for nothing.
const SEEN: &str = "OK";

/// The form of a message: its own, the one line of text of its `request`, or a button.
pub(super) fn form_of(message: &Row) -> Value {
    if let Some(body) = message.json("body").filter(|body| !body.is_null()) {
        return match body {
            Value::Bool(_) => json!({ "type": "object" }),
            form => form.clone(),
        };
    }
    match message.text("request") {
        Some(label) => {
            let input = json!({ "element": "string", "type": "string", "label": label });
            json!({ "type": "object", "required": [REQUESTED], "properties": { REQUESTED: input } })
        }
        None => {
            json!({ "type": "object", "properties": { SEEN: { "element": "submit", "type": "boolean" } }, "additionalProperties": false })
        }
    }
}

/// Whether this property of a form is a button that sends it.
pub fn is_button(property: &Value) -> bool {
    property.get("element").and_then(Value::as_str) == Some("submit")
}

/// A response as it is checked: an object, in which buttons that it does not name were pressed if they are the only one.
pub(super) fn completed(form: &Value, response: Value) -> Result<Value> {
    let mut response = match response {
        Value::Object(map) => map,
        Value::Null => Map::new(),
        _ => return Err(Error::invalid("'response' must be an object: the values of the form by their names.").field("/response")),
    };
    let properties = form.get("properties").and_then(Value::as_object);
    let takes_boolean = |property: &Value| match property.get("type") {
        None => true,
        Some(Value::Array(types)) => types.contains(&json!("boolean")),
        Some(of) => of == "boolean",
    };
    let buttons: Vec<&String> =
        properties.into_iter().flatten().filter(|(_, p)| is_button(p) && takes_boolean(p)).map(|(name, _)| name).collect();
    for name in &buttons {
        response.entry((*name).clone()).or_insert(Value::Bool(buttons.len() == 1));
    }
    Ok(Value::Object(response))
}

/// What must hold for the question of a message as it will be.
pub(super) fn check(row: &Row) -> Result<()> {
    let body = row.json("body").filter(|body| !body.is_null());
    if body.is_some() && row.text("request").is_some() {
        let text = "A message has a form ('body') or asks for one line of text ('request'), not both: give the form an input for it.";
        return Err(Error::invalid(text).field("/request"));
    }
    let is_object = match body.and_then(|body| body.get("type")) {
        None => body != Some(&Value::Bool(false)),
        Some(Value::Array(types)) => types.contains(&json!("object")),
        Some(of) => of == "object",
    };
    if is_object {
        return Ok(());
    }
    Err(Error::invalid("A form is the schema of an object: its 'type' must be 'object', with the inputs under 'properties'.")
        .field("/body/type"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &Value) -> Row {
        Row::from(columns.as_object().unwrap().clone())
    }

    #[test]
    fn a_request_is_a_form_with_one_line_of_text_and_nothing_is_one_with_a_button() {
        let form = form_of(&row(&json!({ "request": "Your name?" })));
        assert_eq!((&form["properties"]["string"]["label"], &form["required"]), (&json!("Your name?"), &json!(["string"])));
        let form = form_of(&row(&json!({ "message": "Done." })));
        assert_eq!(completed(&form, Value::Null).unwrap(), json!({ "OK": true }));
        assert!(completed(&form, json!("yes")).is_err());
    }

    #[test]
    fn of_several_buttons_those_not_named_were_not_pressed() {
        let button = json!({ "element": "submit", "type": "boolean" });
        let form = json!({ "properties": { "yes": button, "no": button, "note": { "type": "string" } } });
        assert_eq!(completed(&form, json!({ "yes": true })).unwrap(), json!({ "yes": true, "no": false }));
    }

    #[test]
    fn a_form_is_of_an_object_and_there_is_one_question() {
        for good in [json!({}), json!({ "body": { "properties": {} } }), json!({ "body": { "type": "object" } }), json!({ "request": "?" })]
        {
            assert!(check(&row(&good)).is_ok(), "{good}");
        }
        assert_eq!(check(&row(&json!({ "body": { "type": "string" } }))).unwrap_err().field_pointer(), Some("/body/type"));
        assert_eq!(check(&row(&json!({ "body": {}, "request": "?" }))).unwrap_err().field_pointer(), Some("/request"));
    }
}
