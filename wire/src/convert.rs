//! Between our neutral types and those of `rmcp`.

mod question;
mod task;

use rmcp::model::{
    CallToolResult, CompleteRequestParams, CompletionInfo, ContentBlock, ErrorData, GetPromptResult, Implementation as RmcpImplementation,
    Prompt as RmcpPrompt, PromptArgument as RmcpArgument, PromptMessage as RmcpMessage, Reference, Resource as RmcpResource,
    ResourceContents, ResourceTemplate, Role, Tool as RmcpTool, ToolAnnotations,
};

use crate::behaviour::Fault;
use crate::content::{Content, Resource, ResourceContent, ToolResult};
use crate::listing::{
    Completed, CompletionRequest, Implementation, Prompt, PromptArgument, PromptMessage, PromptText, Subject, Template, Tool,
};
pub(crate) use question::{asks, capabilities, client_result, input_request, required, responses, server_request};
pub(crate) use task::{created, detailed, found};

pub(crate) fn implementation(given: Implementation) -> RmcpImplementation {
    RmcpImplementation::new(given.name, given.version).with_title(given.title)
}

pub(crate) fn tool(given: &Tool) -> RmcpTool {
    let hints = given.annotations;
    let mut annotations = ToolAnnotations::new().read_only(hints.read_only).open_world(hints.open_world);
    if !hints.read_only {
        // Of a tool that only reads they mean nothing, and each conversation would pay for them.
        annotations = annotations.destructive(hints.destructive).idempotent(hints.idempotent);
    }
    let mut tool = RmcpTool::new(given.name.clone(), given.description.clone(), given.input_schema.clone()).with_annotations(annotations);
    tool.title.clone_from(&given.title);
    tool.output_schema.clone_from(&given.output_schema);
    tool
}

/// An error loses its structured content: a client in wide use throws the whole error away otherwise.
pub(crate) fn tool_result(given: ToolResult) -> CallToolResult {
    let content = given.content.into_iter().map(content).collect();
    if given.is_error {
        return CallToolResult::error(content);
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = given.structured;
    result
}

pub(crate) fn content(given: Content) -> ContentBlock {
    match given {
        Content::Text(text) => ContentBlock::text(text),
        Content::Image { data, mime_type } => ContentBlock::image(data, mime_type),
        Content::Audio { data, mime_type } => ContentBlock::audio(data, mime_type),
        Content::Embedded(inner) => ContentBlock::resource(resource_content(inner)),
        Content::Link(link) => ContentBlock::resource_link(resource(link)),
    }
}

pub(crate) fn resource(given: Resource) -> RmcpResource {
    let mut resource = RmcpResource::new(given.uri, given.name);
    resource.title = given.title;
    resource.description = given.description;
    resource.mime_type = given.mime_type;
    resource.size = given.size;
    resource
}

pub(crate) fn resource_content(given: ResourceContent) -> ResourceContents {
    let (contents, mime_type) = match given {
        ResourceContent::Text { uri, mime_type, text } => (ResourceContents::text(text, uri), mime_type),
        ResourceContent::Blob { uri, mime_type, data } => (ResourceContents::blob(data, uri), mime_type),
    };
    match mime_type {
        Some(mime_type) => contents.with_mime_type(mime_type),
        None => contents,
    }
}

pub(crate) fn template(given: Template) -> ResourceTemplate {
    let mut template = ResourceTemplate::new(given.uri_template, given.name);
    template.title = given.title;
    template.description = given.description;
    template.mime_type = given.mime_type;
    template
}

pub(crate) fn prompt(given: Prompt) -> RmcpPrompt {
    let arguments = given.arguments.into_iter().map(argument).collect::<Vec<_>>();
    let mut prompt = RmcpPrompt::from_raw(given.name, given.description, Some(arguments).filter(|a| !a.is_empty()));
    prompt.title = given.title;
    prompt
}

fn argument(given: PromptArgument) -> RmcpArgument {
    let mut argument = RmcpArgument::new(given.name).with_required(given.required);
    argument.title = given.title;
    argument.description = given.description;
    argument
}

pub(crate) fn prompt_text(given: PromptText) -> GetPromptResult {
    let mut result = GetPromptResult::new(given.messages.into_iter().map(message).collect());
    result.description = given.description;
    result
}

fn message(given: PromptMessage) -> RmcpMessage {
    RmcpMessage::new(if given.is_assistant { Role::Assistant } else { Role::User }, content(given.content))
}

/// None for a kind of reference that this server does not know.
pub(crate) fn completion_request(given: CompleteRequestParams) -> Option<CompletionRequest> {
    let subject = match given.r#ref {
        Reference::Prompt(prompt) => Subject::Prompt(prompt.name),
        Reference::Resource(resource) => Subject::Template(resource.uri),
        _ => return None,
    };
    Some(CompletionRequest { subject, argument: given.argument.name, value: given.argument.value })
}

/// The first 100 values at most: the protocol allows no more.
pub(crate) fn completed(mut given: Completed) -> CompletionInfo {
    given.values.truncate(CompletionInfo::MAX_VALUES);
    let total = given.total.max(u32::try_from(given.values.len()).unwrap_or(u32::MAX));
    let mut info = CompletionInfo::default();
    info.has_more = Some(total as usize > given.values.len());
    info.total = Some(total);
    info.values = given.values;
    info
}

/// The message of an internal fault is for the log; the caller learns only that there was one.
pub(crate) fn fault(given: Fault) -> ErrorData {
    match given {
        Fault::InvalidParams(message) => ErrorData::invalid_params(message, None),
        Fault::ResourceNotFound(message) => ErrorData::resource_not_found(message, None),
        Fault::MissingCapability(capability) => ErrorData::missing_required_client_capability(required(capability)),
        Fault::Internal(_) => ErrorData::internal_error("There was an internal error; the server's log has it.", None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::listing::Annotations;

    fn to_json(value: impl serde::Serialize) -> Value {
        serde_json::to_value(value).expect("a model of the protocol is JSON")
    }

    fn object(value: &Value) -> Arc<serde_json::Map<String, Value>> {
        Arc::new(value.as_object().cloned().expect("an object"))
    }

    #[test]
    fn a_tool_keeps_its_schemas_in_order_and_the_hints_that_mean_something() {
        let schema = json!({"type": "object", "properties": {"zeta": {}, "alpha": {}}});
        let mut given = Tool {
            name: "t".into(),
            title: Some("T".into()),
            description: "Does.".into(),
            input_schema: object(&schema),
            output_schema: None,
            annotations: Annotations { read_only: true, destructive: false, idempotent: true, open_world: false },
        };
        let expected = json!({
            "name": "t", "title": "T", "description": "Does.", "inputSchema": schema,
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        });
        assert_eq!(given.as_listed(), expected);
        assert!(given.as_listed().to_string().find("zeta") < given.as_listed().to_string().find("alpha"));
        given.annotations = Annotations { read_only: false, destructive: false, idempotent: true, open_world: true };
        let all = json!({"readOnlyHint": false, "destructiveHint": false, "idempotentHint": true, "openWorldHint": true});
        assert_eq!(given.as_listed()["annotations"], all);
    }

    #[test]
    fn an_error_goes_without_structured_content() {
        let given = ToolResult { content: vec![Content::Text("No.".into())], structured: Some(json!({"a": 1})), is_error: true };
        let result = to_json(tool_result(given));
        assert_eq!((&result["isError"], result.get("structuredContent")), (&json!(true), None));
    }

    #[test]
    fn a_success_keeps_a_structured_null_apart_from_none() {
        let of = |structured| to_json(tool_result(ToolResult { content: Vec::new(), structured, is_error: false }));
        assert_eq!(of(Some(Value::Null)).get("structuredContent"), Some(&Value::Null));
        assert_eq!(of(None).get("structuredContent"), None);
    }

    #[test]
    fn every_kind_of_content_is_a_block_of_its_own_type() {
        let text = ResourceContent::Text { uri: "u:1".into(), mime_type: Some("text/plain".into()), text: "x".into() };
        let link = Resource { uri: "u:2".into(), name: "n".into(), size: Some(3), ..Resource::default() };
        let blocks: Vec<Value> = [
            Content::Text("x".into()),
            Content::Image { data: "AA==".into(), mime_type: "image/png".into() },
            Content::Audio { data: "AA==".into(), mime_type: "audio/wav".into() },
            Content::Embedded(text),
            Content::Link(link),
        ]
        .into_iter()
        .map(|block| to_json(content(block)))
        .collect();
        let expected = json!([
            {"type": "text", "text": "x"},
            {"type": "image", "data": "AA==", "mimeType": "image/png"},
            {"type": "audio", "data": "AA==", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "u:1", "mimeType": "text/plain", "text": "x"}},
            {"type": "resource_link", "uri": "u:2", "name": "n", "size": 3},
        ]);
        assert_eq!(json!(blocks), expected);
    }

    #[test]
    fn completions_are_cut_at_a_hundred_and_say_that_there_is_more() {
        let info = to_json(completed(Completed { values: vec!["v".into(); 150], total: 150 }));
        assert_eq!((info["values"].as_array().map(Vec::len), &info["total"], &info["hasMore"]), (Some(100), &json!(150), &json!(true)));
        let info = to_json(completed(Completed { values: vec!["v".into()], total: 0 }));
        assert_eq!(info, json!({"values": ["v"], "total": 1, "hasMore": false}));
    }

    #[test]
    fn a_prompt_without_arguments_lists_none() {
        let given = Prompt { name: "p".into(), ..Prompt::default() };
        assert_eq!(to_json(prompt(given)), json!({"name": "p"}));
        let arguments = vec![PromptArgument { name: "a".into(), required: true, ..PromptArgument::default() }];
        let given = Prompt { name: "p".into(), arguments, ..Prompt::default() };
        assert_eq!(to_json(prompt(given)), json!({"name": "p", "arguments": [{"name": "a", "required": true}]}));
    }

    #[test]
    fn an_internal_fault_tells_nothing_of_itself() {
        let error = to_json(fault(Fault::Internal("no such table: flow".into())));
        assert_eq!(error["code"], -32603);
        assert!(!error.to_string().contains("table"), "{error}");
    }
}
