//! FILE: named bytes.

use crate::records::{Export, Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "FILE",
    singular: "file",
    plural: "files",
    family: Family::Resource,
    doc: "Named bytes. The name may contain slashes and then reads like a path.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("content", Kind::Bytes, "The content, as base64. Read it through `/file/{id}/content` or the helpers of flow_api.")
            .input()
            .export(Export::Both),
        Field::new("content_size_bytes", Kind::Integer, "The size of the content in bytes.").default("0").system(),
        Field::new("content_type", Kind::Text, "The media type. Default: guessed from the name, else `application/octet-stream`."),
        Field::new("sha256", Kind::Text, "SHA-256 of the content, 64 hex digits; null while it has none.").system(),
    ],
};
