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
            Input::new("session_token", Is::Text, "With a temporary key: its token.").secret(),
            Input::new("command", Is::Word(&["list", "get", "put", "delete", "head", "presign"]), "What to do. Default `list`.")
                .default("\"list\""),
            Input::new("path", Is::Text, "The key of the object; of `list`, what the keys begin with.").required(),
            Input::new("file", Is::Text, "The name of the FILE that `put` sends, or `get` makes: the last part of `path` unless given."),
            Input::new("content_type", Is::Text, "Of `put`: the media type of the object."),
            Input::new("start_after", Is::Text, "Of `list`: only keys that come after this one."),
            Input::new("limit", Is::Integer, "Of `list`: how many objects at the most. Default 1000.").default("1000"),
            Input::new("presign_for", Is::Word(&["get", "put"]), "Of `presign`: what may be done at the address. Default `get`.")
                .default("\"get\""),
            Input::new("expires_in", Is::Seconds, "Of `presign`: seconds that the address is good for, a week at the most. Default 3600.")
                .default("3600"),
        ],
        TIMES,
        TLS,
    ],
    rules: &[],
    output: &[
        DONE[0],
        Input::new("is_complete", Is::Boolean, "Of `list`: whether these are all."),
        DONE[1],
        Input::new("bytes", Is::Integer, "Of `get`, `put` and `head`: the size of the object."),
        Input::new("etag", Is::Text, "Of `get`, `put` and `head`: what tells this content from another."),
        Input::new("content_type", Is::Text, "Of `get` and `head`: the media type of the object."),
        Input::new("modified_at", Is::Text, "Of `get` and `head`: when it was written."),
        Input::new("metadata", Is::TextByName, "Of `get` and `head`: what was said of it when it was written."),
        Input::new("url", Is::Text, "Of `presign`: the address."),
    ],
};
