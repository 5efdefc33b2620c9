//! The one error type: a kind that decides what each door answers, a sentence for people, a place in the input.

use std::error::Error as StdError;
use std::fmt;

use serde_json::Value;

/// What went wrong, as far as a caller can act on it. Each door maps it with one exhaustive `match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request could not be read at all (broken JSON, unknown parameter).
    Malformed,
    /// It was read, but a value in it is not allowed.
    Invalid,
    /// A value breaks a JSON Schema that an author wrote.
    SchemaViolation,
    /// Nobody is logged in, or the key is wrong, expired or revoked.
    Unauthenticated,
    /// The actor may see the thing but not do this to it.
    Forbidden,
    /// It does not exist, or the actor may not know that it does.
    NotFound,
    /// It clashes with what is there (a taken name, another request with the same idempotency key).
    Conflict,
    /// The record was changed since the caller read it.
    PreconditionFailed,
    /// Larger than a limit.
    TooLarge,
    /// A body of a type that this place does not read.
    UnsupportedMedia,
    /// Too many tries; `details.retry_after` has the seconds to wait.
    Throttled,
    /// Not now: starting, draining, or a dependency is away.
    Unavailable,
    /// A wait passed its time limit.
    Timeout,
    /// A fault of ours. The message is for the log; doors say "internal error" and the request id.
    Internal,
}

impl Kind {
    /// The stable machine name, as it stands in `code` of an answer.
    pub const fn code(self) -> &'static str {
        match self {
            Kind::Malformed => "malformed",
            Kind::Invalid => "invalid",
            Kind::SchemaViolation => "schema_violation",
            Kind::Unauthenticated => "unauthenticated",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "not_found",
            Kind::Conflict => "conflict",
            Kind::PreconditionFailed => "precondition_failed",
            Kind::TooLarge => "too_large",
            Kind::UnsupportedMedia => "unsupported_media",
            Kind::Throttled => "throttled",
            Kind::Unavailable => "unavailable",
            Kind::Timeout => "timeout",
            Kind::Internal => "internal",
        }
    }
}

/// An error with everything a door needs to answer well.
#[derive(Debug)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    field: Option<String>,
    details: Option<Value>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A new error. `message` is a full sentence: what was wrong, and what would be right.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { inner: Box::new(Inner { kind, message: message.into(), field: None, details: None, source: None }) }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Error::new(Kind::Invalid, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Error::new(Kind::NotFound, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Error::new(Kind::Conflict, message)
    }

    /// A fault of ours; `message` goes to the log only.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::new(Kind::Internal, message)
    }

    /// The place in the input, as a JSON pointer (`/input_schema/type`).
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>) -> Self {
        self.inner.field = Some(pointer.into());
        self
    }

    /// Machine-readable extras: near names, every schema breach, seconds to wait.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.inner.details = Some(details);
        self
    }

    /// The fault underneath, for the log.
    #[must_use]
    pub fn source_error(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.inner.source = Some(Box::new(source));
        self
    }

    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    pub fn message(&self) -> &str {
        &self.inner.message
    }

    pub fn field_pointer(&self) -> Option<&str> {
        self.inner.field.as_deref()
    }

    pub fn detail_value(&self) -> Option<&Value> {
        self.inner.details.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        if let Some(source) = &self.inner.source {
            write!(f, " ({source})")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.as_deref().map(|s| s as &(dyn StdError + 'static))
    }
}

/// Up to five names near `wanted`, best first, for "did you mean".
pub fn near_names<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(5).map(|(_, name)| name).collect()
}

/// `" Did you mean 'x'?"`, or nothing when no name is near.
pub fn did_you_mean<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    near_names(wanted, names).first().map(|name| format!(" Did you mean '{name}'?")).unwrap_or_default()
}
