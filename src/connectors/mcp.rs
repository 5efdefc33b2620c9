//! MCP: one call of a tool that another server offers. The protocol is spoken by `flowstead_wire`; the requests are ours.

use std::sync::Arc;
use std::time::Duration;

use flowstead_wire::{Carrier, Incoming, Outcome, Outgoing, OutgoingCall};
use futures_util::TryStreamExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::http::{self, Conduct, wrong};
use super::input;
use super::{Connect, Failure, Job, Line};
use crate::error::Result;

pub(super) struct Mcp;

#[derive(Deserialize)]
struct Inputs {
    url: String,
    #[serde(default)]
    headers: Map<String, Value>,
    tool: String,
    #[serde(default)]
    arguments: Map<String, Value>,
    #[serde(default = "input::three_hundred")]
    timeout_sec: f64,
}

impl Connect for Mcp {
    fn name(&self) -> &'static str {
        "MCP"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        http::host(&http::address(inputs.get("url").and_then(Value::as_str).unwrap_or_default(), "url")?, "url")
    }

    /// A tool may do anything.
    fn is_repeatable(&self, _: &Value) -> bool {
        false
    }

    fn only_reads(&self, _: &Value) -> bool {
        false
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let carrier = Http::new(&inputs, job.is_bound)?;
            let shown = http::shown(&carrier.url);
            let failed = |why: &str| Failure::new(format!("The tool '{}' of {shown}: {}.", inputs.tool, why.trim_end_matches('.')));
            let until = job.clock.instant().plus(Duration::try_from_secs_f64(inputs.timeout_sec).unwrap_or(Duration::MAX));
            let call = OutgoingCall { tool: inputs.tool.clone(), arguments: inputs.arguments.clone(), version: env!("CARGO_PKG_VERSION") };
            let (told, mut heard) = mpsc::unbounded_channel();
            let mut done = Box::pin(flowstead_wire::call(Arc::new(carrier), call, told));
            let done = loop {
                tokio::select! {
                    biased;
                    Some(message) = heard.recv() => say(job, message),
                    done = &mut done => break done,
                    () = job.clock.sleep_until(until) => {
                        return Err(failed(&format!("there is no answer within the timeout_sec of {} s", inputs.timeout_sec)));
                    }
                }
            };
            // What the tool said with its last step.
            while let Ok(message) = heard.try_recv() {
                say(job, message);
            }
            let Outcome { content, structured, is_error } = done.map_err(|why| failed(&why))?;
            let said = text(&content);
            let mut output = json!({ "content": content });
            if let Some(structured) = structured {
                output["structured_content"] = structured;
            }
            if is_error {
                return Err(Failure { output: Some(output), ..failed(&format!("it failed: {said}")) });
            }
            Ok(output)
        })
    }
}

fn say(job: &Job<'_>, message: String) {
    // Nobody reads on when the execution is over.
    let _ = job.log.0.send(Line { level: "info", message });
}

/// What the first block of text says, as one line.
fn text(content: &Value) -> String {
    let mut blocks = content.as_array().into_iter().flatten();
    let text = blocks.find_map(|block| block["text"].as_str()).unwrap_or("it does not say why");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Requests to one server.
struct Http {
    client: Client,
    url: Url,
    headers: HeaderMap,
    conduct: Conduct,
}

impl Http {
    fn new(inputs: &Inputs, is_bound: bool) -> Result<Http> {
        let mut headers = HeaderMap::new();
        for (name, value) in &inputs.headers {
            let place = format!("headers/{name}");
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(&place, format!("'{name}' is no name of a header.")))?;
            let value = value.as_str().map(HeaderValue::from_str);
            let Some(Ok(value)) = value else {
                return Err(wrong(&place, format!("The header '{name}' has characters that no header may have, such as a line break.")));
            };
            headers.insert(header, value);
        }
        let conduct = Conduct { read_timeout: inputs.timeout_sec, ..Conduct::default() };
        Ok(Http { client: http::of(&conduct, is_bound)?, url: http::address(&inputs.url, "url")?, headers, conduct })
    }
}

impl Carrier for Http {
    fn carry(&self, request: Outgoing) -> BoxFuture<'static, Result<Incoming, String>> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap_or_default();
        let mut sent = self.client.request(method, self.url.clone());
        for (name, value) in &request.headers {
            sent = sent.header(name, value);
        }
        // What the owner asks for goes before what the protocol says.
        let (sent, conduct) = (sent.headers(self.headers.clone()).body(request.body).send(), self.conduct.clone());
        Box::pin(async move { sent.await.map(incoming).map_err(|error| http::words(&error, &conduct)) })
    }
}

fn incoming(response: Response) -> Incoming {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Incoming {
        status: response.status().as_u16(),
        status_text: response.status().to_string(),
        content_type: text("content-type"),
        session: text("mcp-session-id"),
        body: Box::pin(response.bytes_stream().map_err(|error| std::io::Error::other(http::root(&error)))),
    }
}
