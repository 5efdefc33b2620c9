//! A thousand REST connections of one flow at once, beside the same requests by plain reqwest.

use std::time::Instant;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::case;
use super::server::Server;
use super::table::{Table, ms, quantile, times};

const COUNT: usize = 1_000;
const ROUNDS: usize = 5;

const FAN: &str = "
import time

def handler(system, this, inputs):
    begun = time.perf_counter()
    all = [this.connect(connector_type='REST', url=inputs['url'], wait=False) for n in range(inputs['count'])]
    this.wait_for(*all)
    return time.perf_counter() - begun
";

/// Measures and adds a line. The server is one with `durability = \"normal\"`: no flush is in the figure.
pub async fn measure(server: &Server, table: &mut Table) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let router = Router::new().route("/", get(|| async { axum::Json(json!({ "ok": true })) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    server.flow("fan", FAN, &Value::Null).await;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (_, record) = case::timed(server, "fan", &json!({ "url": url, "count": COUNT })).await;
        ours.push(record["output_value"].as_f64().expect("the flow returns seconds"));
        plain.push(requests(&url).await);
    }
    let [ours, plain] = [&mut ours, &mut plain].map(|seconds| quantile(seconds, 0.5));
    let baseline = (format!("plain reqwest {}", ms(plain)), times(ours / plain));
    table.compare("1,000 REST connections of one flow at once, no flush", ms(ours), baseline, "within 2x");
}

/// Seconds of the same requests, side by side; a new client each time, as the server's has closed what it kept.
async fn requests(url: &str) -> f64 {
    let client = reqwest::Client::new();
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..COUNT {
        let request = client.get(url);
        all.spawn(async move { request.send().await.expect("an answer").json::<Value>().await.expect("JSON") });
    }
    while let Some(done) = all.join_next().await {
        assert_eq!(done.expect("no panic")["ok"], true);
    }
    begun.elapsed().as_secs_f64()
}
