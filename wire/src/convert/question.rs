//! Questions to clients, as the protocol has them.
#![allow(deprecated, reason = "the newest revision still asks for what it will take away")]

use rmcp::model::{
    ClientCapabilities, ClientResult, CreateMessageRequest, ElicitRequest, ElicitRequestParams, ElicitationCapability,
    InputRequest as RmcpRequest, InputRequests as RmcpRequests, InputRequiredResult, ListRootsRequest, ServerRequest,
};
use serde_json::{Map, Value};

use crate::behaviour::{Capabilities, Capability};
use crate::input::{Asks, InputRequest, InputRequests};

/// None for a form or a question that the protocol cannot carry.
pub(crate) fn input_request(given: &InputRequest) -> Option<RmcpRequest> {
    Some(match given {
        InputRequest::Form { message, schema } => {
            let requested_schema = serde_json::from_value(Value::Object(schema.clone())).ok()?;
            let params = ElicitRequestParams::FormElicitationParams { meta: None, message: message.clone(), requested_schema };
            RmcpRequest::Elicitation(ElicitRequest::new(params))
        }
        InputRequest::Page { message, url, id } => {
            let params = ElicitRequestParams::UrlElicitationParams {
                meta: None,
                message: message.clone(),
                url: url.clone(),
                elicitation_id: id.clone(),
            };
            RmcpRequest::Elicitation(ElicitRequest::new(params))
        }
        InputRequest::Sampling(params) => {
            RmcpRequest::CreateMessage(CreateMessageRequest::new(serde_json::from_value(params.clone()).ok()?))
        }
        InputRequest::Roots => RmcpRequest::ListRoots(ListRootsRequest::default()),
    })
}

/// The same as a request of the server, for a client with a session.
pub(crate) fn server_request(given: &InputRequest) -> Option<ServerRequest> {
    Some(match input_request(given)? {
        RmcpRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
        RmcpRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
        RmcpRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
        _ => return None,
    })
}

/// What a client answered to such a request, as it came.
pub(crate) fn client_result(given: &ClientResult) -> Value {
    serde_json::to_value(given).unwrap_or_default()
}

/// Those that can be carried.
pub(crate) fn input_requests(given: &InputRequests) -> RmcpRequests {
    given.iter().filter_map(|(key, request)| Some((key.clone(), input_request(request)?))).collect()
}

pub(crate) fn asks(given: Asks) -> InputRequiredResult {
    InputRequiredResult::new(Some(input_requests(&given.requests)), given.state)
}

pub(crate) fn capabilities(declared: Option<&ClientCapabilities>) -> Capabilities {
    let Some(declared) = declared else { return Capabilities::default() };
    // A bare `elicitation` is what came before there were two kinds: forms.
    let form = |elicitation: &ElicitationCapability| elicitation.form.is_some() || elicitation.url.is_none();
    Capabilities {
        form: declared.elicitation.as_ref().is_some_and(form),
        page: declared.elicitation.as_ref().is_some_and(|elicitation| elicitation.url.is_some()),
        sampling: declared.sampling.is_some(),
        roots: declared.roots.is_some(),
        tasks: declared.supports_tasks(),
    }
}

pub(crate) fn required(capability: Capability) -> ClientCapabilities {
    let mut required = ClientCapabilities::default();
    match capability {
        Capability::Form => required.elicitation = Some(ElicitationCapability::default()),
        Capability::Sampling => required.sampling = Some(rmcp::model::SamplingCapability::default()),
        Capability::Roots => required.roots = Some(rmcp::model::RootsCapabilities::default()),
        Capability::Tasks => return ClientCapabilities::builder().enable_tasks().build(),
    }
    required
}

/// The answers that came with a request.
pub(crate) fn responses(given: Option<rmcp::model::InputResponses>) -> Map<String, Value> {
    given.unwrap_or_default().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_form_goes_out_as_it_was_made_and_in_order() {
        let schema = json!({
            "type": "object",
            "properties": {
                "zeta": { "type": "string", "title": "Z", "minLength": 2, "default": "ab" },
                "age": { "type": "integer", "minimum": 1, "default": 30 },
                "score": { "type": "number", "default": 95.5 },
                "yes": { "type": "boolean", "default": true },
                "one": { "type": "string", "enum": ["a", "b"], "default": "a" },
                "titled": { "type": "string", "oneOf": [{ "const": "a", "title": "A" }] },
                "old": { "type": "string", "enum": ["a"], "enumNames": ["A"] },
                "many": { "type": "array", "items": { "type": "string", "enum": ["a"] } },
                "several": { "type": "array", "items": { "anyOf": [{ "const": "a", "title": "A" }] } },
            },
            "required": ["zeta"],
        });
        let request = InputRequest::Form { message: "Who?".into(), schema: schema.as_object().cloned().expect("an object") };
        let sent = serde_json::to_value(input_request(&request).expect("it is flat")).expect("JSON");
        assert_eq!(sent["method"], "elicitation/create");
        assert_eq!((&sent["params"]["mode"], &sent["params"]["message"]), (&json!("form"), &json!("Who?")));
        assert_eq!(sent["params"]["requestedSchema"], schema);
        let text = sent.to_string();
        assert!(text.find("zeta") < text.find("\"age\""), "{text}");
    }

    #[test]
    fn what_a_client_declares_is_told_apart() {
        let of = |declared: Value| capabilities(Some(&serde_json::from_value(declared).expect("capabilities")));
        let bare = of(json!({ "elicitation": {} }));
        assert!(bare.form && !bare.page && !bare.tasks);
        let both = of(json!({ "elicitation": { "form": {}, "url": {} }, "extensions": { "io.modelcontextprotocol/tasks": {} } }));
        assert!(both.form && both.page && both.tasks && !both.sampling);
        assert!(!of(json!({ "elicitation": { "url": {} } })).form);
        assert_eq!(capabilities(None), Capabilities::default());
    }

    #[test]
    fn what_is_missing_is_named_as_a_client_would_declare_it() {
        let of = |capability| serde_json::to_value(required(capability)).expect("JSON");
        assert_eq!(of(Capability::Sampling), json!({ "sampling": {} }));
        assert_eq!(of(Capability::Tasks), json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } }));
    }
}
