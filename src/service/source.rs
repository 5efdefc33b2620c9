//! What a new execution runs, looked up: a flow, a script or a connection, where it belongs and the packages it runs with.

use std::sync::Arc;

use super::access::Access;
use super::actor::{Actor, Door};
use super::connection::{Settled, settle};
use super::environment;
use super::flow::Flow;
use super::handle::Service;
use super::identity::record_type;
use super::location::{Place, Wish, default_place};
use super::rights::Operation;
use super::selector::Selector;
use super::start::{StartRequest, Target};
use crate::error::{Error, Result};
use crate::store::{Scope, Write};

/// What is run, looked up.
pub(super) struct Source {
    pub what: What,
    pub place: Place,
    /// The packages that it runs with, and the row that keeps them where a script brought them along.
    pub environment: (Option<Arc<str>>, Option<Write>),
}

pub(super) enum What {
    Flow(Arc<Flow>),
    Script(Arc<str>),
    Connection(Box<Settled>),
}

impl What {
    pub fn flow(&self) -> Option<&Arc<Flow>> {
        match self {
            What::Flow(flow) => Some(flow),
            What::Script(_) | What::Connection(_) => None,
        }
    }
}

impl Service {
    pub(super) async fn source(&self, actor: &Actor, access: &Access, (request, wish): (&StartRequest, Wish)) -> Result<Source> {
        let executions = record_type("EXECUTION");
        let (what, resource) = match &request.target {
            Target::Flow(selector) => {
                let flow = self.flow_get(access, selector).await?;
                let place = Place::of(&flow.row);
                (What::Flow(flow), Some(place))
            }
            Target::Wrapper { flow, place } => {
                // It stands in for what the actor may run, whether he may read it or not.
                let all = self.access(&Actor::system(Door::Server)).await?;
                (What::Flow(self.flow_get(&all, &Selector::Id(*flow)).await?), place.map(|(project, bundle)| Place { project, bundle }))
            }
            Target::Script(script) => (What::Script(script.as_str().into()), None),
            Target::Connection(target) => {
                let found = self.connection_source(actor, access, target).await?;
                let place = found.1.as_ref().map(Place::of);
                (What::Connection(Box::new(settle(found, target, &request.input_value)?)), place)
            }
            Target::Scheduler { id, project, bundle } => {
                let row = self.store().row_get(record_type("SCHEDULER"), *id, &Scope::All).await?;
                let row = row.filter(|row| row.text("deleted_at").is_none());
                let hash = row.as_ref().and_then(|row| row.text("script_hash"));
                let Some(row) = row.as_ref() else { return Err(Error::not_found(format!("There is no scheduler {id}."))) };
                let script = match hash {
                    Some(hash) => self.script(hash).await?,
                    None => row.text("script").unwrap_or_default().into(),
                };
                (What::Script(script), Some(Place { project: *project, bundle: *bundle }))
            }
        };
        let inherited = if wish.is_explicit() { None } else { wish.inherited(actor, executions, resource)? };
        let place = if let Some(place) = inherited {
            place
        } else {
            let access = access.clone();
            let look = self.store().transact(move |tx| {
                Box::pin(async move {
                    match wish.explicit(tx, &access, (executions, Place::default())).await? {
                        Some(place) => Ok(place),
                        None => default_place(tx, executions).await,
                    }
                })
            });
            look.await?.0
        };
        let environment = Box::pin(self.source_environment(access, &what, place)).await?;
        Ok(Source { what, place, environment })
    }

    /// A flow has what was settled when it was saved; a script brings its own along.
    async fn source_environment(&self, access: &Access, what: &What, place: Place) -> Result<(Option<Arc<str>>, Option<Write>)> {
        match what {
            What::Connection(_) => Ok((None, None)),
            What::Flow(flow) => {
                let project = flow.row.uuid("project_id");
                Ok((self.environment_for(&flow.packages, project, flow.wants_standard).await?, None))
            }
            // Who may not run it is told so later, and nothing is asked of a package index for him.
            What::Script(_) if !access.may_ever(Operation::Create, "FLOW") => Ok((None, None)),
            What::Script(script) => {
                let (own, settled) = self.environment_of_script(script).await?;
                let key = self.environment_for(&own, place.project, environment::wants_standard(script)).await?;
                Ok((key, settled.map(|(_, write)| write)))
            }
        }
    }
}
