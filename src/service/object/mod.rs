//! CUSTOM_OBJECT: values checked against the attributes of their OBJECT_TEMPLATE, and the flows that run around changes.

mod attribute;
mod hook;
mod key;
mod value;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::identity::record_type;
use super::record_write::Call;
use super::rights::Operation;
use super::row::{find, find_any, id_of, rows_where, subject};
use crate::error::{Error, Result, did_you_mean};
use crate::records;
use crate::store::{Row, Tx};
use attribute::Attribute;

pub(super) use attribute::{check as check_attribute, gone as attribute_gone};
pub(super) use hook::Hooks;
pub(super) use key::forget as forget_keys;

/// What an update of `value` means: the attributes given, over those there are.
pub(super) fn merged(row: &Row, given: &Value) -> Value {
    let mut value = row.json("value").and_then(Value::as_object).cloned().unwrap_or_default();
    value.extend(given.as_object().cloned().unwrap_or_default());
    Value::Object(value)
}

impl Call {
    /// Brings the value of an object into the form that is stored: every attribute of its template, each checked; and
    /// takes the keys of those that are unique. Answers the value.
    pub(super) async fn settle_object(&self, tx: &mut Tx, row: &Row) -> Result<Value> {
        let Some(template) = row.uuid("object_template_id") else { return Ok(Value::Null) };
        let attributes = attributes(tx, template).await?;
        let given = row.json("value").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(name) = given.keys().find(|name| !attributes.iter().any(|a| a.name == **name)) {
            let near = did_you_mean(name, attributes.iter().map(|a| a.name.as_str()));
            let text = format!("Objects of this template have no attribute '{name}'.{near}");
            return Err(Error::invalid(text).field(place(name)));
        }
        let mut whole = Map::new();
        for attribute in &attributes {
            let value = given.get(&attribute.name).cloned().unwrap_or_default();
            let value = value::check(attribute, value, &place(&attribute.name))?;
            if value.is_null() && !attribute.is_nullable {
                return Err(Error::invalid(format!("An object of this template needs '{}'.", attribute.name)).field(place(&attribute.name)));
            }
            self.object_reference(tx, attribute, &value).await?;
            whole.insert(attribute.name.clone(), value);
        }
        key::take(tx, (id_of(row), &attributes), &whole).await?;
        Ok(Value::Object(whole))
    }

    /// What a value refers to must be there for the actor, and of the type that the attribute asks for.
    async fn object_reference(&self, tx: &mut Tx, attribute: &Attribute, value: &Value) -> Result<()> {
        let Some(id) = attribute.refers(value) else { return Ok(()) };
        let what = attribute.target();
        let found = match what {
            Some(of) => find(tx, of, id).await?.map(|row| (of, row)),
            None => find_any(tx, id).await?,
        };
        let found = found.filter(|(of, row)| self.access.may(Operation::Read, &subject(of, row)));
        let is_right = |row: &Row| attribute.template.is_none_or(|template| row.uuid("object_template_id") == Some(template));
        if found.is_some_and(|(_, row)| is_right(&row)) {
            return Ok(());
        }
        let what = match attribute.template {
            Some(_) => "object of the template it refers to",
            None => what.map_or("record", |of| of.singular),
        };
        Err(Error::not_found(format!("'{}' names no {what}: there is none with the id {id}.", attribute.name))
            .field(place(&attribute.name)))
    }
}

/// The value of an object without what is no attribute of its template any more.
pub(super) async fn known_value(tx: &mut Tx, row: &Row) -> Result<Value> {
    let Some(template) = row.uuid("object_template_id") else { return Ok(Value::Null) };
    let attributes = attributes(tx, template).await?;
    let mut value = row.json("value").and_then(Value::as_object).cloned().unwrap_or_default();
    value.retain(|name, _| attributes.iter().any(|attribute| attribute.name == *name));
    Ok(Value::Object(value))
}

/// The attributes of a template, oldest first.
async fn attributes(tx: &mut Tx, template: Uuid) -> Result<Vec<Attribute>> {
    let of = record_type("OBJECT_TEMPLATE_ATTRIBUTE");
    let rows = rows_where(tx, of, "object_template_id", &template.to_string()).await?;
    Ok(rows.iter().map(Attribute::of).collect())
}

/// The live objects of a template.
async fn objects(tx: &mut Tx, template: Uuid) -> Result<Vec<Row>> {
    rows_where(tx, record_type("CUSTOM_OBJECT"), "object_template_id", &template.to_string()).await
}

fn place(name: &str) -> String {
    format!("/value/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn known(name: &str) -> Option<&'static records::RecordType> {
    records::find(name)
}
