//! REST: any HTTP interface.

use super::{Connector, Input, Is, Rule, TLS};

pub(super) static REST: Connector = Connector {
    name: "REST",
    doc: "One HTTP request; redirects are followed and what is safe to repeat is repeated.",
    inputs: &[ADDRESS, BODY, CONDUCT, LOGIN, TLS],
    rules: &[
        Rule::Any(&["url", "hostname"]),
        Rule::Most(&["json", "data", "text", "multipart", "src"]),
        Rule::With("password", "username"),
        Rule::Most(&["url", "hostname"]),
        Rule::Most(&["oauth", "token"]),
        Rule::Most(&["oauth", "username"]),
    ],
    output: &[
        Input::new("status_code", Is::Integer, "The status of the answer.").required(),
        Input::new("headers", Is::TextByName, "The headers of the answer, names in lower case.").required(),
        Input::new("cookies", Is::TextByName, "The cookies that the answer sets.").required(),
        Input::new("encoding", Is::Text, "The character set of the body."),
        Input::new("json", Is::Any, "The body, if it can be read as JSON."),
        Input::new("text", Is::Text, "The body, if it is text and no JSON."),
        Input::new("file", Is::Text, "The name of the FILE that holds the body, if `dst` asked for one or it is large."),
    ],
};

const ADDRESS: &[Input] = &[
    Input::new("url", Is::Text, "The whole address. Or give `hostname` and its companions."),
    Input::new("scheme", Is::Word(&["https", "http"]), "With `hostname`. Default `https`.").default("\"https\""),
    Input::new("hostname", Is::Text, "The host, without scheme and path."),
    Input::new("port", Is::Port, "With `hostname`; the scheme's own unless given."),
    Input::new("base_path", Is::Text, "With `hostname`: what every path of the interface begins with."),
    Input::new("path", Is::Text, "With `hostname`: what follows `base_path`."),
    Input::new(
        "method",
        Is::Word(&["get", "post", "put", "patch", "delete", "head", "options", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
        "The HTTP method. Default `get`.",
    )
    .default("\"get\""),
    Input::new("params", Is::ScalarByName, "Query parameters; a list gives a parameter several times."),
    Input::new("headers", Is::TextByName, "Request headers."),
    Input::new("cookies", Is::TextByName, "Cookies to send."),
];

const BODY: &[Input] = &[
    Input::new("json", Is::Any, "The body, sent as JSON."),
    Input::new("data", Is::ScalarByName, "The body, sent as form fields."),
    Input::new("text", Is::Text, "The body, sent as it is."),
    Input::new(
        "multipart",
        Is::ListOf(&[
            Input::new("name", Is::Text, "The name of the part.").required(),
            Input::new("value", Is::Text, "Its content."),
            Input::new("file", Is::Text, "Or the name of the FILE that is its content."),
            Input::new("filename", Is::Text, "The file name that the server is told."),
            Input::new("content_type", Is::Text, "Its media type."),
        ]),
        "The parts of a `multipart/form-data` body.",
    ),
    Input::new(
        "src",
        Is::Text,
        "The name of the FILE that is the body; its media type is `application/octet-stream` unless a header says.",
    ),
];

const CONDUCT: &[Input] = &[
    Input::new("allow_redirects", Is::Boolean, "Whether redirects are followed. Default true.").default("true"),
    Input::new("max_redirects", Is::Integer, "How many redirects are followed. Default 10.").default("10"),
    Input::new("connect_timeout", Is::Seconds, "Seconds until a connection that does not come about is given up. Default 10.")
        .default("10"),
    Input::new("read_timeout", Is::Seconds, "Seconds without a byte until an answer is given up. Default 60.").default("60"),
    Input::new(
        "expected_status_code",
        Is::Integers,
        "Statuses that count as success; any other ends the execution with an error and keeps the output. Default 200, 201, 202, 204.",
    )
    .default("[200,201,202,204]"),
    Input::new(
        "retry_backoff",
        Is::Of(&[
            Input::new("initial", Is::Seconds, "Seconds before the second try. Default 1.").default("1"),
            Input::new("maximum", Is::Seconds, "The most seconds between two tries. Default 60.").default("60"),
            Input::new("multiplier", Is::Number, "How much longer each pause is. Default 2.").default("2"),
            Input::new("deadline", Is::Seconds, "Seconds after which no more try is made. Default 600.").default("600"),
        ]),
        "How what is safe to repeat is repeated.",
    ),
    Input::new("dst", Is::Text, "The name of the FILE that takes the body of the answer, if its status is an expected one."),
];

const LOGIN: &[Input] = &[
    Input::new("authentication_method", Is::Word(&["basic", "bearer", "digest"]), "How the login is shown. Default `basic`.")
        .default("\"basic\""),
    Input::new("username", Is::Text, "Of the login."),
    Input::new("password", Is::Text, "Of the login.").secret(),
    Input::new("token", Is::Text, "With `bearer`: the token.").secret(),
    Input::new("oauth", Is::Text, "The name of the OAUTH record that fetches the token, as the client that it names."),
];
