//! The list of every record type, and the columns that families share.

use super::{Family, Field, RecordType};

/// Every record type. One file and one line each.
pub static TYPES: &[&RecordType] = &[];

/// The columns a type has by its family, before its own.
pub(super) fn family_fields(record_type: &RecordType) -> std::slice::Iter<'static, Field> {
    match record_type.family {
        Family::Resource | Family::Activity | Family::Subrecord { .. } => [].iter(),
    }
}
