//! The handle to the service: what it holds, and how it is opened. Cheap to clone.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use uuid::Uuid;

use super::cache::Cache;
use super::command::{Commands, EngineStats, Events};
use super::connection::Turns;
use super::environment::Packages;
use super::flow::FlowCache;
use super::idempotency::Idempotency;
use super::identity::Identities;
use super::key::Keys;
use super::mcp_switch::McpSwitch;
use super::news::Listeners;
use super::password::Passwords;
use super::retention::Retained;
use super::schema_check::{self, Schemas};
use super::seal::Seals;
use super::session::Sessions;
use super::throttle::Throttle;
use super::user_tool;
use super::wrapper::Wrappers;
use crate::clock::{self, Clock, Instant};
use crate::config::Config;
use crate::error::Result;
use crate::protocol::SandboxLine;
use crate::store::Store;

/// Everything that can be asked for, with an actor. See the methods of its `impl` blocks, one file a noun.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    config: Config,
    commands: Commands,
    events: Events,
    listeners: Listeners,
    stats: Arc<EngineStats>,
    seals: Seals,
    passwords: Passwords,
    throttle: Throttle,
    schemas: Schemas,
    identities: Identities,
    keys: Keys,
    sessions: Sessions,
    flows: FlowCache,
    user_tools: user_tool::Cached,
    /// Whether a project or a bundle is read-only.
    places: Cache<Uuid, bool>,
    mcp_switch: McpSwitch,
    packages: Packages,
    wrappers: Wrappers,
    turns: Turns,
    /// The one WORKSPACE row, once it exists.
    workspace: OnceLock<Uuid>,
    /// The one ORGANIZATION row, once it exists.
    organization: OnceLock<Uuid>,
    idempotency: Idempotency,
    retained: Retained,
    opened: Instant,
    sandbox: Mutex<Vec<SandboxLine>>,
}

impl Service {
    /// Opens the service on a store, with the configured key file, which the first start makes.
    pub async fn open(store: Store, clock: Clock, config: &Config, commands: Commands) -> Result<Service> {
        let listeners = Listeners::default();
        let inner = Inner {
            seals: Seals::open(&store, &config.key_file()).await?,
            throttle: Throttle::new(clock.clone(), &config.auth),
            config: config.clone(),
            store,
            opened: clock.instant(),
            clock,
            commands,
            events: Events::new(listeners.clone()),
            listeners,
            stats: Arc::default(),
            passwords: Passwords::new(),
            schemas: Schemas::new(),
            identities: Identities::new(),
            keys: Keys::new(),
            sessions: Sessions::new(),
            flows: FlowCache::new(),
            user_tools: user_tool::Cached::new(),
            places: Cache::new(10_000),
            mcp_switch: McpSwitch::new(),
            packages: Packages::new(),
            wrappers: Wrappers::new(),
            turns: Turns::default(),
            workspace: OnceLock::new(),
            organization: OnceLock::new(),
            idempotency: Idempotency::default(),
            retained: Retained::default(),
            sandbox: Mutex::default(),
        };
        let service = Service { inner: Arc::new(inner) };
        service.audit_open().await?;
        Ok(service)
    }

    /// Wake-ups by execution id.
    pub fn events(&self) -> &Events {
        &self.inner.events
    }

    /// Who is told that something changed.
    pub fn listeners(&self) -> &Listeners {
        &self.inner.listeners
    }

    /// Resolves when all that was done so far is on disk.
    pub async fn settled(&self) -> Result<()> {
        self.inner.store.barrier().await
    }

    /// The engine's counters.
    pub fn stats(&self) -> &Arc<EngineStats> {
        &self.inner.stats
    }

    /// The way to the engine.
    pub fn commands(&self) -> &Commands {
        &self.inner.commands
    }

    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The store, for the engine's journal. Doors go through the methods that take an actor.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The key of an execution's argument hashes, which stays as it is whatever becomes of the key file. `base` is the number of
    /// the base that was in use when the journal was begun.
    pub fn hash_key(&self, base: u32, execution: Uuid) -> [u8; 32] {
        let seals = &self.inner.seals;
        // Without that base nothing fits, which a replay says.
        let base = seals.base(base).unwrap_or_else(|| seals.keys().base().1);
        base.derive("argument hashes", execution.as_bytes())
    }

    /// Checks the output of an execution against its `output_schema`; every breach is listed in `details`.
    pub fn output_check(&self, schema: &serde_json::Value, output: &serde_json::Value) -> Result<()> {
        schema_check::output_check(&self.inner.schemas, schema, output)
    }

    /// The count of statements so far: an idle server's stands still.
    pub fn statements(&self) -> u64 {
        self.inner.store.statements()
    }

    /// Which parts of the sandbox hold, as the first worker reported it; empty before.
    pub fn sandbox(&self) -> Vec<SandboxLine> {
        self.inner.sandbox.lock().expect("no panic happens under this lock").clone()
    }

    /// How long ago it was opened.
    pub(super) fn uptime(&self) -> Duration {
        self.clock().instant().since(self.inner.opened)
    }

    /// What retention did.
    pub fn retained(&self) -> &Retained {
        &self.inner.retained
    }

    /// Keeps a worker's report for whoever asks.
    pub fn sandbox_report(&self, report: Vec<SandboxLine>) {
        *self.inner.sandbox.lock().expect("no panic happens under this lock") = report;
    }

    pub(super) fn seals(&self) -> &Seals {
        &self.inner.seals
    }

    pub(super) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(super) fn throttle(&self) -> &Throttle {
        &self.inner.throttle
    }

    pub(super) fn schemas(&self) -> &Schemas {
        &self.inner.schemas
    }

    pub(super) fn identities(&self) -> &Identities {
        &self.inner.identities
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    pub(super) fn flows(&self) -> &FlowCache {
        &self.inner.flows
    }

    pub(super) fn user_tool_cache(&self) -> &user_tool::Cached {
        &self.inner.user_tools
    }

    pub(super) fn mcp_switch(&self) -> &McpSwitch {
        &self.inner.mcp_switch
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.inner.turns
    }

    pub(super) fn wrappers(&self) -> &Wrappers {
        &self.inner.wrappers
    }

    pub(super) fn packages(&self) -> &Packages {
        &self.inner.packages
    }

    pub(super) fn places(&self) -> &Cache<Uuid, bool> {
        &self.inner.places
    }

    /// The id of the workspace, once the first start has made it.
    pub fn workspace_id(&self) -> Option<Uuid> {
        self.inner.workspace.get().copied()
    }

    /// The id of the organization, once a start has made it.
    pub(super) fn organization_id(&self) -> Option<Uuid> {
        self.inner.organization.get().copied()
    }

    pub(super) fn organization_found(&self, id: Uuid) {
        // A second finder finds the same row.
        let _ = self.inner.organization.set(id);
    }

    pub(super) fn workspace_found(&self, id: Uuid) {
        // A second finder finds the same row.
        let _ = self.inner.workspace.set(id);
    }

    pub(super) fn idempotency(&self) -> &Idempotency {
        &self.inner.idempotency
    }

    /// What `work` gives, or `None` when the clock has moved on by `limit` before.
    pub(super) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let clock = &self.inner.clock;
        tokio::select! {
            biased;
            value = work => Some(value),
            () = clock.sleep_until(clock.instant().plus(limit)) => None,
        }
    }

    /// Now, as rows hold it.
    pub(super) fn now_text(&self) -> String {
        clock::format(self.inner.clock.now())
    }

    /// A new id; ids of one server sort in the order they were made.
    pub(super) fn new_id() -> Uuid {
        Uuid::now_v7()
    }

    /// Forgets what was looked up of records of this type, since one was written.
    pub(super) fn forget(&self, record_type: &str) {
        match record_type {
            "USER" | "ROLE" | "ROLE_PERMISSION" | "IDENTITY_ROLE" => {
                self.inner.identities.clear();
                self.inner.keys.clear();
                self.inner.sessions.clear();
            }
            "API_KEY" => self.inner.keys.clear(),
            // Flows are kept with the schemas that theirs refer to.
            "FLOW" | "SCHEMA" => {
                self.inner.flows.clear();
                // The role of a trigger follows its flow.
                self.inner.identities.clear();
            }
            "SCHEDULE" | "WEBHOOK" => self.inner.identities.clear(),
            "PROJECT" | "BUNDLE" => {
                self.inner.places.clear();
                self.inner.packages.clear();
            }
            "WORKSPACE" => self.inner.packages.clear(),
            "WRAPPER" | "RESOURCE_WRAPPER" => self.inner.wrappers.clear(),
            _ => {}
        }
    }
}
