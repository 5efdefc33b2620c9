//! Mail: sending and reading.

use super::{Connector, Input, Is, Rule, TIMES, TLS};

pub(super) static SMTP: Connector = Connector {
    name: "SMTP",
    doc: "A mail, handed to a mail server.",
    inputs: &[
        &[
            Input::new("smtp_host", Is::Text, "The mail server.").required(),
            Input::new("smtp_port", Is::Port, "Default 25.").default("25"),
            Input::new("use_tls", Is::Boolean, "Whether the connection must be encrypted. Default true.").default("true"),
            Input::new(
                "tls_mode",
                Is::Word(&["starttls", "implicit"]),
                "How it is encrypted: after a plain beginning, or from the first byte. Default `implicit` at port 465, else `starttls`.",
            ),
            Input::new("login", Is::Text, "The name of the login."),
            Input::new("password", Is::Text, "Of the login.").secret(),
            Input::new("from", Is::Text, "Who it is from.").required(),
            Input::new("to", Is::TextOrTexts, "Who it goes to: a list, or one text with commas.").required(),
            Input::new("cc", Is::TextOrTexts, "Who gets a copy."),
            Input::new("bcc", Is::TextOrTexts, "Who gets a copy that the others do not see."),
            Input::new("subject", Is::Text, "Its subject.").required(),
            Input::new("text", Is::Text, "Its content as text."),
            Input::new("html", Is::Text, "Its content as HTML."),
            Input::new("attachments", Is::Texts, "The names of the FILE records that go with it."),
            Input::new("headers", Is::TextByName, "More headers."),
        ],
        TIMES,
        TLS,
    ],
    rules: &[Rule::Any(&["text", "html"]), Rule::With("password", "login")],
    output: &[
        Input::new("message_id", Is::Text, "The id that the mail was sent under.").required(),
        Input::new("accepted", Is::Texts, "The recipients that the server took it for.").required(),
        Input::new("refused", Is::TextByName, "The others, and why."),
    ],
};

pub(super) static IMAP: Connector = Connector {
    name: "IMAP",
    doc: "A look into a mailbox.",
    inputs: &[
        &[
            Input::new("host", Is::Text, "The mail server.").required(),
            Input::new("port", Is::Port, "Default 993.").default("993"),
            Input::new("use_tls", Is::Boolean, "Whether the connection must be encrypted. Default true.").default("true"),
            Input::new("login", Is::Text, "The name of the login.").required(),
            Input::new("password", Is::Text, "Of the login.").required().secret(),
            Input::new(
                "command",
                Is::Word(&[
                    "capabilities",
                    "list_folders",
                    "folder_info",
                    "search",
                    "fetch",
                    "add_flags",
                    "get_flags",
                    "remove_flags",
                    "set_flags",
                ]),
                "What to do.",
            )
            .required(),
            Input::new("folder", Is::Text, "In which folder. Default `INBOX`.").default("\"INBOX\""),
            Input::new("criteria", Is::TextOrTexts, "For `search`: which mails, as IMAP writes it."),
            Input::new("message_set", Is::Any, "Which mails, by number: one, a list, or a text such as `1:5`."),
            Input::new("flags", Is::Texts, "The flags to add, remove or set."),
            Input::new("store_attachments", Is::Boolean, "For `fetch`: whether attachments become FILE records. Default false.")
                .default("false"),
        ],
        TIMES,
    ],
    rules: &[],
    output: &[Input::new("result", Is::Any, "What the command answers.").required()],
};
