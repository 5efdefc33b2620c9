//! Language models, and servers of tools for them.

use super::{Connector, Input, Is, TIMES};

const CHAT: &[Input] = &[
    Input::new("model", Is::Text, "The name of the model.").required(),
    Input::new(
        "messages",
        Is::List,
        "The conversation so far: objects of `role` (`system`, `user`, `assistant` or `tool`) and `content`, as the interface takes them.",
    )
    .required(),
    Input::new("tools", Is::List, "The functions that the model may ask for."),
    Input::new("response_format", Is::Object, "What the answer must look like."),
    Input::new("temperature", Is::Number, "How freely it chooses; the model's own unless given."),
    Input::new("max_tokens", Is::Integer, "How long the answer may be."),
    Input::new("stream", Is::Boolean, "Whether the answer is logged as it comes. Default false.").default("false"),
];

const ANSWER: &[Input] = &[
    Input::new("message", Is::Object, "The answer: `role`, `content`, and `tool_calls` if it asks for some.").required(),
    Input::new("usage", Is::Object, "How many tokens were used."),
    Input::new("finish_reason", Is::Text, "Why it ended."),
];

pub(super) static OPENAI: Connector = Connector {
    name: "OPENAI",
    doc: "One answer of a language model, of any service that speaks OpenAI's interface.",
    inputs: &[
        &[
            Input::new("base_url", Is::Text, "The address of the service. Default `https://api.openai.com/v1`.")
                .default("\"https://api.openai.com/v1\""),
            Input::new("token", Is::Text, "The key of the service.").secret(),
        ],
        CHAT,
        TIMES,
    ],
    rules: &[],
    output: ANSWER,
};

pub(super) static AZUREAI: Connector = Connector {
    name: "AZUREAI",
    doc: "One answer of a language model that Microsoft Azure hosts.",
    inputs: &[
        &[
            Input::new("base_url", Is::Text, "The address of the resource.").required(),
            Input::new("token", Is::Text, "The key of the resource.").required().secret(),
            Input::new("api_version", Is::Text, "The version of the interface. Default `2024-10-21`.").default("\"2024-10-21\""),
        ],
        CHAT,
        TIMES,
    ],
    rules: &[],
    output: ANSWER,
};

pub(super) static MCP: Connector = Connector {
    name: "MCP",
    doc: "One call of a tool that a server offers over the Model Context Protocol.",
    inputs: &[&[
        Input::new("url", Is::Text, "The address of the server's endpoint.").required(),
        Input::new("headers", Is::TextByName, "Request headers, such as the one with a key."),
        Input::new("tool", Is::Text, "The name of the tool.").required(),
        Input::new("arguments", Is::Object, "Its arguments. Default none.").default("{}"),
        Input::new("timeout_sec", Is::Seconds, "Seconds that the call may take. Default 300.").default("300"),
    ]],
    rules: &[],
    output: &[
        Input::new("structured_content", Is::Any, "What the tool answers as data, if it does."),
        Input::new("content", Is::List, "What it answers as blocks of text, pictures and others.").required(),
    ],
};
