//! A client that does not give up: while the server is gone, or cannot write, it asks again.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::server::{Answer, Server};

/// How long a request may be repeated before something is wrong.
const DEADLINE: Duration = Duration::from_secs(300);
const BETWEEN: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub struct Caller {
    address: Arc<Mutex<String>>,
    key: String,
    client: reqwest::Client,
}

impl Caller {
    pub fn new(server: &Server) -> Caller {
        let client = reqwest::Client::builder().timeout(DEADLINE).no_proxy().build().expect("a client can be built");
        Caller { address: Arc::new(Mutex::new(server.url.clone())), key: server.key.clone(), client }
    }

    /// The server has a new address.
    pub fn moved(&self, server: &Server) {
        self.address.lock().expect("no panic happens under this lock").clone_from(&server.url);
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null, None).await
    }

    /// The first answer that is no failure of the server. A request that changes something should have an idempotency key,
    /// or be one that may be repeated.
    pub async fn send(&self, method: &str, path: &str, body: &Value, once: Option<&str>) -> Answer {
        let begun = Instant::now();
        loop {
            let last = match self.try_once(method, path, body, once).await {
                Ok(answer) if answer.status < 500 => return answer,
                Ok(answer) => format!("{answer:?}"),
                Err(error) => format!("{error:?}"),
            };
            assert!(begun.elapsed() < DEADLINE, "{method} {path} found no server within {DEADLINE:?}; last: {last}");
            tokio::time::sleep(BETWEEN).await;
        }
    }

    async fn try_once(&self, method: &str, path: &str, body: &Value, once: Option<&str>) -> reqwest::Result<Answer> {
        let url = format!("{}/api/latest{path}", self.address.lock().expect("no panic happens under this lock"));
        let mut request = self.client.request(method.parse().expect("an HTTP method"), url).bearer_auth(&self.key);
        if let Some(key) = once {
            request = request.header("idempotency-key", key);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }
}
