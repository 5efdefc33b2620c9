//! What agents see of a flow's JSON Schemas: a projection that every client understands, and what makes one unfit to be listed.
//!
//! Clients and the model APIs behind them refuse much of JSON Schema, and one refused tool may cost all tools of a session.
//! So references are inlined, the root is an object without combinators, and keywords that are known to be refused are told in
//! words. Whatever the original accepts, the projection of an output accepts too, since clients check answers against it; for
//! inputs the original decides.

mod keyword;
mod lint;
mod project;
mod root;
mod sample;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::store::Row;
use project::Projector;

pub(super) use lint::{Warning, of_flow as lint};

/// The property that holds what is no object by itself.
pub const WRAPPER: &str = "result";
/// Longest listed schema, bytes of JSON: every agent pays for it in every session.
const LISTED_BYTES: usize = 30_000;

/// The arguments of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolInput {
    /// Root `type: object`.
    pub listed: Arc<Map<String, Value>>,
    /// The flow takes no object: its input is the argument [`WRAPPER`].
    pub is_wrapped: bool,
}

/// The structured content of a tool's result.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolOutput {
    /// Any root.
    pub bare: Arc<Map<String, Value>>,
    /// Root `type: object`, for who needs one: the value stands under [`WRAPPER`]. None when `bare` is one already.
    pub wrapped: Option<Arc<Map<String, Value>>>,
}

/// Both schemas of a FLOW row as a tool lists them. The error is a clause that says why they cannot be listed.
pub(super) fn of_flow(flow: &Row) -> Result<(ToolInput, Option<ToolOutput>), String> {
    let schema = |column: &str| flow.json(column).filter(|schema| !schema.is_null());
    let listed = input(schema("input_schema").unwrap_or(&Value::Null))?;
    Ok((listed, schema("output_schema").map(output).transpose()?))
}

/// The listed form of a flow's `input_schema`; null takes any object. The error is a clause that says why it cannot be listed.
fn input(schema: &Value) -> Result<ToolInput, String> {
    if schema == &Value::Bool(false) {
        return Err("its `input_schema` accepts no value at all".to_owned());
    }
    let mut projector = Projector::new(schema);
    let projected = if schema.is_null() { Map::new() } else { projector.node(schema, 0) };
    if let Some(name) = projector.odd_name {
        let shown: String = name.chars().take(80).collect();
        return Err(format!("its `input_schema` names a property '{shown}'; agents take 1 to 64 letters, digits, '_', '.' and '-'"));
    }
    let takes_objects = root::may_be_object(&projected);
    let listed = if takes_objects { root::object(projected) } else { wrapped(&projected) };
    fits(&listed, "input_schema")?;
    Ok(ToolInput { listed: Arc::new(listed), is_wrapped: !takes_objects })
}

/// The listed form of a flow's `output_schema`. The error is a clause that says why it cannot be listed.
fn output(schema: &Value) -> Result<ToolOutput, String> {
    if schema == &Value::Bool(false) {
        return Err("its `output_schema` accepts no value at all".to_owned());
    }
    let mut bare = Projector::new(schema).node(schema, 0);
    fits(&bare, "output_schema")?;
    if root::is_object(&bare) {
        bare.insert("type".to_owned(), json!("object"));
        return Ok(ToolOutput { bare: Arc::new(bare), wrapped: None });
    }
    let wrapped = Some(Arc::new(wrapped(&bare)));
    Ok(ToolOutput { bare: Arc::new(bare), wrapped })
}

fn wrapped(schema: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("type".to_owned(), json!("object"));
    out.insert("properties".to_owned(), json!({ WRAPPER: schema }));
    out.insert("required".to_owned(), json!([WRAPPER]));
    out
}

fn fits(listed: &Map<String, Value>, column: &str) -> Result<(), String> {
    let size = serde_json::to_string(listed).map_or(0, |text| text.len());
    if size <= LISTED_BYTES {
        return Ok(());
    }
    Err(format!("its `{column}` takes {size} bytes with all references written out; a tool may have {LISTED_BYTES}"))
}

#[cfg(test)]
mod tests;
