//! Pictures, sound and resources from a flow, as agents get them through a user tool.

use flowstead_wire::{Content, ResourceContent};
use serde_json::{Value, json};

use crate::agent::{call, text};
use crate::app::TestApp;
use crate::client::User;

async fn tool(admin: &User, name: &str, body: &str, output_schema: Value) {
    let script = format!(
        "import flow_api\nfrom flow_api import content\n\ndef handler(system, this, inputs):\n    {}\n",
        body.replace('\n', "\n    ")
    );
    let flow = admin.make("flow", json!({ "name": name, "script": script, "output_schema": output_schema })).await;
    admin.make("mcp_user_tool", json!({ "name": name, "flow_id": flow })).await;
}

#[tokio::test]
async fn a_flow_answers_with_text_picture_sound_resource_and_link() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let body = "system.file('charts/week 1.png').save_bytes_content(b'PNG')
return content.result(
    'Last week:',
    content.image(b'PNG', 'image/png'),
    content.audio(b'WAV', 'audio/wav'),
    content.resource('report://1', 'All is well.', 'text/plain'),
    content.resource('report://2', b'bytes'),
    content.link('https://example.org/a', title='More'),
    content.link(system.file('charts/week 1.png')),
)";
    tool(admin, "report", body, Value::Null).await;
    let result = app.agent("admin").unchecked(call("report", json!({}))).await.expect("it is there");
    let kinds: Vec<&str> = result
        .content
        .iter()
        .map(|block| match block {
            Content::Text(_) => "text",
            Content::Image { .. } => "image",
            Content::Audio { .. } => "audio",
            Content::Embedded(ResourceContent::Text { .. }) => "embedded text",
            Content::Embedded(ResourceContent::Blob { .. }) => "embedded blob",
            Content::Link(_) => "link",
        })
        .collect();
    assert_eq!(kinds, ["text", "image", "audio", "embedded text", "embedded blob", "link", "link"], "{result:?}");
    assert_eq!(result.content[1], Content::Image { data: "UE5H".into(), mime_type: "image/png".into() });
    assert!(matches!(&result.content[6], Content::Link(link) if link.uri == "file://charts/week%201.png"), "{:?}", result.content[6]);
    assert!(result.structured.is_none() && !result.is_error);
}

#[tokio::test]
async fn what_stands_beside_the_blocks_is_data_and_keeps_the_schema() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let schema =
        json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"], "additionalProperties": false });
    tool(admin, "good", "return content.result(content.image(b'x', 'image/png'), n=1)", schema.clone()).await;
    tool(admin, "bad", "return content.result(content.image(b'x', 'image/png'), n='one')", schema).await;
    let agent = app.agent("admin");
    let good = agent.unchecked(call("good", json!({}))).await.expect("it is there");
    assert_eq!(good.structured, Some(json!({ "n": 1 })));
    assert_eq!(good.content.last(), Some(&Content::Text("{\"n\":1}".into())));
    let bad = agent.unchecked(call("bad", json!({}))).await.expect("it is there");
    assert!(bad.is_error && text(&bad).contains("/output_value/n"), "{}", text(&bad));
}

#[tokio::test]
async fn a_block_that_cannot_be_shown_is_an_error_that_says_which_and_why() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    let agent = app.agent("admin");
    for (n, (blocks, says)) in [
        ("[{'type': 'image', 'data': '***', 'mimeType': 'image/png'}]", "of block 0, what stands at /data is no base64"),
        ("[{'type': 'text', 'text': 'a'}, {'type': 'picture'}]", "of block 1, its 'type' is none of text, image"),
        ("[{'type': 'resource_link', 'uri': 'here', 'name': 'x'}]", "it has no scheme"),
        ("[{'type': 'audio', 'data': '', 'mimeType': 'image/png'}]", "no media type of kind audio"),
        ("'text'", "is no list of blocks"),
        ("[{'type': 'text', 'text': 'a'}] * 51", "50 are the most"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("bad{n}");
        tool(admin, &name, &format!("return {{'mcp_content': {blocks}}}"), Value::Null).await;
        let result = agent.unchecked(call(&name, json!({}))).await.expect("it is there");
        assert!(result.is_error && text(&result).contains(says), "{}", text(&result));
    }
    for (n, (block, says)) in [
        ("content.image(b'x', 'text/plain')", "begin with image/"),
        ("content.image('x', 'image/png')", "takes bytes or a FILE"),
        ("content.image(b'x')", "needs a media type"),
        ("content.link('here')", "no address"),
        ("3", "Block 0 of the result"),
        ("*(['a'] * 51)", "50 blocks at most"),
        ("content.resource('a://b', bytes(9 << 20))", "link to a FILE"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("helper{n}");
        tool(admin, &name, &format!("return content.result({block})"), Value::Null).await;
        let result = agent.unchecked(call(&name, json!({}))).await.expect("it is there");
        assert!(result.is_error && text(&result).contains(says), "{}", text(&result));
    }
}

#[tokio::test]
async fn a_result_is_cut_where_it_is_too_long_and_says_where_the_rest_is() {
    let app = TestApp::new().start().await;
    let admin = app.admin();
    tool(admin, "long", "return content.result('a' * 20000, 'b' * 20000, 'c')", Value::Null).await;
    let result = app.agent("admin").unchecked(call("long", json!({}))).await.expect("it is there");
    let texts: Vec<usize> =
        result.content.iter().filter_map(|b| if let Content::Text(text) = b { Some(text.len()) } else { None }).collect();
    assert!(texts[0] == 20_000 && texts[1] < 10_200 && texts.iter().sum::<usize>() < 31_000, "{texts:?}");
    assert!(matches!(result.content.last(), Some(Content::Link(link)) if link.uri.ends_with("/output")), "{:?}", result.content.last());
}
