//! News for doors that keep listeners: what they showed before may look different now. Nothing in it is to be acted on.

use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;

use super::command::Command;
use super::limit;
use super::message;
use super::record_write::Call;
use super::row::id_of;
use crate::store::Row;

/// What changed. It is told when a write has been done, which is before it is on disk: see [`super::Service::settled`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// User tools, or a flow behind one.
    UserTools,
    /// Who may do what.
    Rights,
    /// Something noted on a record.
    Metadata { record: Uuid, key: String },
    /// An execution; this one is on disk.
    Execution(Uuid),
    /// An execution asked something, or what it asks has changed.
    Asked { execution: Uuid },
}

type Listener = Box<dyn Fn(&News) + Send + Sync>;

/// Who listens. A cheap handle.
#[derive(Clone, Default)]
pub struct Listeners(Arc<RwLock<Vec<Listener>>>);

impl Listeners {
    /// Calls `listener` with all news from now on. It must return at once.
    pub fn add(&self, listener: impl Fn(&News) + Send + Sync + 'static) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(listener));
    }

    pub(super) fn tell(&self, news: &News) {
        for listener in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            listener(news);
        }
    }
}

impl Call {
    /// A record was written, deleted or restored (`row` as it now is): what was looked up before is forgotten, listeners
    /// are told. Inside the transaction, so that it happens even if nobody waits for the answer any more; whatever is
    /// looked up from then on, on the writer's connection, is the new state.
    pub(super) fn announce(&self, row: &Row, is_gone: bool) {
        let service = &self.service;
        service.forget(self.record_type.name);
        limit::announce(service, self.record_type.name, row, is_gone);
        message::announce(service, self.record_type.name, row, is_gone);
        if self.record_type.name == "SCHEDULE" {
            service.commands().tell(Command::ScheduleChanged { id: id_of(row) });
        }
        if self.record_type.name == "WORKSPACE" {
            service.retained().rules().clear();
        }
        let news = match self.record_type.name {
            "MCP_USER_TOOL" | "SCHEMA" => News::UserTools,
            "FLOW" if service.user_tool_cache().shows(id_of(row), Some(row).filter(|_| !is_gone)) => News::UserTools,
            "USER" | "ROLE" | "ROLE_PERMISSION" | "IDENTITY_ROLE" | "API_KEY" => News::Rights,
            "RECORD_METADATA" => {
                service.mcp_switch().note(row, is_gone);
                let key = row.text("key").unwrap_or_default().to_owned();
                News::Metadata { record: row.uuid("record_id").unwrap_or_default(), key }
            }
            "MESSAGE" if !is_gone && !row.flag("is_submitted") => match row.uuid("execution_id") {
                Some(execution) => News::Asked { execution },
                None => return,
            },
            _ => return,
        };
        if news == News::UserTools {
            service.user_tool_cache().clear();
        }
        service.listeners().tell(&news);
    }
}
