//! REST: one HTTP request. Redirects are followed, and what is safe to repeat is tried again.

mod answer;
mod input;
mod retry;

use std::time::Duration;

use digest_auth::{AuthContext, HttpMethod};
use futures_util::future::BoxFuture;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::Value;

use self::input::{Inputs, Login};
use self::retry::{Again, Backoff};
use super::{Connect, Failure, Job, http};
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

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs = Inputs::read(job.inputs)?;
            let url = inputs.url()?;
            let client = http::of(&inputs.conduct, job.is_bound)?;
            Exchange { inputs, url, client, job }.run().await
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
    async fn run(self) -> Result<Value, Failure> {
        let mut backoff = Backoff::begin(&self.inputs.retry_backoff, self.job.clock.clone());
        loop {
            let tried = self.once().await?;
            let Some((why, pause)) = self.wants_again(&tried).and_then(|again| Some((again.why, backoff.pause(again.not_before)?))) else {
                return self.end(tried).await;
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

    async fn request(&self, authorization: Option<String>) -> Result<RequestBuilder, Failure> {
        let inputs = &self.inputs;
        let mut request = self.client.request(inputs.method.clone(), self.url.clone()).headers(inputs.headers.clone());
        request = match (&inputs.login, authorization) {
            (_, Some(text)) => request.header(header::AUTHORIZATION, text),
            (Login::Basic { username, password }, None) => request.basic_auth(username, Some(password)),
            (Login::Bearer { token }, None) => request.bearer_auth(token),
            (Login::None | Login::Digest { .. }, None) => request,
        };
        let has_type = inputs.headers.contains_key(header::CONTENT_TYPE);
        Ok(match &inputs.body {
            input::Body::None => request,
            input::Body::Json(value) if has_type => request.body(value.to_string()),
            input::Body::Json(value) => request.json(value),
            input::Body::Form(fields) => request.form(fields),
            input::Body::Text(text) if has_type => request.body(text.clone()),
            input::Body::Text(text) => request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8").body(text.clone()),
            input::Body::Multipart(parts) => request.multipart(self.form(parts).await?),
        })
    }

    async fn form(&self, parts: &[input::Part]) -> Result<Form, Failure> {
        let mut form = Form::new();
        for given in parts {
            let mut part = match (&given.value, &given.file) {
                (Some(value), None) => Part::text(value.clone()),
                (None, Some(file)) => {
                    let content = self.job.files.read(file).await?;
                    Part::stream_with_length(content.clone(), content.len() as u64).file_name(file.clone())
                }
                _ => return Err(Failure::new(format!("The part '{}' needs 'value' or 'file', and not both.", given.name))),
            };
            if let Some(name) = &given.filename {
                part = part.file_name(name.clone());
            }
            if let Some(kind) = &given.content_type {
                part = part.mime_str(kind).map_err(|_| Failure::new(format!("'{kind}' is no media type.")))?;
            }
            form = form.part(given.name.clone(), part);
        }
        Ok(form)
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

    async fn end(&self, tried: Result<Response, reqwest::Error>) -> Result<Value, Failure> {
        let response = tried.map_err(|error| {
            Failure::new(format!("{} {}: {}.", self.inputs.verb(), self.shown(), http::words(&error, &self.inputs.conduct)))
        })?;
        let status = response.status();
        let destination = (self.inputs.dst.as_deref(), self.job.spill.as_str());
        let read = answer::read(response, self.job, destination).await;
        let output = read.map_err(|why| Failure::new(format!("{} {}: {why}", self.inputs.verb(), self.shown())))?;
        if self.inputs.expected_status_code.contains(&status.as_u16()) {
            return Ok(output);
        }
        let expected: Vec<String> = self.inputs.expected_status_code.iter().map(ToString::to_string).collect();
        let message = format!("{} {} answered {status}; expected was {}.", self.inputs.verb(), self.shown(), expected.join(", "));
        Err(Failure { message, output: Some(output) })
    }

    /// The address without what may be a secret in it: login, query and fragment.
    fn shown(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        // An address without a host has no login to remove.
        let _ = (url.set_username(""), url.set_password(None));
        url.to_string()
    }
}
