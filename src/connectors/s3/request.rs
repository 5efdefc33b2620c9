//! Requests of S3: signed in their address, tried again while the service is busy, refused in words.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Method, Response, StatusCode, Url, header};
use rusty_s3::actions::S3Action;
use rusty_s3::{Bucket, Credentials};

use super::super::{Failure, Job, http};
use super::input::{Command, Inputs};

/// Tries of a service that says it is busy.
const TRIES: u32 = 4;
/// How long a signature is good: for the time until the request is there.
const SIGNED_FOR: Duration = Duration::from_secs(900);
/// Bytes that an answer in words may have.
const LONGEST: usize = 8 << 20;

/// One connection with its requests.
pub(super) struct Exchange<'a> {
    pub inputs: &'a Inputs,
    pub job: &'a Job<'a>,
    pub bucket: Bucket,
    pub credentials: Credentials,
    pub client: Client,
}

/// What a request sends.
#[derive(Clone)]
pub(super) struct Payload {
    pub content: Bytes,
    /// Signed with it.
    pub content_type: Option<String>,
}

impl<'a> Exchange<'a> {
    pub fn new(inputs: &'a Inputs, job: &'a Job<'a>) -> Result<Exchange<'a>, Failure> {
        let (key, secret) = (inputs.access_key_id.clone(), inputs.secret_access_key.clone());
        let credentials = match &inputs.session_token {
            Some(token) => Credentials::new_with_token(key, secret, token.clone()),
            None => Credentials::new(key, secret),
        };
        Ok(Exchange { inputs, job, bucket: inputs.bucket()?, credentials, client: http::of(&inputs.conduct, true)? })
    }

    pub fn signed<'b>(&self, action: &impl S3Action<'b>) -> Url {
        action.sign_with_time(SIGNED_FOR, &self.job.clock.now())
    }

    /// A good answer. A service that is busy is asked again; `url` signs anew each time.
    pub async fn answered(&self, method: Method, url: impl Fn() -> Url, payload: Option<&Payload>) -> Result<Response, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let mut request = self.client.request(method.clone(), url());
            if let Some(Payload { content, content_type }) = payload {
                request = request.body(content.clone());
                if let Some(kind) = content_type {
                    request = request.header(header::CONTENT_TYPE, kind);
                }
            }
            let sent = request.send().await;
            let response = sent.map_err(|error| self.failure(&http::words(&error, &self.inputs.conduct)))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response);
            }
            let is_busy = status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE;
            if !is_busy || tries >= TRIES {
                return Err(self.refusal(response).await);
            }
            let pause = http::retry_after(&response).unwrap_or(Duration::from_secs(1 << tries));
            self.job.log.warning(format!("The service answered {status}; it is asked again in {} s.", pause.as_secs()));
            self.job.clock.sleep_until(self.job.clock.instant().plus(pause)).await;
        }
    }

    /// A body in words.
    pub async fn text(&self, response: Response) -> Result<String, Failure> {
        let body = http::short(response, LONGEST).await.map_err(|why| self.failure(&why))?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// What the service says is wrong: `404 Not Found: NoSuchKey, The specified key does not exist.`
    async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        let body = http::short(response, LONGEST).await.unwrap_or_default();
        let body = String::from_utf8_lossy(&body);
        let said: Vec<&str> = ["Code", "Message", "Region"].iter().filter_map(|tag| element(&body, tag)).collect();
        let why = if said.is_empty() {
            format!("the service answered {status}")
        } else {
            format!("the service answered {status}: {}", said.join(", "))
        };
        self.failure(&why)
    }

    pub fn failure(&self, why: &str) -> Failure {
        let Inputs { path, bucket, .. } = &self.inputs;
        let verb = match self.inputs.command {
            Command::List => "list",
            Command::Get => "get",
            Command::Put => "put",
            Command::Delete => "delete",
            Command::Head => "head",
            Command::Presign => "presign",
        };
        let address = http::shown(self.bucket.base_url());
        Failure::new(format!("S3 {verb} of '{path}' in the bucket '{bucket}' ({address}): {}.", why.trim_end_matches('.')))
    }
}

/// The text of an element that has no others in it.
fn element<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    let (text, _) = rest.split_once("</")?;
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_refusal_is_read_from_its_words() {
        let xml = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message> gone. </Message><Key/></Error>";
        assert_eq!((element(xml, "Code"), element(xml, "Message"), element(xml, "Region")), (Some("NoSuchKey"), Some("gone."), None));
    }
}
