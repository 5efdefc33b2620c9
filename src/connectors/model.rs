//! OPENAI and AZUREAI: one answer of a language model, over the interface that most services speak.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::http::{self, Conduct, wrong};
use super::input;
use super::{Connect, Failure, Job, Line};
use crate::error::Result;

/// Tries of a service that says it is busy.
const TRIES: u32 = 4;
/// The longest pause between them that a service can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

pub(super) struct Chat {
    name: &'static str,
    /// The model is a part of the address, and the key has a header of its own.
    is_azure: bool,
}

pub(super) static OPENAI: Chat = Chat { name: "OPENAI", is_azure: false };
pub(super) static AZUREAI: Chat = Chat { name: "AZUREAI", is_azure: true };

#[derive(Deserialize)]
struct Inputs {
    #[serde(default = "openai")]
    base_url: String,
    token: Option<String>,
    #[serde(default = "version")]
    api_version: String,
    model: String,
    messages: Value,
    tools: Option<Value>,
    response_format: Option<Value>,
    temperature: Option<f64>,
    max_tokens: Option<i64>,
    #[serde(default)]
    stream: bool,
    #[serde(default = "input::ten")]
    connect_timeout: f64,
    #[serde(default = "input::three_hundred")]
    timeout: f64,
}

fn openai() -> String {
    "https://api.openai.com/v1".to_owned()
}

fn version() -> String {
    "2024-10-21".to_owned()
}

impl Connect for Chat {
    fn name(&self) -> &'static str {
        self.name
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        let base = inputs.get("base_url").and_then(Value::as_str).map_or_else(openai, str::to_owned);
        http::host(&address(&base)?, "base_url")
    }

    /// Nothing changes over there. It may cost twice, which is less than to lose the execution.
    fn is_repeatable(&self, _: &Value) -> bool {
        true
    }

    fn only_reads(&self, _: &Value) -> bool {
        true
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs: Inputs = input::read(job.inputs)?;
            let seconds = inputs.timeout;
            let limit = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
            let until = job.clock.instant().plus(limit);
            tokio::select! {
                biased;
                answer = self.ask(&inputs, job) => answer,
                () = job.clock.sleep_until(until) => Err(Failure::new(format!("The model has not answered within the timeout of {seconds} s."))),
            }
        })
    }
}

impl Chat {
    async fn ask(&self, inputs: &Inputs, job: &Job<'_>) -> Result<Value, Failure> {
        let conduct = Conduct { connect_timeout: inputs.connect_timeout, read_timeout: inputs.timeout, ..Conduct::default() };
        let request = self.request(inputs, &conduct, job.is_bound)?;
        let mut tries = 0;
        let response = loop {
            tries += 1;
            let again = request.try_clone().ok_or_else(|| Failure::new("The request cannot be made."))?;
            let sent = again.send().await;
            let response = sent.map_err(|e| Failure::new(format!("{}: {}.", self.name, http::words(&e, &conduct))))?;
            let is_busy = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
            if !is_busy || tries >= TRIES {
                break response;
            }
            let pause = http::retry_after(&response).unwrap_or(Duration::from_secs(1 << tries)).min(LONGEST_PAUSE);
            job.log.warning(format!("The service answered {}; it is asked again in {} s.", response.status(), pause.as_secs()));
            job.clock.sleep_until(job.clock.instant().plus(pause)).await;
        };
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let whole = if inputs.stream {
            self.stream(response, job).await?
        } else {
            let body = response.json::<Value>().await;
            body.map_err(|e| Failure::new(format!("{}: the answer is no JSON, or broke off ({}).", self.name, http::root(&e))))?
        };
        let choice = &whole["choices"][0];
        if !choice["message"].is_object() {
            return Err(Failure::new(format!("{}: the answer has no message; is this the address of such a service?", self.name)));
        }
        let mut output = Map::new();
        for (name, value) in [("message", &choice["message"]), ("usage", &whole["usage"]), ("finish_reason", &choice["finish_reason"])] {
            if !value.is_null() {
                output.insert(name.to_owned(), value.clone());
            }
        }
        Ok(Value::Object(output))
    }

    fn request(&self, inputs: &Inputs, conduct: &Conduct, is_bound: bool) -> Result<RequestBuilder, Failure> {
        let mut body = json!({ "model": inputs.model, "messages": inputs.messages });
        let given = [
            ("tools", inputs.tools.clone()),
            ("response_format", inputs.response_format.clone()),
            ("temperature", inputs.temperature.map(Value::from)),
            ("max_tokens", inputs.max_tokens.map(Value::from)),
            ("stream", inputs.stream.then(|| true.into())),
            ("stream_options", inputs.stream.then(|| json!({ "include_usage": true }))),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        let mut url = address(&inputs.base_url)?;
        {
            let mut path = url.path_segments_mut().map_err(|()| wrong("base_url", "'base_url' has no host.".to_owned()))?;
            path.pop_if_empty();
            if self.is_azure {
                path.extend(["openai", "deployments", inputs.model.as_str()]);
            }
            path.extend(["chat", "completions"]);
        }
        if self.is_azure {
            url.query_pairs_mut().append_pair("api-version", &inputs.api_version);
        }
        let request = http::of(conduct, is_bound)?.post(url).json(&body);
        Ok(match &inputs.token {
            Some(token) if self.is_azure => request.header("api-key", token),
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// What the service says is wrong.
    async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        let said = body["error"]["message"].as_str().or_else(|| body["error"].as_str()).or_else(|| body["message"].as_str());
        Failure::new(format!("{} answered {status}: {}", self.name, said.unwrap_or("it says nothing more.")))
    }

    /// Puts the pieces of a streamed answer together, and logs its lines as they are whole.
    async fn stream(&self, mut response: Response, job: &Job<'_>) -> Result<Value, Failure> {
        let broken = |why: &str| Failure::new(format!("{}: the answer broke off ({why}).", self.name));
        let (mut answer, mut bytes) = (Answer::default(), Vec::new());
        while !answer.is_over {
            let chunk = response.chunk().await.map_err(|e| broken(&http::root(&e)))?;
            let Some(chunk) = chunk else { break };
            bytes.extend_from_slice(&chunk);
            if bytes.len() > job.file_limit {
                return Err(broken("it has no end"));
            }
            while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = bytes.drain(..=end).collect();
                answer.take(&String::from_utf8_lossy(&line)).map_err(|why| broken(&why))?;
                for message in answer.lines() {
                    // Nobody reads on when the execution is over.
                    let _ = job.log.0.send(Line { level: "info", message });
                }
            }
        }
        if !answer.is_over && answer.finish_reason.is_null() {
            return Err(broken("its last piece did not come"));
        }
        if let Some(message) = answer.rest() {
            let _ = job.log.0.send(Line { level: "info", message });
        }
        Ok(answer.whole())
    }
}

/// A streamed answer as far as it has come.
#[derive(Default)]
struct Answer {
    content: String,
    /// How much of `content` was logged.
    logged: usize,
    /// By their index.
    calls: Vec<Value>,
    usage: Value,
    finish_reason: Value,
    is_over: bool,
}

impl Answer {
    /// Takes one line of the event stream.
    fn take(&mut self, line: &str) -> Result<(), String> {
        let Some(data) = line.trim().strip_prefix("data:").map(str::trim) else { return Ok(()) };
        if data == "[DONE]" {
            self.is_over = true;
            return Ok(());
        }
        let piece: Value = serde_json::from_str(data).map_err(|_| "a piece is no JSON".to_owned())?;
        if let Some(message) = piece["error"]["message"].as_str() {
            return Err(message.to_owned());
        }
        if piece["usage"].is_object() {
            self.usage = piece["usage"].clone();
        }
        let choice = &piece["choices"][0];
        if !choice["finish_reason"].is_null() {
            self.finish_reason = choice["finish_reason"].clone();
        }
        self.content.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            self.call(call);
        }
        Ok(())
    }

    /// The name of a tool comes once, its arguments bit by bit.
    fn call(&mut self, piece: &Value) {
        let index = piece["index"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0).min(self.calls.len());
        if index == self.calls.len() {
            self.calls.push(json!({ "id": "", "type": "function", "function": { "name": "", "arguments": "" } }));
        }
        let call = &mut self.calls[index];
        if let Some(id) = piece["id"].as_str() {
            call["id"] = id.into();
        }
        for part in ["name", "arguments"] {
            if let Some(more) = piece["function"][part].as_str() {
                let so_far = call["function"][part].as_str().unwrap_or_default().to_owned();
                call["function"][part] = (so_far + more).into();
            }
        }
    }

    /// Lines that are whole and were not logged yet.
    fn lines(&mut self) -> Vec<String> {
        let new = &self.content[self.logged..];
        let Some(end) = new.rfind('\n') else { return Vec::new() };
        let lines = new[..end].split('\n').map(str::to_owned).collect();
        self.logged += end + 1;
        lines
    }

    /// What stands after the last line's end.
    fn rest(&self) -> Option<String> {
        Some(self.content[self.logged..].to_owned()).filter(|text| !text.is_empty())
    }

    /// As it would have come in one piece.
    fn whole(self) -> Value {
        let mut message = json!({ "role": "assistant", "content": self.content });
        if !self.calls.is_empty() {
            message["tool_calls"] = self.calls.into();
        }
        json!({ "choices": [{ "message": message, "finish_reason": self.finish_reason }], "usage": self.usage })
    }
}

fn address(base: &str) -> Result<Url> {
    http::address(base, "base_url")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_the_answer_they_are_of() {
        let mut answer = Answer::default();
        let mut lines = Vec::new();
        for piece in [
            r#"data: {"choices":[{"delta":{"role":"assistant","content":"one\ntw"}}]}"#,
            ": a comment",
            "",
            r#"data: {"choices":[{"delta":{"content":"o\n"}}]}"#,
            r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"look","arguments":"{\"a\""}}]}}]}"#,
            r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"tool_calls"}]}"#,
            r#"data: {"choices":[],"usage":{"total_tokens":7}}"#,
            "data: [DONE]",
        ] {
            answer.take(piece).expect("a piece");
            lines.extend(answer.lines());
        }
        assert_eq!((lines, answer.rest(), answer.is_over), (vec!["one".to_owned(), "two".to_owned()], None, true));
        let whole = answer.whole();
        assert_eq!(whole["choices"][0]["message"]["content"], "one\ntwo\n");
        let call = json!({ "id": "c1", "type": "function", "function": { "name": "look", "arguments": "{\"a\":1}" } });
        assert_eq!(whole["choices"][0]["message"]["tool_calls"], json!([call]));
        assert_eq!((&whole["choices"][0]["finish_reason"], &whole["usage"]["total_tokens"]), (&json!("tool_calls"), &json!(7)));
        assert!(Answer::default().take("data: {\"error\":{\"message\":\"too long\"}}").is_err());
        assert!(Answer::default().take("data: {half").is_err());
    }
}
