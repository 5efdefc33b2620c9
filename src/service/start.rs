//! What a new execution needs, as doors and flow code ask for it.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::command::ParentRef;
use super::connection::{ConnectionTarget, protected_names};
use super::handle::Service;
use super::selector::Selector;
use super::wrapper::Around;
use crate::clock;
use crate::error::{Error, Result, did_you_mean};
use crate::protocol::ChildArgs;

/// What is run.
#[derive(Clone, Debug)]
pub enum Target {
    Flow(Selector),
    /// Python source. Needs CREATE on FLOW in its place.
    Script(String),
    /// The script of a SCHEDULER, for a schedule whose flow is in this place.
    Scheduler {
        id: Uuid,
        project: Option<Uuid>,
        bundle: Option<Uuid>,
    },
    /// A wrapper's flow, around something in this place. Nobody asks for it by this name: it stands in for what was asked for.
    Wrapper {
        flow: Uuid,
        /// Project and bundle.
        place: Option<(Option<Uuid>, Option<Uuid>)>,
    },
    /// A stored connector or a type of one; `input_value` is laid over what it stores.
    Connection(ConnectionTarget),
}

impl Target {
    /// `type` of the execution.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Target::Flow(_) | Target::Wrapper { .. } => "FLOW",
            Target::Script(_) => "SCRIPT",
            Target::Scheduler { .. } => "SCHEDULE",
            Target::Connection(_) => "CONNECTION",
        }
    }
}

/// A request for a new execution.
#[derive(Clone, Debug)]
pub struct StartRequest {
    pub target: Target,
    /// Default: the flow's name, or `script`.
    pub name: Option<String>,
    pub input_value: Value,
    pub parent: Option<ParentRef>,
    /// The id it gets; for a child, derived from its parent's journal.
    pub child_id: Option<Uuid>,
    pub orphan: bool,
    pub priority: Option<i64>,
    /// ISO 8601 with an offset, or unix seconds.
    pub scheduled_for: Option<String>,
    pub max_runtime_minutes: Option<f64>,
    /// Start it now; else it stays CREATED until it is told to run.
    pub run: bool,
    pub idempotency_key: Option<String>,
    /// Names or ids of roles: it gets those of them that its creator passes on, instead of all.
    pub roles: Option<Vec<String>>,
    /// Its code may read records and do nothing else with them.
    pub is_reading: bool,
    /// `project_id`, `project_name`, `location_inheritance`, and columns: `description`, `message`, `is_productive`,
    /// `savepoint_retention`.
    pub columns: Map<String, Value>,
    /// Wrappers around it, the outermost first, beside those that are around it for everybody.
    pub using: Vec<Around>,
    /// Without the latter.
    pub unwrapped: bool,
}

/// Keywords of flow code that are columns or places of the child.
const COLUMNS: &[&str] = &[
    "description",
    "message",
    "is_productive",
    "savepoint_retention",
    "project_id",
    "project_name",
    "bundle_id",
    "bundle_name",
    "location_inheritance",
];
/// Columns that may stand in `init`, too: in place of the flow's.
pub(super) const SCHEMAS: &[&str] = &["input_schema", "output_schema"];
/// Keywords that mean something to other kinds of children only.
const IGNORED: &[&str] = &["init", "save"];

impl StartRequest {
    /// Runs `target` now, with everything else as usual.
    pub fn new(target: Target, input_value: Value) -> StartRequest {
        StartRequest {
            target,
            name: None,
            input_value,
            parent: None,
            child_id: None,
            orphan: false,
            priority: None,
            scheduled_for: None,
            max_runtime_minutes: None,
            run: true,
            idempotency_key: None,
            roles: None,
            is_reading: false,
            columns: Map::new(),
            using: Vec::new(),
            unwrapped: false,
        }
    }

    /// What makes two requests with one idempotency key the same request.
    pub(super) fn fingerprint(&self) -> String {
        let target = match &self.target {
            Target::Flow(Selector::Id(id)) => json!({ "id": id.to_string() }),
            Target::Flow(Selector::Name(name)) => json!({ "name": name }),
            Target::Script(script) => json!({ "script": script }),
            Target::Scheduler { id, .. } => json!({ "scheduler": id.to_string() }),
            Target::Wrapper { flow, .. } => json!({ "wrapper": flow.to_string() }),
            Target::Connection(connection) => json!({ "connection": connection.name, "is_type": connection.is_type }),
        };
        let wrapped = (!self.using.is_empty() || self.unwrapped).then(|| json!({ "using": self.using, "unwrapped": self.unwrapped }));
        let mut rest = json!([
            target,
            self.name,
            self.input_value,
            self.priority,
            self.scheduled_for,
            self.max_runtime_minutes,
            self.run,
            self.roles,
            self.columns,
            self.is_reading,
        ]);
        // Requests without wrappers are told apart as they always were.
        if let (Some(list), Some(wrapped)) = (rest.as_array_mut(), wrapped) {
            list.push(wrapped);
        }
        blake3::hash(rest.to_string().as_bytes()).to_hex().to_string()
    }

    /// `scheduled_for` as a point in time.
    pub(super) fn due(&self) -> Result<Option<jiff::Timestamp>> {
        let Some(text) = self.scheduled_for.as_deref() else { return Ok(None) };
        let unix = text.trim().parse::<f64>().ok().and_then(|seconds| {
            #[allow(clippy::cast_possible_truncation, reason = "a float beyond i64 saturates and is then refused")]
            jiff::Timestamp::from_microsecond((seconds * 1e6) as i64).ok()
        });
        unix.or_else(|| clock::parse(text)).map(Some).ok_or_else(|| {
            Error::invalid(format!("'{text}' is no time; give ISO 8601 with an offset, or unix seconds.")).field("/scheduled_for")
        })
    }
}

impl Service {
    /// A child that flow code asks for. `target` is a flow's name or id; empty for a script.
    pub fn child_request(&self, target: &str, args: ChildArgs, parent: ParentRef, id: Uuid) -> Result<StartRequest> {
        let what = match (args.kind.as_str(), args.script) {
            ("SCRIPT", Some(script)) => Target::Script(script),
            ("FLOW" | "", None) if !target.trim().is_empty() => Target::Flow(Selector::parse(target)),
            ("CONNECTION", None) => Target::Connection(connection_target(target, args.connector_type, &args.extra)?),
            ("SCRIPT", None) => return Err(Error::invalid("this.script needs the source of the script.")),
            _ => return Err(Error::invalid("this.flow needs the name or the id of a flow.")),
        };
        let input = match args.input_value {
            Some(raw) => serde_json::from_str(raw.get()).map_err(|e| Error::invalid(format!("The inputs are not JSON: {e}.")))?,
            None => Value::Null,
        };
        let mut request = StartRequest { name: args.name, parent: Some(parent), child_id: Some(id), ..StartRequest::new(what, input) };
        request.orphan = args.orphan;
        request.priority = args.priority;
        request.scheduled_for = args.scheduled_for;
        request.max_runtime_minutes = args.max_runtime_minutes;
        request.run = args.run;
        for (name, value) in args.extra {
            match name.as_str() {
                "unwrapped" => request.unwrapped = value == true,
                "using" => request.using = around(value)?,
                "roles" if !value.is_null() => request.roles = Some(texts(&value)?),
                // Older flows give columns of the execution so; what they give beside them meant something elsewhere.
                "init" if args.kind != "CONNECTION" => {
                    let known = |name: &str| COLUMNS.contains(&name) || SCHEMAS.contains(&name);
                    let given = value.as_object().into_iter().flatten().filter(|(name, _)| known(name));
                    request.columns.extend(given.map(|(name, value)| (name.clone(), value.clone())));
                }
                name if COLUMNS.contains(&name) => {
                    request.columns.insert(name.to_owned(), value);
                }
                name if name == "roles" || IGNORED.contains(&name) => {}
                name => {
                    let near = did_you_mean(name, COLUMNS.iter().copied());
                    return Err(Error::invalid(format!("A child execution has no option '{name}'.{near}")).field(format!("/{name}")));
                }
            }
        }
        if let Some(rule) = args.location_inheritance {
            request.columns.insert("location_inheritance".into(), rule.into());
        }
        Ok(request)
    }
}

fn connection_target(target: &str, of: Option<String>, extra: &Map<String, Value>) -> Result<ConnectionTarget> {
    let (name, is_type) = match (of.filter(|of| !of.trim().is_empty()), target.trim()) {
        (Some(of), "") => (of, true),
        (None, name) if !name.is_empty() => (name.to_owned(), false),
        (Some(_), _) => {
            return Err(Error::invalid("this.connect takes a connector's name or a connector_type, not both.").field("/connector_type"));
        }
        _ => return Err(Error::invalid("this.connect needs the name of a connector, or connector_type=...").field("/connector_type")),
    };
    let empty = Map::new();
    let init = extra.get("init").and_then(Value::as_object).unwrap_or(&empty);
    Ok(ConnectionTarget {
        name,
        is_type,
        protect_inputs: protected_names(init, "protect_inputs")?,
        protect_outputs: protected_names(init, "protect_outputs")?,
    })
}

fn around(value: Value) -> Result<Vec<Around>> {
    let wrong = |e| Error::invalid(format!("'using' is a list of wrappers, each with its name and its inputs: {e}.")).field("/using");
    serde_json::from_value(value).map_err(wrong)
}

fn texts(value: &Value) -> Result<Vec<String>> {
    let wrong = || Error::invalid("'roles' must be a list of names of roles.").field("/roles");
    let list = value.as_array().ok_or_else(wrong)?;
    list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}
