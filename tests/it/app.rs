//! A whole server inside the test's process: store, service, engine and HTTP on a free port, in a temporary folder.
//!
//! `TestApp::new().user("anna").start()` gives one; its users are HTTP clients. Dropped, it shuts down in order, and
//! fails a test that leaves live executions behind.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;

use flowstead::app::App;
use flowstead::clock::Clock;
use flowstead::config::Config;
use flowstead::service::{Actor, Door, KeyRequest, Service, Stat};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::agent::Agent;
use crate::client::{DEADLINE, User};

/// What a server is to be like.
pub struct TestAppBuilder {
    users: Vec<(String, Vec<String>)>,
    clock: Clock,
    config: Config,
}

/// A running server; see the module.
pub struct TestApp {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    pub service: Service,
    pub clock: Clock,
    /// The password that `admin` got at the first start.
    pub admin_password: String,
    users: HashMap<String, User>,
    ids: HashMap<String, Uuid>,
    /// The server's own.
    runtime: Handle,
    shutdown: CancellationToken,
    thread: Option<JoinHandle<()>>,
    may_leave_live: bool,
    folder: TempDir,
}

impl TestApp {
    #[allow(clippy::new_ret_no_self, reason = "reads as the app that is being made")]
    pub fn new() -> TestAppBuilder {
        let mut config = Config::default();
        // Tests count records; those that want the wrappers say so.
        config.server.shipped_bundles = false;
        TestAppBuilder { users: Vec::new(), clock: Clock::system(), config }
    }

    /// The client of a user that was asked for, or of `admin`.
    pub fn user(&self, name: &str) -> &User {
        self.users.get(name).unwrap_or_else(|| panic!("the test made no user {name}"))
    }

    /// The same user as an agent.
    pub fn agent(&self, name: &str) -> Agent {
        let id = self.ids.get(name).unwrap_or_else(|| panic!("the test made no user {name}"));
        self.agent_of(Actor::user(*id, name, Door::Mcp))
    }

    /// Anybody as an agent.
    pub fn agent_of(&self, actor: Actor) -> Agent {
        Agent::new(&self.service, actor, self.runtime.clone())
    }

    pub fn admin(&self) -> &User {
        self.user("admin")
    }

    /// Returns once so many requests wait for their answers.
    pub async fn until_in_flight(&self, count: u64) {
        let nobody = self.nobody();
        let seen = async {
            loop {
                let metrics = nobody.get("//metrics").await.text;
                let line = metrics.lines().find_map(|line| line.strip_prefix("flowstead_http_requests_in_flight "));
                // The request that asks is one of them.
                if line.and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > count) {
                    return;
                }
            }
        };
        tokio::time::timeout(DEADLINE, seen).await.expect("the requests come in");
    }

    /// Shuts down with executions under way, which the next start would take up.
    pub async fn stop_with_live_executions(mut self) {
        self.may_leave_live = true;
        tokio::task::spawn_blocking(move || drop(self)).await.expect("the server shuts down");
    }

    /// The server's data folder.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A client without a login.
    pub fn nobody(&self) -> User {
        User::nobody(&self.url)
    }
}

impl TestAppBuilder {
    /// A user without any role.
    pub fn user(self, name: &str) -> Self {
        self.user_with(name, &[])
    }

    /// A user with these roles.
    pub fn user_with(mut self, name: &str, roles: &[&str]) -> Self {
        self.users.push((name.to_owned(), roles.iter().map(|role| (*role).to_owned()).collect()));
        self
    }

    /// A clock that stands still until the test moves it.
    pub fn manual_clock(self) -> Self {
        self.manual_clock_at("2026-11-21T09:00:00Z")
    }

    /// The same from this time on.
    pub fn manual_clock_at(mut self, start: &str) -> Self {
        self.clock = Clock::manual(start.parse().expect("a time stamp"));
        self
    }

    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Starts it on a runtime of its own, so that dropping it can wait for its end.
    pub async fn start(self) -> TestApp {
        let TestAppBuilder { users, clock, mut config } = self;
        let folder = TempDir::new().expect("a temporary folder can be made");
        config.server.data = folder.path().join("data");
        config.server.listen.set_port(0);
        config.engine.slots = 2;
        let shutdown = CancellationToken::new();
        let (tell, told) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn({
            let (clock, shutdown) = (clock.clone(), shutdown.clone());
            move || serve(config, clock, shutdown, tell)
        });
        let Running { url, service, admin_password, runtime } = told.await.expect("the server starts");
        let (mut clients, mut ids) = (HashMap::new(), HashMap::new());
        for (name, roles) in std::iter::once(("admin".to_owned(), Vec::new())).chain(users) {
            let (id, key) = key(&service, &name, &roles).await;
            ids.insert(name.clone(), id);
            clients.insert(name, User::with_key(&url, &key));
        }
        TestApp {
            url,
            service,
            clock,
            admin_password,
            users: clients,
            ids,
            runtime,
            shutdown,
            thread: Some(thread),
            may_leave_live: false,
            folder,
        }
    }
}

/// What the server's thread tells once it serves.
struct Running {
    url: String,
    service: Service,
    admin_password: String,
    runtime: Handle,
}

fn serve(config: Config, clock: Clock, shutdown: CancellationToken, tell: tokio::sync::oneshot::Sender<Running>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime can be built");
    runtime.block_on(async move {
        let zygote = PathBuf::from(env!("CARGO_BIN_EXE_flowstead"));
        let app = App::start_with(config, clock, Some(zygote)).await.expect("the server starts");
        let listener = app.listen().expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let admin_password = app.first_start.as_ref().expect("an empty folder makes a first start").password.clone();
        let _ = tell.send(Running { url, service: app.service.clone(), admin_password, runtime: Handle::current() });
        app.serve(listener, shutdown).await.expect("the server serves");
        app.shut_down().await;
    });
}

/// The id and a key of a user, who is made first unless it is `admin`.
async fn key(service: &Service, name: &str, roles: &[String]) -> (Uuid, String) {
    let system = Actor::system(Door::Cli);
    let user_id = if name == "admin" {
        let users = service.user_list(&system).await.expect("users can be listed");
        users.iter().find(|(user, ..)| user == name).expect("the first start makes admin").1
    } else {
        service.user_create(&system, name, roles).await.expect("the user can be made").user_id
    };
    let request = KeyRequest { user_id, name: "test".to_owned(), scopes: json!(null), ..KeyRequest::default() };
    (user_id, service.key_create(&system, request).await.expect("a key can be made").token)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The engine counts an execution out a moment after its end is on disk.
        let given_up = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while self.service.stats().get(Stat::Live) > 0 && !self.may_leave_live && std::time::Instant::now() < given_up {
            std::thread::yield_now();
        }
        let live = self.service.stats().get(Stat::Live);
        self.shutdown.cancel();
        let ended = self.thread.take().map(|thread| {
            // A thread that hangs fails the test instead of stopping all of them.
            let (tell, told) = mpsc::channel();
            std::thread::spawn(move || tell.send(thread.join().is_ok()));
            told.recv_timeout(std::time::Duration::from_secs(60))
        });
        if !std::thread::panicking() {
            assert!(matches!(ended, Some(Ok(true))), "the server did not shut down in order");
            assert!(live == 0 || self.may_leave_live, "the test leaves live executions behind; wait for them or cancel them");
        }
    }
}
