//! What keeps agents from using a tool well: said of the tool and of its flow whenever they are shown, so after each save.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::service::access::Access;
use crate::service::handle::Service;
use crate::service::tool_schema::{self, Warning};
use crate::store::Row;

/// Characters of a tool's description that every model API takes (OpenAI's: 1,024).
const DESCRIPTION: usize = 1_024;

impl Service {
    /// The column `warnings` of a tool's row, as this actor may know it.
    pub(in crate::service) async fn user_tool_warnings(&self, access: &Access, row: &Row) -> Result<Value> {
        let flow = self.flow_of_tool(access, row).await?;
        let flow = flow.as_ref().map(|flow| &flow.row);
        let mut found = of_tool(row, flow);
        if let Some(annotations) = row.json("annotations")
            && let Some(flow) = flow.and_then(Row::id)
            && let Some(evidence) = self.evidence(flow).await?
        {
            found.extend(evidence.contradictions(annotations));
        }
        if let Some(flow) = flow {
            found.extend(self.linted(flow).iter().cloned());
        }
        Ok(listed(&found))
    }

    /// The column `proposed_annotations` of a tool's row; null until an execution of its flow's present script has ended.
    pub(in crate::service) async fn user_tool_proposal(&self, access: &Access, row: &Row) -> Result<Value> {
        let Some(id) = self.flow_of_tool(access, row).await?.and_then(|flow| flow.row.id()) else { return Ok(Value::Null) };
        let evidence = self.evidence(id).await?;
        Ok(evidence.map_or(Value::Null, |evidence| evidence.proposal(row.json("annotations"))))
    }

    /// The column `tool_warnings` of a flow's row: null where no tool shows it.
    pub(in crate::service) async fn flow_tool_warnings(&self, row: &Row) -> Result<Value> {
        Ok(self.flow_warnings(row).await?.map_or(Value::Null, |found| listed(&found)))
    }

    /// What is to be said of a flow's schemas; nothing where no tool shows it. Schemas that cannot be looked up as a whole are told
    /// elsewhere.
    pub(in crate::service) async fn flow_warnings(&self, row: &Row) -> Result<Option<Arc<Vec<Warning>>>> {
        let Some(id) = row.id() else { return Ok(None) };
        if !self.user_tool_set().await?.is_shown(id) {
            return Ok(None);
        }
        let mut flow = Row::new();
        for column in ["input_schema", "output_schema"] {
            flow.set(column, row.json(column).cloned().unwrap_or_default());
        }
        Ok(Some(match self.with_whole_schemas(&mut flow).await {
            Ok(()) => self.linted(&flow),
            Err(_) => Arc::default(),
        }))
    }

    /// Lint of schemas that stand alone. To try out their defaults takes a while, so that what was found is kept.
    fn linted(&self, flow: &Row) -> Arc<Vec<Warning>> {
        let lints = &self.user_tool_cache().lints;
        let schemas = ["input_schema", "output_schema"].map(|column| flow.json(column).cloned().unwrap_or_default());
        let key = Value::from(schemas.to_vec()).to_string();
        if let Some(known) = lints.get(&key) {
            return known;
        }
        let found = Arc::new(tool_schema::lint(flow));
        lints.put(lints.ticket(), key, found.clone());
        found
    }
}

/// What is to be said of a tool's own columns.
fn of_tool(row: &Row, flow: Option<&Row>) -> Vec<Warning> {
    let mut found = Vec::new();
    let text = |row: &Row| row.text("description").map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    match text(row).or_else(|| flow.and_then(text)) {
        None => found.push(Warning::new(
            "/description",
            "Neither the tool nor its flow has a description: agents see a name only. Say what it does, when to use it and when not.",
        )),
        Some(said) if said.chars().count() > DESCRIPTION => {
            let count = said.chars().count();
            let text =
                format!("The description has {count} characters; model APIs take {DESCRIPTION}, and clients cut or refuse the rest.");
            found.push(Warning::new("/description", text));
        }
        Some(_) => {}
    }
    let said = |word: &str| row.json("annotations").and_then(|said| said.get(word)).and_then(Value::as_bool);
    if said("read_only") == Some(true) && said("destructive") == Some(true) {
        let text = "`read_only` and `destructive` exclude each other: hosts take one of them at will.";
        found.push(Warning::new("/annotations/destructive", text));
    }
    found
}

fn listed(found: &[Warning]) -> Value {
    found.iter().map(|warning| json!({ "pointer": warning.pointer, "message": warning.message })).collect()
}
