//! What connections can be of: every connector type with its inputs and output, declared once as data.
//!
//! JSON Schemas, the check of stored values and the words of `CONNECTOR.connector_type` are loops over [`TYPES`].
//! A new type is a `static` in one of the files below and a line in that list.

mod cloud;
mod directory;
mod git;
mod mail;
mod model;
mod queue;
mod rest;
pub mod schema;
mod shell;
mod soap;
mod sql;
mod storage;

/// A type of connection as data.
#[derive(Debug)]
pub struct Connector {
    /// Upper-case name: `REST`.
    pub name: &'static str,
    /// What it connects to, in one or two sentences.
    pub doc: &'static str,
    /// Its inputs, in groups that types share.
    pub inputs: &'static [&'static [Input]],
    /// What must hold between inputs.
    pub rules: &'static [Rule],
    /// What its executions have as `output_value`.
    pub output: &'static [Input],
}

impl Connector {
    /// Every input, in the order of schemas and forms.
    pub fn every_input(&self) -> impl Iterator<Item = &'static Input> + use<> {
        let groups = self.inputs;
        groups.iter().copied().flatten()
    }
}

/// One input of a connection, or one part of an output.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    pub name: &'static str,
    pub is: Is,
    /// One or two sentences: meaning, unit, default.
    pub doc: &'static str,
    pub required: bool,
    /// JSON text of the value when none is given.
    pub default: Option<&'static str>,
    /// Whether forms hide what is typed, and it is best kept as a SECRET.
    pub is_secret: bool,
}

impl Input {
    pub const fn new(name: &'static str, is: Is, doc: &'static str) -> Input {
        Input { name, is, doc, required: false, default: None, is_secret: false }
    }

    /// A connection cannot be made without it.
    #[must_use]
    pub const fn required(mut self) -> Input {
        self.required = true;
        self
    }

    /// `json` is the value when none is given.
    #[must_use]
    pub const fn default(mut self, json: &'static str) -> Input {
        self.default = Some(json);
        self
    }

    /// Best given as `secret(<name>)`.
    #[must_use]
    pub const fn secret(mut self) -> Input {
        self.is_secret = true;
        self
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum Is {
    Any,
    Text,
    Integer,
    Number,
    Boolean,
    /// Seconds above 0.
    Seconds,
    /// A TCP port.
    Port,
    Object,
    List,
    /// A list of texts.
    Texts,
    /// A text, or a list of texts.
    TextOrTexts,
    /// A list of whole numbers.
    Integers,
    /// Texts by name: headers, cookies, variables.
    TextByName,
    /// Texts, numbers, truth values or lists of them by name: query parameters, form fields.
    ScalarByName,
    /// One of these words.
    Word(&'static [&'static str]),
    /// An object of these, and of nothing else.
    Of(&'static [Input]),
    /// A list of objects of these.
    ListOf(&'static [Input]),
}

/// What must hold between inputs; stored values need not keep it, since the call may give the rest.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At least one of these.
    Any(&'static [&'static str]),
    /// Exactly one of these.
    One(&'static [&'static str]),
    /// At most one of these.
    Most(&'static [&'static str]),
    /// The first only together with the second.
    With(&'static str, &'static str),
}

/// Every connector type, by name.
pub static TYPES: &[&Connector] = &[
    &cloud::AWS,
    &cloud::AZURE,
    &model::AZUREAI,
    &storage::FTP,
    &git::GIT,
    &cloud::GOOGLE,
    &mail::IMAP,
    &cloud::K8S,
    &directory::LDAP,
    &model::MCP,
    &cloud::MSTEAMS,
    &sql::MYSQL,
    &model::OPENAI,
    &shell::PS,
    &queue::REDIS,
    &rest::REST,
    &storage::S3,
    &shell::SCP,
    &shell::SFTP,
    &storage::SMB,
    &mail::SMTP,
    &soap::SOAP,
    &sql::SQLITE,
    &sql::SQLMSSQL,
    &sql::SQLORACLE,
    &sql::SQLPG,
    &shell::SSH,
    &directory::VAULT,
    &storage::WEBDAV,
    &soap::XMLRPC,
];

/// The names of [`TYPES`].
pub static NAMES: [&str; 30] = names();

const fn names() -> [&'static str; 30] {
    let mut out = [""; 30];
    let mut at = 0;
    while at < out.len() {
        out[at] = TYPES[at].name;
        at += 1;
    }
    out
}

/// The type of this name.
pub fn find(name: &str) -> Option<&'static Connector> {
    TYPES.iter().copied().find(|connector| connector.name == name)
}

/// How long things may take; settable for every type that goes over a network.
const TIMES: &[Input] = &[
    Input::new("connect_timeout", Is::Seconds, "Seconds until a connection that does not come about is given up. Default 10.")
        .default("10"),
    Input::new("timeout", Is::Seconds, "Seconds that the whole may take. Default 300.").default("300"),
];

/// How a server's certificate is checked.
const TLS: &[Input] = &[
    Input::new("verify_ssl", Is::Boolean, "Whether the server's certificate must be valid. Default true.").default("true"),
    Input::new("cacert", Is::Text, "Certificates of the authorities that are trusted, as PEM. Default: those of the system."),
    Input::new(
        "client_cert",
        Is::Of(&[
            Input::new("cert", Is::Text, "The certificate, as PEM.").required(),
            Input::new("key", Is::Text, "Its private key, as PEM.").required().secret(),
        ]),
        "The certificate that the server is shown.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted_and_their_words_are_sentences() {
        assert!(TYPES.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(NAMES.len(), TYPES.len());
        for connector in TYPES {
            assert!(connector.doc.ends_with('.'), "{}", connector.name);
            for input in connector.every_input().chain(connector.output) {
                assert!(input.doc.ends_with('.'), "{} {}", connector.name, input.name);
                assert_eq!(input.default.is_some(), input.doc.contains("Default") && input.default.is_some(), "{}", input.name);
            }
        }
    }

    #[test]
    fn no_input_is_there_twice_and_rules_name_inputs() {
        for connector in TYPES {
            let names: Vec<_> = connector.every_input().map(|input| input.name).collect();
            let unique: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(unique.len(), names.len(), "{}: {names:?}", connector.name);
            for rule in connector.rules {
                let named = match rule {
                    Rule::Any(of) | Rule::One(of) | Rule::Most(of) => of.to_vec(),
                    Rule::With(one, other) => vec![*one, *other],
                };
                assert!(named.iter().all(|name| names.contains(name)), "{}: {rule:?}", connector.name);
            }
        }
    }
}
