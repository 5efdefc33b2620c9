//! Prompts: which are accepted, and what their blanks become.
#![allow(clippy::needless_pass_by_value, reason = "values are written in place")]

use super::*;

fn parsed(data: Value) -> Result<SavedPrompt, String> {
    SavedPrompt::parse("mcp_prompt:greet", &data)
}

fn filled(data: Value, given: Value) -> Result<Vec<String>> {
    let messages = parsed(data).unwrap().fill(given.as_object().unwrap())?;
    Ok(messages.iter().map(|message| message.content["text"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn blanks_are_filled_in_once() {
    let data = json!({
        "arguments": [{ "name": "who", "required": true }, { "name": "how" }],
        "template": "Greet {{who}} {{ how }}, not {{ this one }} nor {{{who}}} or {{"
    });
    let texts = filled(data.clone(), json!({ "who": "{{how}}", "how": 3 })).unwrap();
    assert_eq!(texts, ["Greet {{how}} 3, not {{ this one }} nor {{{how}}} or {{"]);
    let missing = filled(data.clone(), json!({ "how": "kindly" })).unwrap_err();
    assert_eq!(missing.message(), "The prompt 'greet' needs the argument 'who'.");
    let surplus = filled(data, json!({ "who": "Ada", "hwo": "x" })).unwrap_err();
    assert!(surplus.message().contains("has no argument 'hwo'"), "{surplus}");
}

#[test]
fn messages_have_a_role_and_one_block() {
    let data = json!({ "arguments": [{ "name": "uri" }], "messages": [
        { "role": "user", "text": "Look." },
        { "role": "assistant", "content": { "type": "resource", "resource": { "uri": "{{uri}}", "text": "x" } } }
    ] });
    let given = json!({ "uri": "file://a" });
    let messages = parsed(data).unwrap().fill(given.as_object().unwrap()).unwrap();
    assert_eq!(messages.iter().map(|m| m.is_assistant).collect::<Vec<_>>(), [false, true]);
    assert_eq!(messages[1].content["resource"]["uri"], "file://a");
}

#[test]
fn a_broken_prompt_says_what_is_wrong_with_it() {
    for (data, said) in [
        (json!("hello"), "A prompt is an object"),
        (json!({}), "needs 'template' or 'messages'"),
        (json!({ "template": "a", "messages": [{ "text": "b" }] }), "not both"),
        (json!({ "templat": "a" }), "Did you mean 'template'?"),
        (json!({ "template": 3 }), "'template' must be a text."),
        (
            json!({ "template": "Hi {{nmae}}", "arguments": [{ "name": "name" }] }),
            "{{nmae}}, which is none of its arguments. Did you mean 'name'?",
        ),
        (json!({ "template": "a", "arguments": [{ "name": "a b" }] }), "An argument needs a 'name'"),
        (json!({ "template": "a", "arguments": [{ "name": "a" }, { "name": "a" }] }), "is there twice"),
        (json!({ "messages": [{ "role": "system", "text": "a" }] }), "not 'system'"),
        (json!({ "messages": [{ "role": "user" }] }), "needs 'text'"),
        (json!({ "messages": [{ "content": { "type": "image", "data": "AA==" } }] }), "needs a text at /mimeType"),
    ] {
        let problem = parsed(data).unwrap_err();
        assert!(problem.contains(said), "{problem}");
    }
    for key in ["mcp_prompt:", "mcp_prompt:Greet", "mcp_prompt:1st", "mcp_prompt:a b"] {
        assert!(SavedPrompt::parse(key, &json!({ "template": "a" })).is_err(), "{key}");
    }
}
