//! MESSAGE: a question to people, and their answer.

use crate::records::{Family, Field, Kind, RecordType};

/// How answers come in.
pub const SUBMITTED_VIA: &[&str] = &["rest", "mcp", "dialog", "page", "link"];

pub static TYPE: RecordType = RecordType {
    name: "MESSAGE",
    singular: "message",
    plural: "messages",
    family: Family::Activity,
    doc: "A question to people, as a text or a form, and their answer. An execution can wait for it.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("subject", Kind::Text, "What it is about, in one line."),
        Field::new("message", Kind::Text, "The text, as Markdown."),
        Field::new("body", Kind::JsonSchema, "The form: a JSON Schema (2020-12) of an object, which the answer must keep."),
        Field::new(
            "request",
            Kind::Text,
            "In place of a form: what the one line of text is called that is asked for. The answer has it as `string`.",
        ),
        Field::new("message_type", Kind::Enum(&["POPUP"]), "`POPUP` opens in the reader's face; null waits in the list of messages."),
        Field::new(
            "needs_login",
            Kind::Boolean,
            "Whether only somebody who has logged in may answer: no API key, no agent, no link. Default false.",
        )
        .default("false")
        .fixed(),
        Field::new("execution_id", Kind::Reference("EXECUTION"), "The execution that asks.").fixed(),
        Field::new("response", Kind::Json, "The answer; null before there is one.").system(),
        Field::new("is_submitted", Kind::Boolean, "Whether it was answered.").default("false").system(),
        Field::new("submitted_by", Kind::Reference("*"), "Who answered it; null where that is not known, as with a link.").system(),
        Field::new(
            "submitted_via",
            Kind::Enum(SUBMITTED_VIA),
            "How the answer came in: over REST, from an agent, in a dialog that an agent's program showed, by the page of the form, or by its link.",
        )
        .system(),
        Field::new("submitted_at", Kind::Timestamp, "When it was answered.").system(),
    ],
};
