//! A mail as it is sent: checked, with an id of its own, and written as MIME.

use bytes::Bytes;
use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body as Encoded, Mailbox, Mailboxes, Message, MultiPart, SinglePart};
use lettre::{Address, error::Error as MailError};
use serde::Deserialize;
use uuid::Uuid;

use super::super::http::wrong;
use crate::error::{Error, Result};

/// Bytes that all attachments of a mail have at most. No server takes more, and a mail is in memory as a whole.
pub(super) const ATTACHED_LIMIT: u64 = 32 << 20;
/// Headers that follow from other inputs.
const OURS: [&str; 10] =
    ["from", "to", "cc", "bcc", "subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding"];

/// One address, several with commas between them, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Addresses {
    One(String),
    Several(Vec<String>),
}

impl Addresses {
    fn read(&self, field: &str) -> Result<Vec<Mailbox>> {
        let texts = match self {
            Addresses::One(text) => std::slice::from_ref(text),
            Addresses::Several(texts) => texts.as_slice(),
        };
        let mut all = Vec::new();
        for text in texts {
            let found: Mailboxes = text.trim().trim_end_matches(',').parse().map_err(|_| no_address(field, text))?;
            all.extend(found);
        }
        Ok(all)
    }
}

fn no_address(field: &str, text: &str) -> Error {
    wrong(field, format!("'{text}' in '{field}' is no address; one is 'me@example.org' or 'My name <me@example.org>'."))
}

/// What a mail is made of.
pub(super) struct Parts<'a> {
    pub from: &'a str,
    pub to: &'a Addresses,
    pub cc: Option<&'a Addresses>,
    pub bcc: Option<&'a Addresses>,
    pub subject: &'a str,
    pub text: Option<&'a str>,
    pub html: Option<&'a str>,
    pub headers: Vec<(&'a str, &'a str)>,
}

/// A mail, ready to be sent.
pub(super) struct Letter {
    /// With its angle brackets.
    pub id: String,
    pub from: Address,
    /// Each once.
    pub recipients: Vec<Address>,
    pub content: Vec<u8>,
}

impl Letter {
    /// Whether an address has letters that old servers do not know.
    pub fn needs_utf8(&self) -> bool {
        self.recipients.iter().chain([&self.from]).any(|address| !AsRef::<str>::as_ref(address).is_ascii())
    }
}

impl Parts<'_> {
    /// Puts it together with these attachments, names and contents.
    pub fn write(&self, files: Vec<(String, Bytes)>, now: Timestamp) -> Result<Letter> {
        let from: Mailbox = self.from.trim().parse().map_err(|_| no_address("from", self.from))?;
        let (to, cc) = (self.to.read("to")?, self.cc.map_or(Ok(Vec::new()), |cc| cc.read("cc"))?);
        let bcc = self.bcc.map_or(Ok(Vec::new()), |bcc| bcc.read("bcc"))?;
        let id = format!("<{}@{}>", Uuid::now_v7(), from.email.domain());
        let mut recipients: Vec<Address> = Vec::new();
        for mailbox in to.iter().chain(&cc).chain(&bcc) {
            if !recipients.contains(&mailbox.email) {
                recipients.push(mailbox.email.clone());
            }
        }
        if recipients.is_empty() {
            return Err(wrong("to", "'to' names nobody; a mail needs a recipient.".to_owned()));
        }
        single_line("subject", self.subject)?;
        let mut builder = Message::builder().from(from.clone()).subject(self.subject).date(now.into()).message_id(Some(id.clone()));
        for mailbox in to {
            builder = builder.to(mailbox);
        }
        for mailbox in cc {
            builder = builder.cc(mailbox);
        }
        for (name, value) in &self.headers {
            builder = builder.raw_header(header(name, value)?);
        }
        // Who gets it is said to the server, not in the mail: the builder would want to know it from the headers.
        let envelope = lettre::address::Envelope::new(Some(from.email.clone()), recipients.clone()).map_err(|error| unwritten(&error))?;
        builder = builder.envelope(envelope);
        let message = match (self.body(), files) {
            (Body::One(part), files) if files.is_empty() => builder.singlepart(part),
            (Body::Two(parts), files) if files.is_empty() => builder.multipart(parts),
            (body, files) => {
                let mixed = match body {
                    Body::One(part) => MultiPart::mixed().singlepart(part),
                    Body::Two(parts) => MultiPart::mixed().multipart(parts),
                };
                let bytes: ContentType = ContentType::parse("application/octet-stream").map_err(|error| unwritten(&error))?;
                let mut all = mixed;
                for (name, content) in files {
                    // As it is: what looks like text may not be.
                    let content = Encoded::new_with_encoding(content.to_vec(), ContentTransferEncoding::Base64);
                    let content = content.map_err(|_| Error::internal("an attachment cannot be encoded"))?;
                    all = all.singlepart(Attachment::new(name).body(content, bytes.clone()));
                }
                builder.multipart(all)
            }
        };
        let message = message.map_err(|error: MailError| unwritten(&error))?;
        Ok(Letter { id, from: from.email, recipients, content: message.formatted() })
    }

    fn body(&self) -> Body {
        match (self.text, self.html) {
            (Some(text), Some(html)) => Body::Two(MultiPart::alternative_plain_html(text.to_owned(), html.to_owned())),
            (None, Some(html)) => Body::One(SinglePart::html(html.to_owned())),
            (text, None) => Body::One(SinglePart::plain(text.unwrap_or_default().to_owned())),
        }
    }
}

enum Body {
    One(SinglePart),
    Two(MultiPart),
}

fn unwritten(error: &dyn std::fmt::Display) -> Error {
    Error::invalid(format!("The mail cannot be written: {error}."))
}

/// A line break would begin another header.
fn single_line(field: &str, text: &str) -> Result<()> {
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(wrong(field, format!("'{field}' has a line break or another control character in it; it is one line.")));
    }
    Ok(())
}

fn header(name: &str, value: &str) -> Result<HeaderValue> {
    if OURS.contains(&name.trim().to_ascii_lowercase().as_str()) {
        return Err(wrong("headers", format!("The header '{name}' follows from the other inputs; it is not one of 'headers'.")));
    }
    single_line("headers", value)?;
    let known = HeaderName::new_from_ascii(name.trim().to_owned());
    let known = known.map_err(|_| wrong("headers", format!("'{name}' in 'headers' is no name of a header.")))?;
    Ok(HeaderValue::new(known, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(to: &'a Addresses, headers: Vec<(&'a str, &'a str)>) -> Parts<'a> {
        Parts { from: "Me <me@example.org>", to, cc: None, bcc: None, subject: "Gr\u{fc}\u{df}e", text: Some("hello"), html: None, headers }
    }

    #[test]
    fn a_mail_names_everybody_once_and_hides_who_is_hidden() {
        let to = Addresses::One("You <you@example.org>, she@example.org".to_owned());
        let hidden = Addresses::Several(vec!["they@example.org".to_owned(), "you@example.org".to_owned()]);
        let parts = Parts { bcc: Some(&hidden), html: Some("<b>hello</b>"), ..parts(&to, vec![("X-Kind", "news")]) };
        let letter = parts.write(vec![("a.txt".to_owned(), Bytes::from_static(b"\0attached"))], Timestamp::UNIX_EPOCH).unwrap();
        let named: Vec<String> = letter.recipients.iter().map(ToString::to_string).collect();
        assert_eq!(named, ["you@example.org", "she@example.org", "they@example.org"]);
        let text = String::from_utf8(letter.content.clone()).unwrap();
        assert!(!text.contains("they@") && !text.contains("Bcc"), "{text}");
        for part in ["X-Kind: news", "text/html", "text/plain", "a.txt", "Date: Thu, 01 Jan 1970", &format!("Message-ID: {}", letter.id)] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!letter.needs_utf8());
    }

    #[test]
    fn what_would_be_another_header_or_no_address_is_refused() {
        let to = Addresses::One("you@example.org".to_owned());
        for (headers, word) in [
            (vec![("X-A", "b\r\nBcc: x@example.org")], "line break"),
            (vec![("bcc", "x@example.org")], "'bcc'"),
            (vec![("X A", "b")], "'X A'"),
        ] {
            let error = parts(&to, headers).write(Vec::new(), Timestamp::UNIX_EPOCH).err().unwrap_or_else(|| panic!("{word} was taken"));
            assert!(error.message().contains(word), "{error}");
        }
        for text in ["nobody", "a@b@c", "", "you@example.org\r\nX: y"] {
            let to = Addresses::One(text.to_owned());
            let error = parts(&to, Vec::new()).write(Vec::new(), Timestamp::UNIX_EPOCH).err().unwrap_or_else(|| panic!("{text} was taken"));
            assert!(error.message().contains("'to'"), "{error}");
        }
    }
}
