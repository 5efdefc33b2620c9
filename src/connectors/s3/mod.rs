//! S3: objects of a bucket, at Amazon or at any other service with this interface.

mod aws;
mod input;
mod request;
mod upload;

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Method, Response, header};
use rusty_s3::actions::{ListObjectsV2, S3Action as _};
use serde_json::{Map, Value, json};

pub(super) use self::aws::Aws;
use self::input::{Command, Inputs};
use self::request::Exchange;
use super::{Connect, Failure, Job, http};
use crate::error::Result;

pub(super) struct S3;

impl Connect for S3 {
    fn name(&self) -> &'static str {
        "S3"
    }

    fn host(&self, inputs: &Value) -> Result<String> {
        input::host(inputs)
    }

    /// The same object is written again, and one that is gone stays gone.
    fn is_repeatable(&self, _: &Value) -> bool {
        true
    }

    fn only_reads(&self, inputs: &Value) -> bool {
        matches!(inputs.get("command").and_then(Value::as_str), None | Some("list" | "get" | "head"))
    }

    fn carry_out<'a>(&'a self, job: &'a Job<'a>) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let inputs = Inputs::read(job.inputs)?;
            let seconds = inputs.timeout;
            let until = job.clock.instant().plus(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
            let exchange = Exchange::new(&inputs, job)?;
            tokio::select! {
                biased;
                done = exchange.carry_out() => done,
                () = job.clock.sleep_until(until) => {
                    Err(exchange.failure(&format!("it was not done within the timeout of {seconds} s")))
                }
            }
        })
    }
}

impl Exchange<'_> {
    async fn carry_out(&self) -> Result<Value, Failure> {
        let credentials = Some(&self.credentials);
        let path = self.inputs.path.as_str();
        match self.inputs.command {
            Command::List => self.list().await,
            Command::Get => self.get().await,
            Command::Put => self.put().await,
            Command::Delete => {
                self.answered(Method::DELETE, || self.signed(&self.bucket.delete_object(credentials, path)), None).await?;
                Ok(json!({}))
            }
            Command::Head => {
                let response = self.answered(Method::HEAD, || self.signed(&self.bucket.head_object(credentials, path)), None).await?;
                Ok(Value::Object(about(&response)))
            }
            Command::Presign => Ok(json!({ "url": self.presigned().as_str() })),
        }
    }

    async fn list(&self) -> Result<Value, Failure> {
        let wanted = self.inputs.limit;
        let (mut files, mut next): (Vec<Value>, Option<String>) = (Vec::new(), None);
        loop {
            let url = || {
                let mut list = ListObjectsV2::new(&self.bucket, Some(&self.credentials));
                list.with_max_keys((wanted - files.len()).min(1000));
                if !self.inputs.path.is_empty() {
                    list.with_prefix(self.inputs.path.as_str());
                }
                match (&next, &self.inputs.start_after) {
                    (Some(token), _) => list.with_continuation_token(token.as_str()),
                    (None, Some(after)) => list.with_start_after(after.as_str()),
                    (None, None) => {}
                }
                self.signed(&list)
            };
            let body = self.text(self.answered(Method::GET, url, None).await?).await?;
            let page = ListObjectsV2::parse_response(&body);
            let page = page.map_err(|_| self.failure("the answer is no list; is this the address of such a service?"))?;
            for object in page.contents {
                let mut file = json!({ "name": object.key });
                if let Some(size) = object.size {
                    file["size"] = size.into();
                }
                if let Some(at) = object.last_modified {
                    file["modified_at"] = at.into();
                }
                files.push(file);
            }
            next = page.next_continuation_token;
            if next.is_none() || files.len() >= wanted {
                return Ok(json!({ "files": files, "is_complete": next.is_none() }));
            }
        }
    }

    async fn get(&self) -> Result<Value, Failure> {
        let name = self.inputs.file();
        let mut sink = self.job.files.begin(name).await?;
        let url = || self.signed(&self.bucket.get_object(Some(&self.credentials), &self.inputs.path));
        let response = self.answered(Method::GET, url, None).await?;
        let mut output = about(&response);
        http::pour(response, (sink.as_mut(), self.job.file_limit)).await.map_err(|why| self.failure(&why))?;
        let bytes = sink.finish().await?;
        output.insert("bytes".into(), bytes.into());
        output.insert("file".into(), name.into());
        Ok(Value::Object(output))
    }

    fn presigned(&self) -> reqwest::Url {
        let (path, credentials, now) = (self.inputs.path.as_str(), Some(&self.credentials), self.job.clock.now());
        if self.inputs.is_put_presigned {
            self.bucket.put_object(credentials, path).sign_with_time(self.inputs.expires_in, &now)
        } else {
            self.bucket.get_object(credentials, path).sign_with_time(self.inputs.expires_in, &now)
        }
    }
}

/// What the headers of an answer say of an object.
fn about(response: &Response) -> Map<String, Value> {
    const META: &str = "x-amz-meta-";
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut output = Map::new();
    if let Some(bytes) = text(header::CONTENT_LENGTH.as_str()).and_then(|text| text.parse::<u64>().ok()) {
        output.insert("bytes".into(), bytes.into());
    }
    for (name, value) in [("etag", text("etag")), ("content_type", text("content-type")), ("modified_at", text("last-modified"))] {
        if let Some(value) = value {
            output.insert(name.into(), value.trim_matches('"').into());
        }
    }
    let metadata =
        response.headers().keys().filter_map(|name| Some((name.as_str().strip_prefix(META)?.to_owned(), text(name.as_str())?.into())));
    let metadata: Map<String, Value> = metadata.collect();
    if !metadata.is_empty() {
        output.insert("metadata".into(), metadata.into());
    }
    output
}
