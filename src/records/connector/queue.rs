//! REDIS: keys, lists, streams.

use super::{Connector, Input, Is, TIMES};

pub(super) static REDIS: Connector = Connector {
    name: "REDIS",
    doc: "One command of a Redis server.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The name or address of the server.").required(),
            Input::new("port", Is::Port, "Default 6379.").default("6379"),
            Input::new("username", Is::Text, "Of the login."),
            Input::new("password", Is::Text, "Of the login.").secret(),
            Input::new("tls", Is::Boolean, "Whether the connection must be encrypted. Default false.").default("false"),
            Input::new("database", Is::Integer, "The number of the database. Default 0.").default("0"),
            Input::new("command", Is::Text, "The command, such as `GET`.").required(),
            Input::new("args", Is::List, "Its arguments. Default none.").default("[]"),
        ],
        TIMES,
    ],
    rules: &[],
    output: &[Input::new("result", Is::Any, "What the server answers.").required()],
};
