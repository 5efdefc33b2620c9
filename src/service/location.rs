//! Where a record goes: an explicit project or bundle, else the rule of `location_inheritance`, else the default project.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::{Actor, Identity};
use super::identity::record_type;
use super::rights::Operation;
use super::row::find;
use crate::error::{Error, Result, did_you_mean};
use crate::records::RecordType;
use crate::store::{ListQuery, Scope, Tx};

/// Name of the project that takes what has no other place.
pub const DEFAULT_PROJECT: &str = "Default project";
/// The columns that say where a record goes.
const COLUMNS: &[&str] = &["project_id", "project_name", "bundle_id", "bundle_name", "location_inheritance"];

/// A place a record can be in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// `None`: the workspace.
    pub(super) project: Option<Uuid>,
}

/// `project_id` of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ProjectId {
    #[default]
    Absent,
    /// An explicit null: the workspace.
    Workspace,
    Project(Uuid),
}

/// What a request says about the place.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    project_id: ProjectId,
    project_name: Option<String>,
    inheritance: Option<String>,
}

impl Wish {
    /// Takes the location columns out of a payload.
    pub(super) fn take(payload: &mut Map<String, Value>) -> Result<Wish> {
        let mut wish = Wish::default();
        for column in COLUMNS {
            let Some(value) = payload.shift_remove(*column) else { continue };
            let pointer = format!("/{column}");
            match (*column, value) {
                ("project_id", Value::Null) => wish.project_id = ProjectId::Workspace,
                (_, Value::Null) => {}
                ("project_id", Value::String(id)) => {
                    let id = Uuid::parse_str(&id).map_err(|_| Error::invalid(format!("'{id}' is not an id.")).field(&pointer))?;
                    wish.project_id = ProjectId::Project(id);
                }
                ("project_name", Value::String(name)) => wish.project_name = Some(name.trim().to_owned()),
                ("location_inheritance", Value::String(rule)) => wish.inheritance = Some(rule),
                ("bundle_id" | "bundle_name", Value::String(bundle)) => {
                    return Err(Error::not_found(format!("There is no bundle '{bundle}'.")).field(&pointer));
                }
                _ => return Err(Error::invalid(format!("'{column}' must be a text.")).field(&pointer)),
            }
        }
        Ok(wish)
    }

    /// Whether it names a place, rather than a rule for new records.
    pub(super) fn is_explicit(&self) -> bool {
        self.project_id != ProjectId::Absent || self.project_name.is_some()
    }

    /// The place named, looked up. A project out of sight is not found.
    pub(super) async fn explicit(&self, tx: &mut Tx, access: &Access, of: &RecordType) -> Result<Option<Place>> {
        let project = match (&self.project_id, &self.project_name) {
            (ProjectId::Absent, None) => return Ok(None),
            (ProjectId::Workspace, None) => None,
            (ProjectId::Project(id), None) => Some(project_by_id(tx, access, *id).await?),
            (ProjectId::Absent, Some(name)) => Some(project_by_name(tx, access, name).await?),
            (id, Some(name)) => {
                let named = project_by_name(tx, access, name).await?;
                if *id != ProjectId::Project(named) {
                    return Err(Error::invalid("'project_id' and 'project_name' name different projects; give one.").field("/project_name"));
                }
                Some(named)
            }
        };
        if project.is_some() && !of.in_project {
            return Err(Error::invalid(format!("A {} cannot be in a project.", of.name)).field("/project_id"));
        }
        Ok(Some(Place { project }))
    }

    /// The place of a new record. `resource` is where the resource is that an execution is based on.
    pub(super) async fn place(
        &self,
        tx: &mut Tx,
        (actor, access): (&Actor, &Access),
        of: &RecordType,
        resource: Option<Place>,
    ) -> Result<Place> {
        if let Some(place) = self.explicit(tx, access, of).await? {
            return Ok(place);
        }
        if !of.in_project {
            return Ok(Place::default());
        }
        match self.inherited(actor, of, resource)? {
            Some(place) => Ok(place),
            None => default_place(tx).await,
        }
    }

    /// The place by rule; `None` where the rule does not apply, which means the default.
    pub(super) fn inherited(&self, actor: &Actor, of: &RecordType, resource: Option<Place>) -> Result<Option<Place>> {
        let is_execution = of.name == "EXECUTION";
        let by_execution = matches!(actor.identity, Identity::Execution(_));
        let rule = match self.inheritance.as_deref() {
            Some(rule) => rule,
            None if is_execution && !by_execution => "wrapped_resource",
            None => "created_by",
        };
        match rule {
            "created_by" => Ok(match &actor.identity {
                Identity::Execution(execution) => Some(Place { project: execution.project_id }),
                Identity::User { .. } | Identity::System => None,
            }),
            "resource" | "wrapped_resource" => Ok(resource.filter(|_| is_execution)),
            "default" => Ok(None),
            other => {
                let rules = ["created_by", "default", "wrapped_resource", "resource"];
                let near = did_you_mean(other, rules);
                Err(Error::invalid(format!("'{other}' is no rule of location_inheritance; there are {}.{near}", rules.join(", ")))
                    .field("/location_inheritance"))
            }
        }
    }
}

/// The default project, or the workspace when it is gone.
pub(super) async fn default_place(tx: &mut Tx) -> Result<Place> {
    let row = tx.row_by_name(record_type("PROJECT"), DEFAULT_PROJECT, &Scope::All).await?;
    Ok(Place { project: row.and_then(|row| row.id()) })
}

fn sees(access: &Access, id: Uuid) -> bool {
    access.may(Operation::Read, &Subject { record_type: "PROJECT", id: Some(id), place: Some(id), parent: None })
}

async fn project_by_id(tx: &mut Tx, access: &Access, id: Uuid) -> Result<Uuid> {
    let row = find(tx, record_type("PROJECT"), id).await?.filter(|_| sees(access, id));
    row.and_then(|row| row.id()).ok_or_else(|| Error::not_found(format!("There is no project {id}.")).field("/project_id"))
}

async fn project_by_name(tx: &mut Tx, access: &Access, name: &str) -> Result<Uuid> {
    let projects = record_type("PROJECT");
    if let Some(row) = tx.row_by_name(projects, name, &Scope::All).await?
        && let Some(id) = row.id().filter(|id| sees(access, *id))
    {
        return Ok(id);
    }
    let page = tx.row_list(projects, &ListQuery { limit: 1000, ..ListQuery::default() }, &Scope::All).await?;
    let names: Vec<&str> =
        page.items.iter().filter(|row| row.id().is_some_and(|id| sees(access, id))).filter_map(|row| row.text("name")).collect();
    let near = did_you_mean(name, names);
    Err(Error::not_found(format!("There is no project '{name}'.{near}")).field("/project_name"))
}
