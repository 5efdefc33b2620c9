//! Why the parameters of a known method cannot be read. `rmcp` takes such a request for one of an unknown method.
#![allow(deprecated, reason = "older clients still use what the newest revision takes away")]

use rmcp::model::{
    CallToolRequestParams, CancelTaskParams, CompleteRequestParams, CustomRequest, DiscoverRequestParams, GetPromptRequestParams,
    GetTaskParams, InitializeRequestParams, PaginatedRequestParams, ReadResourceRequestParams, SetLevelRequestParams,
    SubscribeRequestParams, SubscriptionsListenRequestParams, UnsubscribeRequestParams, UpdateTaskParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Era;

/// Methods that 2026-07-28 no longer has.
const GONE: &[&str] = &["initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"];

/// What is wrong with the parameters, for a method that this server has in this era; none for one that it has not.
pub(crate) fn reason(request: &CustomRequest, era: Era) -> Option<String> {
    if era == Era::Modern && GONE.contains(&request.method.as_str()) {
        return None;
    }
    let read: fn(&Value) -> Option<String> = match request.method.as_str() {
        "initialize" => fault::<InitializeRequestParams>,
        "server/discover" => fault::<DiscoverRequestParams>,
        "tools/call" => fault::<CallToolRequestParams>,
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => fault::<PaginatedRequestParams>,
        "prompts/get" => fault::<GetPromptRequestParams>,
        "resources/read" => fault::<ReadResourceRequestParams>,
        "completion/complete" => fault::<CompleteRequestParams>,
        "subscriptions/listen" => fault::<SubscriptionsListenRequestParams>,
        "logging/setLevel" => fault::<SetLevelRequestParams>,
        "resources/subscribe" => fault::<SubscribeRequestParams>,
        "resources/unsubscribe" => fault::<UnsubscribeRequestParams>,
        "tasks/get" => fault::<GetTaskParams>,
        "tasks/update" => fault::<UpdateTaskParams>,
        "tasks/cancel" => fault::<CancelTaskParams>,
        "ping" => fault::<Value>,
        _ => return None,
    };
    let Some(params) = &request.params else {
        return Some(format!("{} needs 'params'.", request.method));
    };
    let method = &request.method;
    if !params.is_object() {
        return Some(format!("The 'params' of {method} must be an object."));
    }
    let reason = read(params).unwrap_or_else(|| "they cannot be read".to_owned());
    Some(format!("The 'params' of {method} are not what the method takes: {reason}."))
}

fn fault<T: DeserializeOwned>(params: &Value) -> Option<String> {
    // From text, since its messages name the place.
    serde_json::from_str::<T>(&params.to_string()).err().map(|reason| without_place(&reason.to_string()))
}

/// Line and column are those of our own copy.
fn without_place(reason: &str) -> String {
    reason.split(" at line ").next().unwrap_or(reason).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(method: &str, params: Option<Value>) -> Option<String> {
        reason(&CustomRequest::new(method, params), Era::Legacy)
    }

    #[test]
    fn wrong_parameters_are_named() {
        let text = of("tools/call", Some(json!({"name": 5}))).expect("tools/call is known");
        assert!(text.contains("invalid type: integer `5`, expected a string") && !text.contains("line"), "{text}");
        let text = of("tools/call", Some(json!({"name": "x", "arguments": []}))).expect("tools/call is known");
        assert!(text.contains("expected a map"), "{text}");
        assert!(of("resources/read", Some(json!({}))).expect("known").contains("missing field `uri`"));
        assert_eq!(of("prompts/get", None).as_deref(), Some("prompts/get needs 'params'."));
        assert_eq!(of("tools/list", Some(json!([]))).as_deref(), Some("The 'params' of tools/list must be an object."));
    }

    #[test]
    fn a_method_that_the_era_has_not_is_unknown_whatever_its_parameters() {
        assert_eq!(reason(&CustomRequest::new("resources/subscribe", None), Era::Modern), None);
        assert!(of("resources/subscribe", None).is_some());
    }

    #[test]
    fn an_unknown_method_has_no_parameters() {
        assert_eq!(of("tools/destroy", Some(json!({}))), None);
    }
}
