//! REDIS: keys, lists, streams.

use super::{Connector, Input, Is, TIMES};

pub(super) static REDIS: Connector = Connector {
    name: "REDIS",
    doc: "One command of a Redis server of version 6 or later. Maps are objects, sets are lists; what is no text is \
        `{\"base64\": \"...\"}`, in arguments too. A command that only reads is done again after a loss. One that waits, such as \
        `BLPOP`, waits for no longer than `timeout`; what has no end, such as `SUBSCRIBE`, is refused.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The name or address of the server.").required(),
            Input::new("port", Is::Port, "Default 6379.").default("6379"),
            Input::new("username", Is::Text, "Of the login."),
            Input::new("password", Is::Text, "Of the login.").secret(),
            Input::new("tls", Is::Boolean, "Whether the connection must be encrypted. Default false.").default("false"),
            Input::new("cacert", Is::Text, "Certificates of authorities that are trusted beside those of the system, as PEM."),
            Input::new("database", Is::Integer, "The number of the database. Default 0.").default("0"),
            Input::new("command", Is::Text, "The command, such as `GET`.").required(),
            Input::new("args", Is::List, "Its arguments: texts, numbers and bytes. Default none.").default("[]"),
        ],
        TIMES,
    ],
    rules: &[],
    output: &[Input::new("result", Is::Any, "What the server answers.").required()],
};
