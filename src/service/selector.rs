//! How a caller names a record: by id, or by name where names are unique.

use serde_json::{Value, json};
use uuid::Uuid;

use super::access::Access;
use super::handle::Service;
use super::scope::scope_of;
use crate::error::{Error, Result, near_names};
use crate::records::RecordType;
use crate::store::ListQuery;

/// Which record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    Id(Uuid),
    Name(String),
}

impl Selector {
    /// A UUID is taken as an id; anything else as a name, outer blanks stripped.
    pub fn parse(text: &str) -> Selector {
        Uuid::parse_str(text.trim()).map_or_else(|_| Selector::Name(text.trim().to_owned()), Selector::Id)
    }

    /// An id; text that is none names nothing.
    pub fn id(record_type: &RecordType, text: &str) -> Result<Selector> {
        Uuid::parse_str(text.trim()).map(Selector::Id).map_err(|_| {
            let hint = if record_type.is_named() { " To look it up by name, add by=name." } else { "" };
            Error::not_found(format!("There is no {} with the id '{text}': an id is a UUID.{hint}", record_type.singular))
        })
    }
}

impl Service {
    /// The error for a record that is not there, or out of sight: both read the same. Near names are offered among
    /// those that the actor may read.
    pub(super) async fn missing(&self, access: &Access, record_type: &'static RecordType, selector: &Selector) -> Error {
        match selector {
            Selector::Id(id) => Error::not_found(format!("There is no {} {id}.", record_type.singular)),
            Selector::Name(name) => {
                let text = format!("There is no {} named '{name}'.", record_type.singular);
                let query = ListQuery { fields: Some(vec!["id".into(), "name".into()]), limit: 1000, ..ListQuery::default() };
                let Ok(page) = self.store().row_list(record_type, &query, &scope_of(access, record_type)).await else {
                    return Error::not_found(text);
                };
                let near: Vec<Value> =
                    near_names(name, page.items.iter().filter_map(|row| row.text("name"))).into_iter().map(Value::from).collect();
                match near.first().and_then(Value::as_str) {
                    None => Error::not_found(text),
                    Some(first) => Error::not_found(format!("{text} Did you mean '{first}'?")).details(json!({ "near": near })),
                }
            }
        }
    }
}
