//! Directories of people and of secrets.

use super::{Connector, Input, Is, TIMES, TLS};

pub(super) static LDAP: Connector = Connector {
    name: "LDAP",
    doc: "One operation on a directory.",
    inputs: &[
        &[
            Input::new("url", Is::Text, "The server, such as `ldaps://directory.example.org`.").required(),
            Input::new("bind_dn", Is::Text, "Who asks; nobody in particular unless given."),
            Input::new("bind_password", Is::Text, "The password that goes with it.").secret(),
            Input::new("command", Is::Word(&["search", "add", "modify", "delete"]), "What to do. Default `search`.").default("\"search\""),
            Input::new("dn", Is::Text, "The entry to add, modify or delete."),
            Input::new("base_dn", Is::Text, "For `search`: below which entry."),
            Input::new("scope", Is::Word(&["base", "one", "sub"]), "For `search`: how deep. Default `sub`.").default("\"sub\""),
            Input::new("filter", Is::Text, "For `search`: which entries. Default `(objectClass=*)`.").default("\"(objectClass=*)\""),
            Input::new("attributes", Is::Any, "For `search` the list of attributes wanted; for the others, lists of values by attribute."),
        ],
        TIMES,
        TLS,
    ],
    rules: &[],
    output: &[Input::new("result", Is::Any, "Of `search` the entries, each with `dn` and `attributes`.").required()],
};

pub(super) static VAULT: Connector = Connector {
    name: "VAULT",
    doc: "A secret in a HashiCorp Vault, read or written.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The address of the server.").required(),
            Input::new("secret_path", Is::Text, "The path of the secret, its engine included.").required(),
            Input::new("token", Is::Text, "The token of the login.").required().secret(),
            Input::new("data", Is::Object, "What to write; without it the secret is read."),
            Input::new("version", Is::Integer, "Which version to read; the latest unless given."),
            Input::new(
                "mode",
                Is::Word(&["read", "write", "list", "delete", "delete_metadata", "destroy"]),
                "What to do; told from `data` unless given.",
            ),
        ],
        TIMES,
        TLS,
    ],
    rules: &[],
    output: &[Input::new("result", Is::Any, "What the server answers; of a secret its keys and values.").required()],
};
