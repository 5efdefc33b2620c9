//! Connections: settled from a stored connector and what a call gives, then carried out with their secrets in place.

mod file;
mod grant;
mod input;
mod mask;
mod reference;
mod vault;

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::access::Access;
use super::actor::Actor;
use super::effect::Effects;
use super::handle::Service;
use super::identity::record_type;
use super::row::id_of;
use super::seal::Place;
use super::selector::Selector;
use super::trace_context;
use crate::connectors::{self, Failure, Job, Line, Log};
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::records::connector::{self, Connector};
use crate::store::{Row, Scope};

pub(super) use grant::Turns;
pub(crate) use input::hide;
pub(super) use reference::secret_names;

/// What stands where a value is that is not shown.
pub(crate) const PROTECTED: &str = "(protected)";

/// A connection as flow code asks for it.
#[derive(Clone, Debug)]
pub struct ConnectionTarget {
    /// A stored connector's name or id, or the name of a type.
    pub name: String,
    /// Whether it names a type.
    pub is_type: bool,
    /// Inputs that are shown nowhere, beside those that are secret by declaration.
    pub protect_inputs: Vec<String>,
    /// Parts of the output that are shown nowhere.
    pub protect_outputs: Vec<String>,
}

/// A connection that may be carried out as far as its inputs say.
pub(super) struct Settled {
    pub of: &'static Connector,
    pub connector: Option<Row>,
    /// With what is protected.
    pub inputs: Value,
    /// As it is stored.
    pub shown: Value,
    /// What `shown` leaves out, and what the output will; `None` if that is nothing.
    pub protected: Option<Value>,
}

/// How a connection went.
pub struct Carried {
    pub output: Option<Value>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// What it did to our own records.
    pub effects: Effects,
}

/// The types of connections that this server carries out.
pub fn connection_types() -> impl Iterator<Item = &'static str> {
    connectors::names()
}

impl Service {
    /// The type that a connection is of, and the stored connector. Needs READ on it.
    pub(super) async fn connection_source(
        &self,
        actor: &Actor,
        access: &Access,
        target: &ConnectionTarget,
    ) -> Result<(&'static Connector, Option<Row>)> {
        if target.is_type
            && let Some(of) = connector::find(&target.name.trim().to_uppercase())
        {
            return Ok((of, None));
        }
        let found = self.row_read(actor, access, (record_type("CONNECTOR"), &Selector::parse(&target.name))).await;
        let row = found.map_err(|error| match error.kind() {
            Kind::NotFound if target.is_type => {
                let near = did_you_mean(&target.name.to_uppercase(), connector::NAMES.iter().copied());
                Error::invalid(format!("There is no connector type '{}', and no connector of that name.{near}", target.name))
                    .field("/connector_type")
            }
            _ => error,
        })?;
        let of = row.text("connector_type").and_then(connector::find);
        let of = of.ok_or_else(|| Error::internal("a stored connector has no type"))?;
        Ok((of, Some(row)))
    }

    /// What a connection's row leaves out, sealed for its own column.
    pub(super) fn connection_seal(&self, id: Uuid, protected: Option<&Value>) -> Result<Value> {
        let Some(protected) = protected else { return Ok(Value::Null) };
        self.seals().seal(place(&id.to_string()), protected).map(Value::String)
    }

    /// The inputs of a connection's row, with what is protected.
    pub(super) fn connection_inputs(&self, row: &Row) -> Result<Value> {
        let mut inputs = row.json("input_value").cloned().unwrap_or_default();
        if let (Some(inputs), Some(hidden)) = (inputs.as_object_mut(), self.protected(row)?.get("inputs").and_then(Value::as_object)) {
            inputs.extend(hidden.clone());
        }
        Ok(inputs)
    }

    fn protected(&self, row: &Row) -> Result<Value> {
        match row.text("protected") {
            Some(sealed) => self.seals().open_value(place(&id_of(row).to_string()), sealed),
            None => Ok(Value::Null),
        }
    }

    /// The parts of the output that the execution's maker protects. The row is read again: its keys may be others by now.
    async fn protected_outputs(&self, row: &Row) -> Result<Vec<String>> {
        if row.text("protected").is_none() {
            return Ok(Vec::new());
        }
        let now = self.store().row_get(record_type("EXECUTION"), id_of(row), &Scope::All).await?;
        let protected = now.map_or(Ok(Value::Null), |row| self.protected(&row))?;
        Ok(serde_json::from_value(protected["outputs"].clone()).unwrap_or_default())
    }

    /// Whether a connection may be carried out again when nobody knows whether it was.
    pub fn connection_is_repeatable(&self, of: &str, inputs: &Value) -> bool {
        connectors::find(of).is_some_and(|connect| connect.is_repeatable(inputs))
    }

    /// What a connection with these inputs does to the other side, as far as can be told beforehand.
    pub fn connection_effects(&self, of: &str, inputs: &Value) -> Effects {
        let only_reads = connectors::find(of).is_some_and(|connect| connect.only_reads(inputs));
        if only_reads { Effects::CONNECTED } else { Effects::CONNECTED | Effects::ACTED }
    }

    /// Carries a connection out, as the execution that it is. Its row must be on disk. `inputs` are whole, secrets still named.
    pub async fn connection_carry_out(&self, actor: &Actor, row: &Row, inputs: &Value, lines: mpsc::UnboundedSender<Line>) -> Carried {
        let mut known = reference::Known::default();
        let outputs = match self.protected_outputs(row).await {
            Ok(outputs) => outputs,
            Err(error) => {
                let error = Some(format!("What it protects cannot be read: {}", error.message()));
                return Carried { output: None, error, effects: Effects::default() };
            }
        };
        let touched = file::Touched::default();
        let done = self.carried((actor, &touched), row, inputs, (&mut known, lines)).await;
        let effects = touched.effects();
        let clean = |output: Option<Value>| {
            let mut output = output?;
            known.mask(&mut output);
            for (name, value) in output.as_object_mut().into_iter().flatten() {
                if outputs.contains(name) {
                    *value = PROTECTED.into();
                }
            }
            Some(output)
        };
        match done {
            Ok(output) => Carried { output: clean(Some(output)), error: None, effects },
            Err(Failure { message, output }) => Carried { output: clean(output), error: Some(known.said(&message)), effects },
        }
    }

    async fn carried(
        &self,
        (actor, touched): (&Actor, &file::Touched),
        row: &Row,
        inputs: &Value,
        (known, lines): (&mut reference::Known, mpsc::UnboundedSender<Line>),
    ) -> Result<Value, Failure> {
        let of = row.text("connector_type").and_then(connector::find).ok_or_else(|| Failure::new("It has no connector type."))?;
        let connect = connectors::find(of.name).ok_or_else(|| Failure::new(format!("This server cannot carry {} out.", of.name)))?;
        let host = connect.host(inputs)?;
        let mut whole = inputs.clone();
        if matches!(of.name, "REST" | "MCP") {
            trace_context::pass_on(&mut whole, row);
        }
        self.resolve(actor, &mut whole, &host, known).await?;
        let grant = self.grant(actor, &mut whole, known).await?;
        known.note_declared(of, &whole);
        known.note_protected(&self.protected(row)?["inputs"]);
        if known.is_any()
            && let Value::Object(whole) = &whole
        {
            // What a secret turned out to be may not fit where it stands.
            input::checked(of, whole.clone())?;
        }
        let (masked, mut raw) = mpsc::unbounded_channel();
        let log = Log(masked);
        let files = file::AsExecution { service: self, actor, touched, mask: known.in_content()?, log: log.clone() };
        let job = Job {
            inputs: &whole,
            is_bound: known.is_bound,
            files: &files,
            log,
            clock: self.clock().clone(),
            file_limit: self.config().server.file_limit_bytes,
            scratch: &self.config().server.data,
            output_limit: usize::try_from(self.config().limits.value_bytes).unwrap_or(usize::MAX),
            spill: format!("connection-{}", id_of(row)),
        };
        let mut work = connect.carry_out(&job);
        let pass_on = |line: Line| drop(lines.send(Line { message: known.said(&line.message), ..line }));
        let done = loop {
            tokio::select! {
                biased;
                Some(line) = raw.recv() => pass_on(line),
                done = &mut work => break done,
            }
        };
        // What it said with its last step.
        while let Ok(line) = raw.try_recv() {
            pass_on(line);
        }
        let is_refused = |failure: &Failure| failure.output.as_ref().is_some_and(|output| output["status_code"] == 401);
        if let Some(grant) = grant.filter(|_| done.as_ref().is_err_and(is_refused)) {
            grant.forget();
        }
        done
    }
}

/// Lays `given` over what the connector stores, and checks the whole as far as it is known without secrets.
pub(super) fn settle((of, connector): (&'static Connector, Option<Row>), target: &ConnectionTarget, given: &Value) -> Result<Settled> {
    if connectors::find(of.name).is_none() {
        let can: Vec<&str> = connectors::names().collect();
        let text = format!("This server stores {} connectors but cannot carry them out; it can: {}.", of.name, can.join(", "));
        return Err(Error::invalid(text).field("/connector_type"));
    }
    let mut inputs = connector.as_ref().and_then(|row| row.json("value")).and_then(Value::as_object).cloned().unwrap_or_default();
    match given {
        Value::Null => {}
        Value::Object(given) => inputs.extend(given.clone()),
        _ => return Err(Error::invalid("The inputs of a connection are an object: name and value of each.").field("/input_value")),
    }
    let inputs = input::checked(of, inputs)?;
    let (shown, hidden) = input::protect(of, &inputs, &target.protect_inputs);
    let is_needed = !hidden.is_empty() || !target.protect_outputs.is_empty();
    let protected = is_needed.then(|| json!({ "inputs": hidden, "outputs": target.protect_outputs }));
    Ok(Settled { of, connector, inputs: Value::Object(inputs), shown: Value::Object(shown), protected })
}

fn place(id: &str) -> Place<'_> {
    Place { record_type: "EXECUTION", id, column: "protected" }
}

/// Names that `init` gives under `key`.
pub(super) fn protected_names(init: &Map<String, Value>, key: &str) -> Result<Vec<String>> {
    let Some(given) = init.get(key) else { return Ok(Vec::new()) };
    serde_json::from_value(given.clone()).map_err(|_| Error::invalid(format!("'{key}' is a list of names.")).field(format!("/init/{key}")))
}
