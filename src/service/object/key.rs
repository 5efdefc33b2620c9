//! Keys of unique attributes: one row for each value in use, so that a second one is found without a search.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::attribute::Attribute;
use crate::error::{Error, Result};
use crate::store::{Row, Tx, Write};

const TABLE: &str = "custom_object_key";

/// Takes the keys of an object's values, and gives back those it had before.
pub(super) async fn take(tx: &mut Tx, (object, attributes): (Uuid, &[Attribute]), values: &Map<String, Value>) -> Result<()> {
    forget(tx, object).await?;
    for attribute in attributes.iter().filter(|a| a.is_unique) {
        insert(tx, attribute, (object, values.get(&attribute.name).unwrap_or(&Value::Null))).await?;
    }
    Ok(())
}

/// Gives back the keys of an object that is deleted.
pub(in super::super) async fn forget(tx: &mut Tx, object: Uuid) -> Result<()> {
    let row = Row::from([("object_id", json!(object.to_string()))]);
    tx.apply(&[Write::Delete { table: TABLE, key: &["object_id"], row }]).await
}

/// Gives back the keys of an attribute.
pub(super) async fn drop_attribute(tx: &mut Tx, attribute: Uuid) -> Result<()> {
    let row = Row::from([("attribute_id", json!(attribute.to_string()))]);
    tx.apply(&[Write::Delete { table: TABLE, key: &["attribute_id"], row }]).await
}

/// Takes the keys of all these values of an attribute anew.
pub(super) async fn rebuild(tx: &mut Tx, attribute: &Attribute, values: &[(Uuid, Value)]) -> Result<()> {
    drop_attribute(tx, attribute.id).await?;
    if attribute.is_unique {
        for (object, value) in values {
            insert(tx, attribute, (*object, value)).await?;
        }
    }
    Ok(())
}

async fn insert(tx: &mut Tx, attribute: &Attribute, (object, value): (Uuid, &Value)) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    // 3 and 3.0 are one number.
    let text = value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string());
    let key = blake3::hash(format!("{} {text}", attribute.id).as_bytes()).to_hex().to_string();
    if tx.aside(TABLE, &["object_id"], ("key", &key)).await?.is_some() {
        let text = format!("Another object has this value of '{}', which is unique.", attribute.name);
        return Err(Error::conflict(text).field(super::place(&attribute.name)));
    }
    let row = Row::from([("key", json!(key)), ("object_id", json!(object.to_string())), ("attribute_id", json!(attribute.id.to_string()))]);
    tx.apply(&[Write::Insert { table: TABLE, key: &["key"], row }]).await
}
