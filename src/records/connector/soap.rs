//! Calls of methods over XML.

use super::{Connector, Input, Is, Rule, TIMES, TLS};

const CALL: &[Input] = &[
    Input::new("url", Is::Text, "The address of the service.").required(),
    Input::new("method", Is::Text, "The method to call.").required(),
    Input::new("headers", Is::TextByName, "Request headers."),
    Input::new("username", Is::Text, "Of the login."),
    Input::new("password", Is::Text, "Of the login.").secret(),
];

const RESULT: &[Input] = &[Input::new("result", Is::Any, "What the method returns.").required()];

pub(super) static SOAP: Connector = Connector {
    name: "SOAP",
    doc: "One call of a SOAP service.",
    inputs: &[
        CALL,
        &[
            Input::new("namespace", Is::Text, "The namespace of the method.").required(),
            Input::new("action", Is::Text, "The value of the header `SOAPAction`; namespace and method unless given."),
            Input::new("args", Is::Object, "The arguments by name. Default none.").default("{}"),
        ],
        TIMES,
        TLS,
    ],
    rules: &[Rule::With("password", "username")],
    output: RESULT,
};

pub(super) static XMLRPC: Connector = Connector {
    name: "XMLRPC",
    doc: "One call of an XML-RPC service.",
    inputs: &[CALL, &[Input::new("args", Is::List, "The arguments in order. Default none.").default("[]")], TIMES, TLS],
    rules: &[Rule::With("password", "username")],
    output: RESULT,
};
