//! Places that keep files.

use super::{Connector, Input, Is, Rule, TIMES, TLS};

/// A login that may be left out.
const ACCOUNT: &[Input] = &[Input::new("username", Is::Text, "Of the login."), Input::new("password", Is::Text, "Of the login.").secret()];
/// What is done, with what.
const ACT: &[Input] = &[
    Input::new("command", Is::Word(&["list", "get", "put", "delete"]), "What to do. Default `list`.").default("\"list\""),
    Input::new("path", Is::Text, "The file or folder there.").required(),
    Input::new("file", Is::Text, "The name of the FILE that `put` sends or `get` makes."),
];

const DONE: &[Input] = &[
    Input::new(
        "files",
        Is::ListOf(&[
            Input::new("name", Is::Text, "Its path there.").required(),
            Input::new("size", Is::Integer, "Its size in bytes."),
            Input::new("modified_at", Is::Text, "When it was last changed."),
        ]),
        "Of `list`: what is there.",
    ),
    Input::new("file", Is::Text, "Of `get`: the name of the FILE that was made."),
    Input::new("bytes", Is::Integer, "Of `get` and `put`: how many bytes were sent."),
];

pub(super) static FTP: Connector = Connector {
    name: "FTP",
    doc: "Files on an FTP server.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The name or address of the server.").required(),
            Input::new("port", Is::Port, "Default 21.").default("21"),
            Input::new("tls", Is::Boolean, "Whether the connection must be encrypted. Default true.").default("true"),
        ],
        ACCOUNT,
        ACT,
        TIMES,
    ],
    rules: &[Rule::With("password", "username")],
    output: DONE,
};

pub(super) static WEBDAV: Connector = Connector {
    name: "WEBDAV",
    doc: "Files on a WebDAV server.",
    inputs: &[&[Input::new("url", Is::Text, "The address of the server.").required()], ACCOUNT, ACT, TIMES, TLS],
    rules: &[Rule::With("password", "username")],
    output: DONE,
};

pub(super) static SMB: Connector = Connector {
    name: "SMB",
    doc: "Files on a Windows share.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The name or address of the server.").required(),
            Input::new("port", Is::Port, "Default 445.").default("445"),
            Input::new("share", Is::Text, "The name of the share.").required(),
            Input::new("domain", Is::Text, "The domain of the login."),
        ],
        ACCOUNT,
        ACT,
        TIMES,
    ],
    rules: &[Rule::With("password", "username")],
    output: DONE,
};

pub(super) static S3: Connector = Connector {
    name: "S3",
    doc: "Objects in an S3 bucket, at Amazon or elsewhere.",
    inputs: &[
        &[
            Input::new("endpoint_url", Is::Text, "The address of the service; Amazon's of the region unless given."),
            Input::new("region", Is::Text, "The region. Default `us-east-1`.").default("\"us-east-1\""),
            Input::new("bucket", Is::Text, "The bucket.").required(),
            Input::new("access_key_id", Is::Text, "The id of the key.").required(),
            Input::new("secret_access_key", Is::Text, "The key.").required().secret(),
        ],
        ACT,
        TIMES,
        TLS,
    ],
    rules: &[],
    output: DONE,
};
