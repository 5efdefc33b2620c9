//! Git repositories.

use super::{Connector, Input, Is, Rule, TIMES, TLS};

pub(super) static GIT: Connector = Connector {
    name: "GIT",
    doc: "The files or the last commit of a Git repository, or a push to it.",
    inputs: &[
        &[
            Input::new("command", Is::Word(&["get", "metadata", "push"]), "What to do. Default `get`.").default("\"get\""),
            Input::new("repository_url", Is::Text, "The address of the repository.").required(),
            Input::new("ref", Is::Text, "A branch, a tag or a commit; the repository's default branch unless given."),
            Input::new("username", Is::Text, "Of the login."),
            Input::new("password", Is::Text, "Of the login, or a token.").secret(),
            Input::new("ssh_key", Is::Text, "The private key of the login, as PEM.").secret(),
            Input::new("ssh_passphrase", Is::Text, "What `ssh_key` is encrypted with, if it is.").secret(),
            Input::new("ssh_hostkey", Is::Any, "For SSH: the key that the server must show, as in `known_hosts`; false accepts any."),
            Input::new(
                "files_path",
                Is::Text,
                "What the names of the FILE records begin with that the files are kept as; without it they are in the output.",
            ),
            Input::new("files", Is::TextByName, "For `push`: texts by path."),
            Input::new("message", Is::Text, "For `push`: the message of the commit."),
            Input::new("author_name", Is::Text, "For `push`: who wrote it. Default `Flowstead`.").default("\"Flowstead\""),
            Input::new("author_email", Is::Text, "For `push`: their address. Default `flowstead@localhost`.")
                .default("\"flowstead@localhost\""),
        ],
        TIMES,
        TLS,
    ],
    rules: &[Rule::With("ssh_passphrase", "ssh_key")],
    output: &[
        Input::new(
            "files",
            Is::ListOf(&[
                Input::new("name", Is::Text, "Its path in the repository.").required(),
                Input::new("content", Is::Text, "Its content, if it is text and was not kept as a FILE."),
                Input::new("file", Is::Text, "The name of the FILE that it was kept as."),
            ]),
            "The files.",
        ),
        Input::new("author_name", Is::Text, "Who wrote the commit."),
        Input::new("author_email", Is::Text, "Their address."),
        Input::new("commit_date_iso", Is::Text, "When, as ISO 8601."),
        Input::new("commit_date_unix", Is::Integer, "When, in seconds since 1970."),
        Input::new("commit_message", Is::Text, "Its message."),
        Input::new("commit_sha", Is::Text, "Its hash.").required(),
        Input::new("short_sha", Is::Text, "The beginning of its hash."),
    ],
};
