//! What a client is asked while a request of it is under way, and what it answers.

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::behaviour::Capabilities;
use crate::convert;

/// A question to a client, or to the person in front of it.
#[derive(Clone, Debug, PartialEq)]
pub enum InputRequest {
    /// A form for the person. Its schema is a flat object of texts, numbers, booleans and choices.
    Form { message: String, schema: Map<String, Value> },
    /// A page that the person opens to answer there.
    Page { message: String, url: String, id: String },
    /// A question to the client's language model: the parameters of `sampling/createMessage`.
    Sampling(Value),
    /// Which folders the client works in.
    Roots,
}

/// Questions by their keys, which the answers have too.
pub type InputRequests = Vec<(String, InputRequest)>;

impl InputRequest {
    /// Whether a client that declared these capabilities may be asked this, and whether the protocol can carry it.
    pub fn is_for(&self, capabilities: Capabilities) -> bool {
        let declared = match self {
            InputRequest::Form { .. } => capabilities.form,
            InputRequest::Page { .. } => capabilities.page,
            InputRequest::Sampling(_) => capabilities.sampling,
            InputRequest::Roots => capabilities.roots,
        };
        declared && convert::input_request(self).is_some()
    }
}

/// Questions that end a request for now: it is made again, with the answers and the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asks {
    pub requests: InputRequests,
    /// Comes back as it was, if the client is honest.
    pub state: Option<String>,
}

/// What became of a form or a page.
#[derive(Clone, Debug, PartialEq)]
pub enum InputReply {
    /// With what was entered; of a page only that it was opened.
    Accepted(Option<Value>),
    /// The person does not want to answer.
    Declined,
    /// The person put the question away.
    Cancelled,
}

impl InputReply {
    /// None for what is no answer to a form or a page.
    pub fn read(reply: &Value) -> Option<InputReply> {
        match reply.get("action")?.as_str()? {
            "accept" => Some(InputReply::Accepted(reply.get("content").filter(|content| !content.is_null()).cloned())),
            "decline" => Some(InputReply::Declined),
            "cancel" => Some(InputReply::Cancelled),
            _ => None,
        }
    }
}

/// Asks the client in the middle of a call, which only older clients with a session allow.
#[derive(Clone, Debug)]
pub struct Asker(mpsc::UnboundedSender<Asked>);

/// A question on its way, and where its answer goes.
#[derive(Debug)]
pub struct Asked {
    pub request: InputRequest,
    pub reply: oneshot::Sender<Value>,
}

impl Asker {
    /// An asker and the end the wire reads.
    pub fn channel() -> (Asker, mpsc::UnboundedReceiver<Asked>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Asker(sender), receiver)
    }

    /// The client's answer as it came; none when it cannot or does not answer. Dropping the future takes the question back.
    pub async fn ask(&self, request: InputRequest) -> Option<Value> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Asked { request, reply }).ok()?;
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(property: &Value) -> InputRequest {
        let schema = json!({ "type": "object", "properties": { "x": property } });
        InputRequest::Form { message: "?".into(), schema: schema.as_object().cloned().expect("an object") }
    }

    #[test]
    fn a_client_is_asked_what_it_declared_and_no_more() {
        let all = Capabilities { form: true, page: true, sampling: true, roots: true, tasks: true };
        let page = InputRequest::Page { message: "?".into(), url: "http://x".into(), id: "1".into() };
        for (request, without) in [
            (form(&json!({ "type": "string" })), Capabilities { form: false, ..all }),
            (page, Capabilities { page: false, ..all }),
            (InputRequest::Roots, Capabilities { roots: false, ..all }),
        ] {
            assert!(request.is_for(all) && !request.is_for(without), "{request:?}");
        }
    }

    #[test]
    fn a_form_that_is_not_flat_is_for_nobody() {
        let all = Capabilities { form: true, page: true, sampling: true, roots: true, tasks: true };
        let multi = json!({ "type": "array", "items": { "anyOf": [{ "const": "a", "title": "A" }] } });
        assert!(form(&multi).is_for(all));
        for property in [json!({ "type": "object" }), json!({ "type": "array", "items": { "type": "object" } }), json!({ "enum": [1, 2] })]
        {
            assert!(!form(&property).is_for(all), "{property}");
        }
    }

    #[test]
    fn only_the_three_actions_are_answers() {
        assert_eq!(
            InputReply::read(&json!({ "action": "accept", "content": { "a": 1 } })),
            Some(InputReply::Accepted(Some(json!({ "a": 1 }))))
        );
        assert_eq!(InputReply::read(&json!({ "action": "accept", "content": null })), Some(InputReply::Accepted(None)));
        assert_eq!(InputReply::read(&json!({ "action": "decline" })), Some(InputReply::Declined));
        assert_eq!(InputReply::read(&json!({ "action": "cancel" })), Some(InputReply::Cancelled));
        for none in [json!(12345), json!(null), json!({ "action": "agree" }), json!({ "content": {} })] {
            assert_eq!(InputReply::read(&none), None, "{none}");
        }
    }

    #[tokio::test]
    async fn a_question_that_nobody_takes_has_no_answer() {
        let (asker, heard) = Asker::channel();
        drop(heard);
        assert_eq!(asker.ask(InputRequest::Roots).await, None);
    }
}
