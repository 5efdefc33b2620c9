//! Attributes of object templates, and what a change of one means for the objects that are there.

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::record_write::Call;
use super::super::row::id_of;
use super::{key, known, objects, value};
use crate::error::{Error, Result};
use crate::records::RecordType;
use crate::store::{Row, Tx, Write};

/// An OBJECT_TEMPLATE_ATTRIBUTE row as values are checked against it.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) datatype: String,
    pub(super) is_nullable: bool,
    pub(super) is_unique: bool,
    pub(super) silent_update: bool,
    record_type: Option<String>,
    /// The template of the objects it refers to.
    pub(super) template: Option<Uuid>,
}

impl Attribute {
    pub(super) fn of(row: &Row) -> Attribute {
        let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
        Attribute {
            id: id_of(row),
            name: text("name"),
            datatype: text("datatype"),
            is_nullable: row.flag("is_nullable"),
            is_unique: row.flag("is_unique"),
            silent_update: row.flag("silent_update"),
            record_type: row.text("reference_record_type").map(str::to_owned),
            template: row.uuid("reference_object_template_id"),
        }
    }

    /// The id that a value of it refers to.
    pub(super) fn refers(&self, value: &Value) -> Option<Uuid> {
        let is_reference = matches!(self.datatype.as_str(), "RECORD_REFERENCE" | "OBJECT_TEMPLATE_REFERENCE");
        value.as_str().filter(|_| is_reference).and_then(|text| text.parse().ok())
    }

    /// The type of what it refers to; `None` for any.
    pub(super) fn target(&self) -> Option<&'static RecordType> {
        match self.datatype.as_str() {
            "OBJECT_TEMPLATE_REFERENCE" => known("CUSTOM_OBJECT"),
            _ => self.record_type.as_deref().and_then(known),
        }
    }

    #[cfg(test)]
    pub(super) fn sample(datatype: &str) -> Attribute {
        Attribute {
            id: Uuid::nil(),
            name: "x".to_owned(),
            datatype: datatype.to_owned(),
            is_nullable: true,
            is_unique: false,
            silent_update: false,
            record_type: None,
            template: None,
        }
    }
}

/// A new or changed attribute, given the row before and after: the objects there are must keep it.
pub(in super::super) async fn check(tx: &mut Tx, call: &Call, (before, after): (Option<&Row>, &Row)) -> Result<()> {
    let Some(template) = after.uuid("object_template_id") else { return Ok(()) };
    let attribute = Attribute::of(after);
    let objects = objects(tx, template).await?;
    let old_name = before.and_then(|row| row.text("name")).unwrap_or(&attribute.name).to_owned();
    let is_renamed = old_name != attribute.name;
    let mut values = Vec::with_capacity(objects.len());
    for object in &objects {
        let value = object.json("value").and_then(|value| value.get(&old_name)).cloned().unwrap_or_default();
        let checked = value::check(&attribute, value, "/datatype").map_err(|e| misfit(object, "datatype", e.message()))?;
        if checked.is_null() && !attribute.is_nullable {
            return Err(misfit(object, "is_nullable", "It has no value."));
        }
        values.push((id_of(object), checked));
    }
    key::rebuild(tx, &attribute, &values).await.map_err(|e| e.field("/is_unique"))?;
    if is_renamed {
        for (object, (_, value)) in objects.iter().zip(values) {
            rewrite(tx, call, object, &old_name, Some((&attribute.name, value))).await?;
        }
    }
    Ok(())
}

/// An attribute that is deleted: its values go with it.
pub(in super::super) async fn gone(tx: &mut Tx, call: &Call, row: &Row) -> Result<()> {
    let attribute = Attribute::of(row);
    key::drop_attribute(tx, attribute.id).await?;
    let Some(template) = row.uuid("object_template_id") else { return Ok(()) };
    for object in objects(tx, template).await? {
        if object.json("value").is_some_and(|value| value.get(&attribute.name).is_some()) {
            rewrite(tx, call, &object, &attribute.name, None).await?;
        }
    }
    Ok(())
}

/// Takes a key out of an object's value, and puts another one in.
async fn rewrite(tx: &mut Tx, call: &Call, object: &Row, old: &str, new: Option<(&str, Value)>) -> Result<()> {
    let mut value = object.json("value").and_then(Value::as_object).cloned().unwrap_or_default();
    value.shift_remove(old);
    if let Some((name, content)) = new {
        value.insert(name.to_owned(), content);
    }
    let row = Row::from([
        ("id", json!(id_of(object).to_string())),
        ("version", json!(object.version() + 1)),
        ("value", Value::Object(value)),
        ("modified_at", json!(call.now)),
        ("modified_by", json!(call.actor.id().map(|id| id.to_string()))),
    ]);
    tx.apply(&[Write::Update { table: "custom_object", key: &["id"], row }]).await
}

fn misfit(object: &Row, column: &str, why: &str) -> Error {
    let name = object.text("name").unwrap_or_default();
    Error::conflict(format!("The object '{name}' does not keep this; change it first. {why}")).field(format!("/{column}"))
}
