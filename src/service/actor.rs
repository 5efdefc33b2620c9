//! Who asks, through which door. Plain data: what an actor may do is looked up anew at every call.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::grant::Grant;
use super::location::Place;
use super::rights::PermissionSet;
use super::toolset::Toolset;
use super::trace_context::TraceContext;

/// The way a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    Rest,
    /// An agent's tool calls.
    Mcp,
    Flow,
    /// Somebody called a webhook.
    Webhook,
    /// The time of a schedule has come.
    Schedule,
    Cli,
    /// The server itself.
    Server,
}

impl Door {
    /// The word in `origin.kind` of an execution.
    pub const fn name(self) -> &'static str {
        match self {
            Door::Rest => "rest",
            Door::Mcp => "mcp",
            Door::Flow => "flow",
            Door::Webhook => "webhook",
            Door::Schedule => "schedule",
            Door::Cli => "cli",
            Door::Server => "server",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Identity {
    User {
        id: Uuid,
        /// The login name.
        name: Arc<str>,
    },
    /// Flow code.
    Execution(Arc<ExecutionIdentity>),
    /// A schedule or a webhook that starts its flow.
    Trigger(Arc<TriggerIdentity>),
    /// The server: first start, command line with the data folder in its hands. May do everything.
    System,
}

/// What is fixed about an execution that acts.
#[derive(Debug)]
pub struct ExecutionIdentity {
    pub id: Uuid,
    pub flow_id: Option<Uuid>,
    /// Where it is; what it creates goes there too.
    pub project_id: Option<Uuid>,
    pub bundle_id: Option<Uuid>,
    pub grant: Arc<Grant>,
}

impl ExecutionIdentity {
    /// Where it is.
    pub(super) fn place(&self) -> Place {
        Place { project: self.project_id, bundle: self.bundle_id }
    }
}

/// A SCHEDULE or WEBHOOK that acts.
#[derive(Debug)]
pub struct TriggerIdentity {
    pub id: Uuid,
    /// `SCHEDULE` or `WEBHOOK`.
    pub record_type: &'static str,
    pub name: Arc<str>,
    pub project_id: Option<Uuid>,
    pub bundle_id: Option<Uuid>,
}

impl TriggerIdentity {
    /// Where it is.
    pub(super) fn place(&self) -> Place {
        Place { project: self.project_id, bundle: self.bundle_id }
    }
}

/// The API key a request came with.
#[derive(Clone, Debug)]
pub struct KeyUse {
    pub id: Uuid,
    /// What narrows the user's rights; `None` narrows nothing.
    pub scopes: Option<Arc<PermissionSet>>,
    /// What agents that use it are shown.
    pub tools: Toolset,
}

/// The one who asks. Every method of the service takes it first.
#[derive(Clone, Debug)]
pub struct Actor {
    pub identity: Identity,
    pub door: Door,
    pub key: Option<KeyUse>,
    /// The session a request came with.
    pub session: Option<Uuid>,
    /// What the client calls itself (user agent), for `origin`.
    pub client: Option<Arc<str>>,
    pub address: Option<IpAddr>,
    /// What it does is part of this.
    pub trace: Option<TraceContext>,
}

impl Actor {
    /// The server itself.
    pub fn system(door: Door) -> Actor {
        Actor { identity: Identity::System, door, key: None, session: None, client: None, address: None, trace: None }
    }

    /// A user without a key.
    pub fn user(id: Uuid, name: &str, door: Door) -> Actor {
        Actor {
            identity: Identity::User { id, name: name.into() },
            door,
            key: None,
            session: None,
            client: None,
            address: None,
            trace: None,
        }
    }

    /// Flow code of an execution.
    pub fn execution(identity: ExecutionIdentity) -> Actor {
        Actor {
            identity: Identity::Execution(Arc::new(identity)),
            door: Door::Flow,
            key: None,
            session: None,
            client: None,
            address: None,
            trace: None,
        }
    }

    /// A schedule or a webhook.
    pub fn trigger(identity: TriggerIdentity) -> Actor {
        let door = if identity.record_type == "WEBHOOK" { Door::Webhook } else { Door::Schedule };
        Actor { identity: Identity::Trigger(Arc::new(identity)), door, key: None, session: None, client: None, address: None, trace: None }
    }

    /// Within this trace.
    #[must_use]
    pub fn within(mut self, trace: Option<TraceContext>) -> Actor {
        self.trace = trace;
        self
    }

    /// What the client calls itself; cut at 200 characters.
    #[must_use]
    pub fn with_client(mut self, client: Option<&str>) -> Actor {
        self.client = client.map(|text| text.chars().take(200).collect::<String>().into());
        self
    }

    /// The id of the identity, as in `created_by`.
    pub fn id(&self) -> Option<Uuid> {
        match &self.identity {
            Identity::User { id, .. } => Some(*id),
            Identity::Execution(execution) => Some(execution.id),
            Identity::Trigger(trigger) => Some(trigger.id),
            Identity::System => None,
        }
    }

    /// The user it acts for in the end.
    pub fn user_id(&self) -> Option<Uuid> {
        match &self.identity {
            Identity::User { id, .. } => Some(*id),
            Identity::Execution(execution) => execution.grant.user,
            Identity::Trigger(_) | Identity::System => None,
        }
    }

    /// A name for messages: who cancelled, who changed.
    pub fn shown(&self) -> String {
        match &self.identity {
            Identity::User { name, .. } => format!("user {name}"),
            Identity::Execution(execution) => format!("execution {}", execution.id),
            Identity::Trigger(trigger) => format!("{} {}", trigger.record_type.to_lowercase(), trigger.name),
            Identity::System => "the server".to_owned(),
        }
    }

    /// `origin` of an execution that it starts.
    pub fn origin(&self) -> Value {
        json!({
            "kind": self.door.name(),
            "identity_id": self.id().map(|id| id.to_string()),
            "api_key_id": self.key.as_ref().map(|key| key.id.to_string()),
            "client": self.client.as_deref(),
        })
    }
}
