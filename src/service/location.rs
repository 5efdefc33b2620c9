//! Where a record goes: an explicit project or bundle, else the rule of `location_inheritance`, else the default project.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::access::{Access, Subject};
use super::actor::{Actor, Identity};
use super::identity::record_type;
use super::record_write::Call;
use super::rights::Operation;
use super::row::find;
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::records::RecordType;
use crate::store::{ListQuery, Row, Scope, Tx, Write};

/// Name of the project that takes what has no other place.
pub const DEFAULT_PROJECT: &str = "Default project";
/// The columns that say where a record goes.
const COLUMNS: &[&str] = &["project_id", "project_name", "bundle_id", "bundle_name", "location_inheritance"];

/// A place a record can be in: a project, a bundle, or neither, which is the workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) project: Option<Uuid>,
    pub(super) bundle: Option<Uuid>,
}

impl Place {
    /// Where a record is.
    pub(super) fn of(row: &Row) -> Place {
        Place { project: row.uuid("project_id"), bundle: row.uuid("bundle_id") }
    }

    /// Its columns.
    pub(super) fn columns(self) -> [(&'static str, Value); 2] {
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).into();
        [("project_id", text(self.project)), ("bundle_id", text(self.bundle))]
    }

    /// Whether records of this type may be there.
    fn takes(self, of: &RecordType) -> bool {
        (self.project.is_none() || of.in_project) && (self.bundle.is_none() || of.in_bundle)
    }
}

/// What a request says about a project or a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Half {
    id: Option<Uuid>,
    /// The id was given as null.
    is_null: bool,
    name: Option<String>,
}

impl Half {
    /// Whether it names one, rather than none.
    fn names_one(&self) -> bool {
        self.id.is_some() || self.name.is_some()
    }

    fn is_absent(&self) -> bool {
        !self.is_null && !self.names_one()
    }

    async fn find(&self, tx: &mut Tx, access: &Access, what: &What) -> Result<Uuid> {
        match (&self.id, &self.name) {
            (Some(id), None) => by_id(tx, access, (what, *id)).await,
            (None, Some(name)) => by_name(tx, access, (what, name)).await,
            (Some(id), Some(name)) => {
                let named = by_name(tx, access, (what, name)).await?;
                if *id == named {
                    return Ok(named);
                }
                let text = format!("'{0}_id' and '{0}_name' name different {0}s; give one.", what.singular);
                Err(Error::invalid(text).field(format!("/{}_name", what.singular)))
            }
            (None, None) => Err(Error::internal("a place that is not named was looked up")),
        }
    }
}

/// PROJECT or BUNDLE, as a place.
struct What {
    record_type: &'static str,
    singular: &'static str,
}

const PROJECT: What = What { record_type: "PROJECT", singular: "project" };
const BUNDLE: What = What { record_type: "BUNDLE", singular: "bundle" };

/// What a request says about the place.
#[derive(Clone, Debug, Default)]
pub(super) struct Wish {
    project: Half,
    bundle: Half,
    inheritance: Option<String>,
}

impl Wish {
    /// Takes the location columns out of a payload.
    pub(super) fn take(payload: &mut Map<String, Value>) -> Result<Wish> {
        let mut wish = Wish::default();
        for column in COLUMNS {
            let Some(value) = payload.shift_remove(*column) else { continue };
            let pointer = format!("/{column}");
            let half = if column.starts_with("project") { &mut wish.project } else { &mut wish.bundle };
            match (*column, value) {
                ("project_id" | "bundle_id", Value::Null) => half.is_null = true,
                (_, Value::Null) => {}
                ("project_id" | "bundle_id", Value::String(id)) => {
                    let id = Uuid::parse_str(&id).map_err(|_| Error::invalid(format!("'{id}' is not an id.")).field(&pointer))?;
                    half.id = Some(id);
                }
                ("project_name" | "bundle_name", Value::String(name)) => half.name = Some(name.trim().to_owned()),
                ("location_inheritance", Value::String(rule)) => wish.inheritance = Some(rule),
                _ => return Err(Error::invalid(format!("'{column}' must be a text.")).field(&pointer)),
            }
        }
        if wish.project.names_one() && wish.bundle.names_one() {
            let text = "A record is in a project, in a bundle, or in neither; give one of both.";
            return Err(Error::invalid(text).field("/bundle_id"));
        }
        Ok(wish)
    }

    /// Whether it names a place, rather than a rule for new records.
    pub(super) fn is_explicit(&self) -> bool {
        !self.project.is_absent() || !self.bundle.is_absent()
    }

    /// Whether it asks for no other place than this one. A place by name counts as another: nothing is looked up.
    pub(super) fn is_at(&self, place: Place) -> bool {
        let is_at =
            |half: &Half, id: Option<Uuid>| half.name.is_none() && (half.id.is_none() || half.id == id) && !(half.is_null && id.is_some());
        is_at(&self.project, place.project) && is_at(&self.bundle, place.bundle)
    }

    /// The place named, looked up. A project or bundle out of sight is not found. A null takes a record out of what it is
    /// in, `current`, and means the workspace for a new one.
    pub(super) async fn explicit(&self, tx: &mut Tx, access: &Access, (of, current): (&RecordType, Place)) -> Result<Option<Place>> {
        if !self.is_explicit() {
            return Ok(None);
        }
        for (half, what, may) in [(&self.project, PROJECT, of.in_project), (&self.bundle, BUNDLE, of.in_bundle)] {
            if !half.names_one() {
                continue;
            }
            if !may {
                let text = format!("A {} cannot be in a {}.", of.name, what.singular);
                return Err(Error::invalid(text).field(format!("/{}_id", what.singular)));
            }
            let id = half.find(tx, access, &what).await?;
            let is_project = what.record_type == PROJECT.record_type;
            return Ok(Some(Place { project: Some(id).filter(|_| is_project), bundle: Some(id).filter(|_| !is_project) }));
        }
        Ok(Some(Place {
            project: current.project.filter(|_| self.project.is_absent()),
            bundle: current.bundle.filter(|_| self.bundle.is_absent()),
        }))
    }

    /// The place of a new record. `resource` is where the resource is that an execution is based on.
    pub(super) async fn place(
        &self,
        tx: &mut Tx,
        (actor, access): (&Actor, &Access),
        of: &RecordType,
        resource: Option<Place>,
    ) -> Result<Place> {
        if let Some(place) = self.explicit(tx, access, (of, Place::default())).await? {
            return Ok(place);
        }
        if !of.in_project && !of.in_bundle {
            return Ok(Place::default());
        }
        match self.inherited(actor, of, resource)? {
            Some(place) => Ok(place),
            None => default_place(tx, of).await,
        }
    }

    /// The place by rule; `None` where the rule does not apply or the type cannot be there, which means the default.
    pub(super) fn inherited(&self, actor: &Actor, of: &RecordType, resource: Option<Place>) -> Result<Option<Place>> {
        let is_execution = of.name == "EXECUTION";
        let by_execution = matches!(actor.identity, Identity::Execution(_));
        let rule = match self.inheritance.as_deref() {
            Some(rule) => rule,
            None if is_execution && !by_execution => "wrapped_resource",
            None => "created_by",
        };
        let place = match rule {
            "created_by" => match &actor.identity {
                Identity::Execution(execution) => Some(execution.place()),
                Identity::Trigger(trigger) => Some(trigger.place()),
                Identity::User { .. } | Identity::System => None,
            },
            "resource" | "wrapped_resource" => resource.filter(|_| is_execution),
            "default" => None,
            other => {
                let rules = ["created_by", "default", "wrapped_resource", "resource"];
                let near = did_you_mean(other, rules);
                let text = format!("'{other}' is no rule of location_inheritance; there are {}.{near}", rules.join(", "));
                return Err(Error::invalid(text).field("/location_inheritance"));
            }
        };
        Ok(place.filter(|place| place.takes(of)))
    }
}

/// The default project, or the workspace when it is gone or the type cannot be in one.
pub(super) async fn default_place(tx: &mut Tx, of: &RecordType) -> Result<Place> {
    if !of.in_project {
        return Ok(Place::default());
    }
    let row = tx.row_by_name(record_type("PROJECT"), DEFAULT_PROJECT, &Scope::All).await?;
    Ok(Place { project: row.and_then(|row| row.id()), bundle: None })
}

impl Call {
    /// Refuses changes in a read-only project or bundle.
    pub(super) async fn place_writable(&self, tx: &mut Tx, place: Place) -> Result<()> {
        for (what, id) in [(PROJECT, place.project), (BUNDLE, place.bundle)] {
            let Some(id) = id else { continue };
            if let Some(row) = find(tx, record_type(what.record_type), id).await?.filter(|row| row.flag("is_readonly")) {
                let name = row.text("name").unwrap_or_default();
                return Err(Error::new(Kind::Forbidden, format!("The {} '{name}' is read-only.", what.singular)));
            }
        }
        Ok(())
    }

    /// Refuses to bring a record back into a place that is in the trash bin or gone.
    pub(super) async fn place_there(&self, tx: &mut Tx, place: Place) -> Result<()> {
        for (what, id) in [(PROJECT, place.project), (BUNDLE, place.bundle)] {
            let Some(id) = id else { continue };
            if find(tx, record_type(what.record_type), id).await?.is_none() {
                return Err(Error::conflict(format!("The {} it was in is deleted; restore that first.", what.singular)));
            }
        }
        Ok(())
    }

    /// A change of what a bundle consists of is seen on the bundle.
    pub(super) async fn mark_bundle(&self, tx: &mut Tx, row: &Row) -> Result<()> {
        let Some(id) = row.uuid("bundle_id").filter(|_| row.flag("is_bundle_content")) else { return Ok(()) };
        let bundles = record_type(BUNDLE.record_type);
        match find(tx, bundles, id).await?.filter(|bundle| !bundle.flag("is_dirty")) {
            None => Ok(()),
            Some(bundle) => {
                let row = Row::from([("id", id.to_string().into()), ("version", (bundle.version() + 1).into()), ("is_dirty", true.into())]);
                tx.apply(&[Write::Update { table: bundles.singular, key: &["id"], row }]).await
            }
        }
    }
}

/// A project is its own place; a bundle lies in the workspace.
fn sees(access: &Access, what: &What, id: Uuid) -> bool {
    let place = Some(id).filter(|_| what.record_type == PROJECT.record_type);
    access.may(Operation::Read, &Subject { record_type: what.record_type, id: Some(id), place, parent: None })
}

async fn by_id(tx: &mut Tx, access: &Access, (what, id): (&What, Uuid)) -> Result<Uuid> {
    let row = find(tx, record_type(what.record_type), id).await?.filter(|_| sees(access, what, id));
    row.and_then(|row| row.id())
        .ok_or_else(|| Error::not_found(format!("There is no {} {id}.", what.singular)).field(format!("/{}_id", what.singular)))
}

async fn by_name(tx: &mut Tx, access: &Access, (what, name): (&What, &str)) -> Result<Uuid> {
    let of = record_type(what.record_type);
    if let Some(row) = tx.row_by_name(of, name, &Scope::All).await?
        && let Some(id) = row.id().filter(|id| sees(access, what, *id))
    {
        return Ok(id);
    }
    let page = tx.row_list(of, &ListQuery { limit: 1000, ..ListQuery::default() }, &Scope::All).await?;
    let seen = page.items.iter().filter(|row| row.id().is_some_and(|id| sees(access, what, id)));
    let near = did_you_mean(name, seen.filter_map(|row| row.text("name")));
    Err(Error::not_found(format!("There is no {} '{name}'.{near}", what.singular)).field(format!("/{}_name", what.singular)))
}
