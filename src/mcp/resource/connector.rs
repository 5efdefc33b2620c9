//! The types of connections: all of them in a list, and each with its schemas.

use serde_json::{Value, json};

use crate::error::{Error, Result, did_you_mean};
use crate::records::connector::{Connector, TYPES, schema};
use crate::service::connection_types;

pub(in crate::mcp) const TEMPLATE: &str = "connector-type://{type}";
pub(super) const LIST: &str = "cloudomation://connector-types";
pub(super) const SCHEME: &str = "connector-type";

pub(in crate::mcp) fn names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|of| of.name)
}

fn is_carried_out(of: &Connector) -> bool {
    connection_types().any(|name| name == of.name)
}

/// Every type, those that this server carries out first.
pub(super) fn list() -> Value {
    let line = |of: &&Connector| {
        let uri = format!("{SCHEME}://{}", of.name);
        json!({ "connector_type": of.name, "description": of.doc, "is_carried_out": is_carried_out(of), "uri": uri })
    };
    let (carried, declared): (Vec<&Connector>, Vec<&Connector>) = TYPES.iter().copied().partition(|of| is_carried_out(of));
    json!({ "connector_types": carried.iter().chain(&declared).map(line).collect::<Vec<_>>() })
}

/// One type, named in either case.
pub(super) fn text(name: &str) -> Result<String> {
    let name = name.trim_end_matches('/').to_ascii_uppercase();
    let Some(of) = TYPES.iter().copied().find(|of| of.name == name) else {
        let near = did_you_mean(&name, names());
        return Err(Error::not_found(format!("There is no connector type '{name}'.{near}")));
    };
    let answer = json!({
        "connector_type": of.name,
        "description": of.doc,
        "is_carried_out": is_carried_out(of),
        "call": format!("this.connect(connector_type=\"{}\", **inputs)", of.name),
        "input_schema": schema::input(of),
        "output_schema": schema::output(of),
    });
    Ok(answer.to_string())
}
