//! A real server process with a data folder of its own, and an HTTP client that acts as its administrator.
//! Never reaches into the server: everything a test learns comes over HTTP, from `/proc` or from the command line.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long anything here may take before a test gives up on it.
const DEADLINE: Duration = Duration::from_secs(120);
/// Whether a workspace begins with the bundles that come with the server.
pub const BUNDLES: &str = "FLOWSTEAD_SERVER_SHIPPED_BUNDLES";
/// A variable of the server's environment that no flow may see.
pub const SECRET: (&str, &str) = ("DATABASE_PASSWORD", "not-for-flows-7d1f");

/// A running `flowstead serve`; killed when dropped.
pub struct Server {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    /// An API key of the user `admin`.
    pub key: String,
    pub child: Child,
    program: PathBuf,
    data: TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    client: reqwest::Client,
}

/// An answer: the status code and the JSON body, null when there is none.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Server {
    /// Starts a server on a free port with an empty data folder.
    pub async fn start() -> Server {
        Server::start_with(&[]).await
    }

    /// As [`Server::start`], with lines of configuration.
    pub async fn start_with(config: &[&str]) -> Server {
        Server::start_in(TempDir::new().expect("a temporary folder can be made"), config).await
    }

    /// As [`Server::start_with`], with the data folder below `data`.
    pub async fn start_in(data: TempDir, config: &[&str]) -> Server {
        Server::start_as(data, config, Vec::new()).await
    }

    /// As [`Server::start_in`], with more variables in its environment.
    pub async fn start_as(data: TempDir, config: &[&str], environment: Vec<(String, String)>) -> Server {
        let mut arguments = vec!["serve".to_owned(), "--listen".to_owned(), "127.0.0.1:0".to_owned()];
        arguments.extend(["--data".to_owned(), data.path().join("data").display().to_string()]);
        if !config.is_empty() {
            let file = data.path().join("flowstead.toml");
            std::fs::write(&file, config.join("\n")).expect("the configuration can be written");
            arguments.extend(["--config".to_owned(), file.display().to_string()]);
        }
        let program = PathBuf::from(env!("CARGO_BIN_EXE_flowstead"));
        let (child, url) = spawn(&program, (&arguments, &environment), data.path()).await;
        let key = make_key(&program, &data.path().join("data")).await;
        Server { url, key, child, program, data, arguments, environment, client: client() }
    }

    /// The server's data folder.
    pub fn folder(&self) -> PathBuf {
        self.data.path().join("data")
    }

    /// Kills the server as a power cut would, and waits until it is gone.
    pub async fn kill9(&mut self) {
        self.child.kill().await.expect("the server can be killed");
    }

    /// Lets the server shut down in order, and waits until it is gone.
    pub async fn stop(&mut self) {
        let pid = i32::try_from(self.child.id().expect("the server runs")).expect("a process number is small");
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM).expect("the server can be told");
        let left = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        left.unwrap_or_else(|_| panic!("the server does not leave:\n{}", self.log())).expect("the server ends");
    }

    /// Starts a server that has ended again on the same data; the port is a new one.
    pub async fn restart(&mut self) {
        let (child, url) = spawn(&self.program, (&self.arguments, &self.environment), self.data.path()).await;
        self.child = child;
        self.url = url;
        self.client = client();
    }

    /// Sends a request to `path` below `/api/latest`; a `Null` body sends none.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(body);
        }
        answer(request).await
    }

    /// A request with the administrator's key, for tests that send what [`Server::send`] would not.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("an HTTP method");
        self.client.request(method, format!("{}/api/latest{path}", self.url)).bearer_auth(&self.key)
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body).await
    }

    /// Saves a flow; further columns come as an object.
    pub async fn flow(&self, name: &str, script: &str, columns: &Value) {
        let mut body = columns.as_object().cloned().unwrap_or_default();
        body.insert("name".to_owned(), json!(name));
        body.insert("script".to_owned(), json!(script));
        let saved = self.post("/flow?plain=true", &Value::Object(body)).await;
        assert!(matches!(saved.status, 200 | 201), "saving the flow {name} was answered with {saved:?}");
    }

    /// Starts a flow by name and gives the execution's id.
    pub async fn launch(&self, flow: &str, input: &Value) -> String {
        let started = self.post("/execution?plain=true", &json!({ "flow_name": flow, "input_value": input })).await;
        assert_eq!(started.status, 201, "starting {flow} was answered with {started:?}");
        started.body["id"].as_str().expect("an execution has an id").to_owned()
    }

    /// Waits until an execution has ended and gives its record.
    pub async fn ended(&self, id: &str) -> Value {
        let waiting = async {
            loop {
                let seen = self.get(&format!("/execution/{id}/wait?timeout=25&plain=true")).await;
                assert_eq!(seen.status, 200, "waiting for execution {id} was answered with {seen:?}");
                if seen.body["status"].as_str().is_some_and(|s| s.starts_with("ENDED_")) {
                    return seen.body;
                }
            }
        };
        let Ok(record) = tokio::time::timeout(DEADLINE, waiting).await else {
            panic!("execution {id} did not end within {DEADLINE:?}: {:?}", self.get(&format!("/execution/{id}")).await);
        };
        record
    }

    /// Waits until an execution's record is as wanted, and gives it.
    pub async fn until(&self, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1200 {
            let record = self.get(&format!("/execution/{id}?plain=true")).await.body;
            if holds(&record) {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it stays {}", self.get(&format!("/execution/{id}?plain=true")).await.body)
    }

    /// The numbers that an execution has logged as `pid N`, once there are `count`.
    pub async fn pids(&self, id: &str, count: usize) -> Vec<i32> {
        for _ in 0..1200 {
            let messages = self.messages(id).await;
            let found: Vec<i32> = messages.iter().filter_map(|m| m.strip_prefix("pid ")?.parse().ok()).collect();
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("execution {id} did not come that far: {:?}", self.messages(id).await);
    }

    /// Runs a flow to its end.
    pub async fn run(&self, flow: &str, input: &Value) -> Value {
        let id = self.launch(flow, input).await;
        self.ended(&id).await
    }

    /// Every log entry of an execution, in order.
    pub async fn logs(&self, id: &str) -> Vec<Value> {
        let mut entries: Vec<Value> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |e| e["seq"].as_u64().expect("a log entry has a number"));
            let page = self.get(&format!("/execution/{id}/logs?limit=1000&after={after}")).await;
            assert_eq!(page.status, 200, "reading the log of {id} was answered with {page:?}");
            let items = page.body["items"].as_array().cloned().unwrap_or_default();
            if items.is_empty() {
                return entries;
            }
            entries.extend(items);
        }
    }

    /// The messages of an execution's whole log.
    pub async fn messages(&self, id: &str) -> Vec<String> {
        self.logs(id).await.iter().map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A number that `/metrics` tells.
    pub async fn metric(&self, name: &str) -> u64 {
        let request = self.client.get(self.url.clone() + "/metrics").bearer_auth(&self.key);
        let text = request.send().await.expect("an answer").text().await.expect("text");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|n| n.trim().parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
    }

    /// What the server wrote on standard error.
    pub fn whole_log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("server.log")).unwrap_or_default()
    }

    /// The tail of what the server wrote on standard error.
    pub fn log(&self) -> String {
        let text = self.whole_log();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to kill.
        let _ = self.child.start_kill();
        if std::thread::panicking() {
            eprintln!("--- the server's log ends with:\n{}", self.log());
        } else {
            assert!(!self.whole_log().contains("refused by the database"), "a write was lost:\n{}", self.log());
        }
    }
}

/// Sends a request and reads the answer as JSON.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let text = response.text().await.expect("an answer has a whole body");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    Answer { status, body }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(DEADLINE).no_proxy().build().expect("a client can be built")
}

async fn spawn(program: &Path, (arguments, environment): (&[String], &[(String, String)]), folder: &Path) -> (Child, String) {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("server.log")).expect("the log can be opened");
    let mut child = Command::new(program)
        .args(arguments)
        .env(SECRET.0, SECRET.1)
        // Tests count records; those that want the wrappers say so.
        .env(BUNDLES, "false")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("the binary can be started");
    let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
    let reading = async {
        while let Some(line) = lines.next_line().await.expect("its output is text") {
            if let Some(at) = line.find("http://127.0.0.1:") {
                return line[at..].split_whitespace().next().expect("the address is not blank").trim_end_matches('/').to_owned();
            }
        }
        let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
        panic!("the server left without printing its address:\n{log}");
    };
    let url = tokio::time::timeout(DEADLINE, reading).await.expect("the server prints its address in time");
    // What it prints later must not fill the pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, url)
}

async fn make_key(program: &Path, data: &Path) -> String {
    let made = Command::new(program).args(["key", "create", "--user", "admin", "--name", "tests", "--data"]).arg(data).output();
    let made = tokio::time::timeout(DEADLINE, made).await.expect("a key is made in time").expect("the binary can be started");
    assert!(made.status.success(), "making a key failed: {}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).expect("a key is text").trim().to_owned()
}
