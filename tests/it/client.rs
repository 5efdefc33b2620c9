//! Users as HTTP clients: requests below `/api/latest`, answers with status, headers and JSON.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

/// How long anything may take before a test gives up on it.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Somebody who sends requests.
#[derive(Clone)]
pub struct User {
    url: String,
    key: Option<String>,
    client: reqwest::Client,
}

/// An answer: status, headers, and the JSON body, null when there is none.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl User {
    pub fn nobody(url: &str) -> User {
        let client =
            reqwest::Client::builder().timeout(DEADLINE).no_proxy().redirect(Policy::none()).build().expect("a client can be built");
        User { url: url.to_owned(), key: None, client }
    }

    pub fn with_key(url: &str, key: &str) -> User {
        User { key: Some(key.to_owned()), ..User::nobody(url) }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// A request to `path` below `/api/latest`, or from the root when it begins with `//`.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = match path.strip_prefix("//") {
            Some(rest) => format!("{}/{rest}", self.url),
            None => format!("{}/api/latest{path}", self.url),
        };
        let request = self.client.request(method.parse().expect("an HTTP method"), url);
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// A `Null` body sends none.
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path);
        answer(if body.is_null() { request } else { request.json(body) }).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, &body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &Value::Null).await
    }

    /// Creates a record and gives its id.
    pub async fn make(&self, of: &str, body: Value) -> String {
        let made = self.post(&format!("/{of}?plain=true"), body).await.expect(201);
        made["id"].as_str().expect("a record has an id").to_owned()
    }

    /// Saves a flow and gives its id.
    pub async fn flow(&self, name: &str, script: &str) -> String {
        self.make("flow", json!({"name": name, "script": script})).await
    }
}

impl Answer {
    /// The body of an answer that must have this status.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "answered {} with {}", self.status, self.text);
        self.body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The message of an error that must have this status and code.
    pub fn refusal(self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{body}");
        assert!(body["request_id"].as_str().is_some_and(|id| id.len() == 36), "{body}");
        body["error_message"].as_str().expect("an error has a message").to_owned()
    }
}

/// Sends a request and reads the answer.
pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("an answer has a whole body");
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, headers, body, text }
}
