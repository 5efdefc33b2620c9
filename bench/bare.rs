//! The bare thing MCP calls are compared with: an axum handler that reads the same row of the same database, nothing else.
//! The benchmark starts itself again in this role, so that its CPU time is counted apart.

use std::process::Stdio;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Column, Row, SqlitePool};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::RwLock;

/// The argument that chooses this role, followed by the database.
pub const ROLE: &str = "bare-axum";

/// A child process that serves MCP-like calls at `url`; killed when dropped.
pub struct Other {
    pub url: String,
    pub child: Child,
}

impl Other {
    /// Starts a program that prints its URL as its first line.
    pub async fn start(mut command: Command) -> Other {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the other server can be started");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is a pipe")).lines();
        let url = lines.next_line().await.expect("its output is text").expect("it prints its URL");
        Other { url, child }
    }

    pub fn pid(&self) -> u32 {
        self.child.id().expect("the other server runs")
    }
}

/// Serves until it is killed.
#[allow(clippy::print_stdout, reason = "the URL is told on stdout")]
pub async fn serve(database: &str) {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await.expect("the database can be read");
    let kept: Arc<RwLock<Bytes>> = Arc::default();
    let router = Router::new()
        .route("/call", post(call).with_state(pool))
        .route("/keep", post(keep).with_state(kept.clone()))
        .route("/kept", get(give).post(give).with_state(kept));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("a listener has an address"));
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await.expect("it serves until it is killed");
}

async fn call(State(pool): State<SqlitePool>, Json(request): Json<Value>) -> Json<Value> {
    let id = request["params"]["arguments"]["record_id"].as_str().unwrap_or_default().to_owned();
    let row = sqlx::query("select t.* from flow as t where t.id = $1 limit 1").bind(id).fetch_one(&pool).await.expect("the row is there");
    let value = |at: usize| match row.try_get::<Option<String>, _>(at) {
        Ok(text) => text.map_or(Value::Null, Value::from),
        Err(_) => row.try_get::<Option<i64>, _>(at).map_or(Value::Null, Value::from),
    };
    let record: Map<String, Value> = row.columns().iter().map(|c| (c.name().to_owned(), value(c.ordinal()))).collect();
    let text = Value::Object(record.clone()).to_string();
    let result = json!({ "content": [{ "type": "text", "text": text }], "structuredContent": record, "isError": false });
    Json(json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }))
}

async fn keep(State(kept): State<Arc<RwLock<Bytes>>>, body: Bytes) {
    *kept.write().await = body;
}

async fn give(State(kept): State<Arc<RwLock<Bytes>>>) -> impl IntoResponse {
    ([("content-type", "application/json")], kept.read().await.clone())
}
