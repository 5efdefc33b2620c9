//! One request as its inputs say, with a body that comes from where it lies.

use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, header};

use super::super::{Failure, http};
use super::Exchange;
use super::input::{self, Body, Login};

impl Exchange<'_> {
    /// A request to be sent. `authorization` stands in the place of the login.
    pub(super) async fn request(&self, authorization: Option<String>) -> Result<RequestBuilder, Failure> {
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
            Body::None => request,
            Body::Json(value) if has_type => request.body(value.to_string()),
            Body::Json(value) => request.json(value),
            Body::Form(fields) => request.form(fields),
            Body::Text(text) if has_type => request.body(text.clone()),
            Body::Text(text) => request.header(header::CONTENT_TYPE, "text/plain; charset=utf-8").body(text.clone()),
            Body::Multipart(parts) => request.multipart(self.form(parts).await?),
            Body::File(name) => {
                let content = self.job.files.open(name).await?;
                let request = request.header(header::CONTENT_LENGTH, content.size);
                let request = if has_type { request } else { request.header(header::CONTENT_TYPE, "application/octet-stream") };
                request.body(http::body(content))
            }
        })
    }

    async fn form(&self, parts: &[input::Part]) -> Result<Form, Failure> {
        let mut form = Form::new();
        for given in parts {
            let mut part = match (&given.value, &given.file) {
                (Some(value), None) => Part::text(value.clone()),
                (None, Some(file)) => {
                    let content = self.job.files.open(file).await?;
                    let size = content.size;
                    Part::stream_with_length(http::body(content), size).file_name(file.clone())
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
}
