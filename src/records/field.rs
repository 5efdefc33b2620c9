//! What a column is: its kind, who may write it, how it is shown and exported. Data only.

/// The kind of value a column holds; decides SQL type, JSON Schema, typing and check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A UUID that names nothing in particular (the row's own id, an interned grant).
    Uuid,
    /// A string of 1 to 128 characters, outer blanks stripped.
    Name,
    Text,
    Integer,
    Number,
    Boolean,
    /// ISO 8601 with microseconds and offset.
    Timestamp,
    /// Any JSON value.
    Json,
    /// A JSON Schema (2020-12), checked when written; or null.
    JsonSchema,
    /// Raw bytes, shown as base64; large content is a blob.
    Bytes,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// The id of a record of this type (upper-case name), or of any type for `"*"`.
    Reference(&'static str),
    /// A list of strings.
    TextList,
}

/// What a text, a list of texts or JSON looks like, where its kind does not say enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Any,
    /// A text: scheme, `://`, and what follows.
    Url,
    /// A text: `#` and six hex digits.
    Color,
    /// Each text of a list: a host name, or `*.` and a domain, in lower case; maybe with a port.
    Host,
    /// A text: the upper-case name of a record type.
    RecordType,
    /// JSON: an object.
    Object,
    /// JSON: a list.
    List,
}

/// Who may write a column, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Only the system.
    System,
    /// Given at creation, fixed afterwards.
    Create,
    /// At creation and later.
    Always,
}

/// On which way a column travels in export documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Both,
    Import,
    Export,
    Neither,
}

/// Where a column's value lives and who sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A column, readable.
    Column,
    /// A column that no API shows (engine bookkeeping).
    Hidden,
    /// A write-only column; readers see `has_<name>: bool`.
    Sealed,
    /// No column: computed when read.
    Computed,
    /// No column: looked up or acted on when written, never read back.
    Input,
}

/// One column of a record type.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    /// One or two sentences for JSON Schemas, typings and docs: meaning, unit, default.
    pub doc: &'static str,
    pub write: Write,
    pub storage: Storage,
    pub export: Export,
    /// Must be given at creation.
    pub required: bool,
    /// May be null.
    pub nullable: bool,
    /// A number that must be above 0.
    pub is_positive: bool,
    pub form: Form,
    /// JSON text of the value when none is given.
    pub default: Option<&'static str>,
}

impl Field {
    /// A nullable column that callers may write at any time and that is exported both ways.
    pub const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Field {
        Field {
            name,
            kind,
            doc,
            write: Write::Always,
            storage: Storage::Column,
            export: Export::Both,
            required: false,
            nullable: true,
            is_positive: false,
            form: Form::Any,
            default: None,
        }
    }

    /// Must be given at creation; never null.
    #[must_use]
    pub const fn required(mut self) -> Field {
        self.required = true;
        self.nullable = false;
        self
    }

    /// Never null, though a caller need not give it: the system fills it in.
    #[must_use]
    pub const fn present(mut self) -> Field {
        self.nullable = false;
        self
    }

    /// Never null; `json` is the value when none is given.
    #[must_use]
    pub const fn default(mut self, json: &'static str) -> Field {
        self.default = Some(json);
        self.nullable = false;
        self
    }

    /// A number above 0.
    #[must_use]
    pub const fn positive(mut self) -> Field {
        self.is_positive = true;
        self
    }

    /// Looks like this.
    #[must_use]
    pub const fn form(mut self, form: Form) -> Field {
        self.form = form;
        self
    }

    /// Written by the system alone; exported, not imported.
    #[must_use]
    pub const fn system(mut self) -> Field {
        self.write = Write::System;
        self.export = Export::Export;
        self
    }

    /// Fixed once created.
    #[must_use]
    pub const fn fixed(mut self) -> Field {
        self.write = Write::Create;
        self
    }

    /// In the table, in no answer.
    #[must_use]
    pub const fn hidden(mut self) -> Field {
        self.write = Write::System;
        self.storage = Storage::Hidden;
        self.export = Export::Neither;
        self
    }

    /// Write-only.
    #[must_use]
    pub const fn sealed(mut self) -> Field {
        self.storage = Storage::Sealed;
        self.export = Export::Neither;
        self
    }

    /// Computed when read.
    #[must_use]
    pub const fn computed(mut self) -> Field {
        self.write = Write::System;
        self.storage = Storage::Computed;
        self.export = Export::Neither;
        self
    }

    /// Accepted on write, acted on, not stored under this name.
    #[must_use]
    pub const fn input(mut self) -> Field {
        self.storage = Storage::Input;
        self.export = Export::Import;
        self
    }

    #[must_use]
    pub const fn export(mut self, export: Export) -> Field {
        self.export = export;
        self
    }

    /// Whether the table has a column of this name.
    pub const fn has_column(&self) -> bool {
        matches!(self.storage, Storage::Column | Storage::Hidden | Storage::Sealed)
    }

    /// Whether an answer may show it under its own name.
    pub const fn is_readable(&self) -> bool {
        matches!(self.storage, Storage::Column | Storage::Computed)
    }
}
