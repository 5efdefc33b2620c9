//! REST: one HTTP request. Redirects are followed, and what is safe to repeat is tried again.

mod answer;
mod input;
mod request;
mod retry;

use std::time::Duration;

use digest_auth::{AuthContext, HttpMethod};
use futures_util::future::BoxFuture;
use reqwest::{Client, Response, StatusCode, Url, header};
use serde_json::Value;

use self::input::{Inputs, Login};
use self::retry::{Again, Backoff};
use super::{Connect, Failure, Job, Sink, http};
use crate::error::Result;

pub(super) struct Rest;

impl Connect for Rest {
    fn name(&self) -> &'static str {
        "REST"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        input::host(inputs)
    }

    fn is_repeatable(&self, inputs: &Value) -> bool {
        input::is_repeatable(inputs.get("method").and_then(Value::as_str).unwrap_or("get"))
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        ["GET", "HEAD", "OPTIONS"]
            .iter()
            .any(|safe| safe.eq_ignore_ascii_case(inputs.get("method").and_then(Value::as_str).unwrap_or("get")))
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs = Inputs::read(job.inputs)?;
            let url = inputs.url()?;
            let client = http::of(&inputs.conduct, job.is_bound)?;
            let taker = match &inputs.dst {
                Some(name) => Some(job.files.begin(name).await?),
                None => None,
            };
            Exchange { inputs, url, client, job }.run(taker).await
        })
    }
}

/// One request with its repetitions.
struct Exchange<'a> {
    inputs: Inputs,
    url: Url,
    client: Client,
    job: &'a Job<'a>,
}

impl Exchange<'_> {
    /// `taker` is what was begun at `dst`.
    async fn run(self, taker: Option<Box<dyn Sink>>) -> Result<Value, Failure> {
        let mut backoff = Backoff::begin(&self.inputs.retry_backoff, self.job.clock.clone());
        loop {
            let tried = self.once().await?;
            let Some((why, pause)) = self.wants_again(&tried).and_then(|again| Some((again.why, backoff.pause(again.not_before)?))) else {
                return self.end(tried, taker).await;
            };
            let line = format!("{} {}: {why}. It is tried again in {:.1} s.", self.inputs.verb(), self.shown(), pause.as_secs_f64());
            self.job.log.warning(line);
            backoff.wait(pause).await;
        }
    }

    /// One try, after a login where the server asks for a digest.
    async fn once(&self) -> Result<Result<Response, reqwest::Error>, Failure> {
        let first = self.request(None).await?.send().await;
        let (Ok(response), Login::Digest { username, password }) = (&first, &self.inputs.login) else { return Ok(first) };
        let challenge = response.headers().get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenge = challenge.map(str::to_owned).find(|text| text.trim_start().to_ascii_lowercase().starts_with("digest"));
        let Some(challenge) = challenge.filter(|_| response.status() == StatusCode::UNAUTHORIZED) else { return Ok(first) };
        let path = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let method = HttpMethod::from(self.inputs.verb());
        let context = AuthContext::new_with_method(username.as_str(), password.as_str(), path, None::<&[u8]>, method);
        let mut prompt =
            digest_auth::parse(&challenge).map_err(|e| Failure::new(format!("The server asks for a login that is no digest: {e}.")))?;
        let answer = prompt.respond(&context).map_err(|e| Failure::new(format!("The digest of the login cannot be made: {e}.")))?;
        Ok(self.request(Some(answer.to_header_string())).await?.send().await)
    }

    /// Why a try is worth another, and whether that is safe.
    fn wants_again(&self, tried: &Result<Response, reqwest::Error>) -> Option<Again> {
        let is_repeatable = input::is_repeatable(self.inputs.method.as_str());
        match tried {
            Ok(response) if self.inputs.expected_status_code.contains(&response.status().as_u16()) => None,
            Ok(response) => retry::after_status(response, is_repeatable),
            Err(error) => retry::after_error(error, is_repeatable)
                .map(|()| Again { why: http::words(error, &self.inputs.conduct), not_before: Duration::ZERO }),
        }
    }

    async fn end(&self, tried: Result<Response, reqwest::Error>, taker: Option<Box<dyn Sink>>) -> Result<Value, Failure> {
        let response = tried.map_err(|error| {
            Failure::new(format!("{} {}: {}.", self.inputs.verb(), self.shown(), http::words(&error, &self.inputs.conduct)))
        })?;
        let status = response.status();
        let is_expected = self.inputs.expected_status_code.contains(&status.as_u16());
        // What says why there is no such thing is not the thing.
        let kept = self.inputs.dst.as_deref().zip(taker).filter(|_| is_expected);
        let read = answer::read(response, self.job, kept).await;
        let output = read.map_err(|why| Failure::new(format!("{} {}: {why}", self.inputs.verb(), self.shown())))?;
        if is_expected {
            return Ok(output);
        }
        let expected: Vec<String> = self.inputs.expected_status_code.iter().map(ToString::to_string).collect();
        let message = format!("{} {} answered {status}; expected was {}.", self.inputs.verb(), self.shown(), expected.join(", "));
        Err(Failure { message, output: Some(output) })
    }

    fn shown(&self) -> String {
        http::shown(&self.url)
    }
}
