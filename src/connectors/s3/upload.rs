//! A FILE on its way into a bucket: at once while it is short, in parts beyond.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::{Client, Method, Url, header};
use rusty_s3::actions::{CompleteMultipartUploadResponse, CreateMultipartUpload, S3Action as _};
use serde_json::{Value, json};

use super::super::{Failure, Source};
use super::request::{Exchange, Payload};

/// Bytes of a part: as many as are held in memory.
const PART: u64 = 16 << 20;
/// Parts that an object can have.
const MOST: u64 = 10_000;

impl Exchange<'_> {
    pub(super) async fn put(&self) -> Result<Value, Failure> {
        let source = self.job.files.open(self.inputs.file()).await?;
        let size = source.size;
        let etag = if size <= PART { self.put_whole(source).await? } else { self.put_parts(source).await? };
        Ok(json!({ "bytes": size, "etag": etag.trim_matches('"') }))
    }

    async fn put_whole(&self, mut source: Source) -> Result<String, Failure> {
        let content = next_part(&mut source, PART).await?.unwrap_or_default();
        let payload = Payload { content, content_type: self.inputs.content_type.clone() };
        let url = || {
            let mut put = self.bucket.put_object(Some(&self.credentials), &self.inputs.path);
            if let Some(kind) = &payload.content_type {
                put.headers_mut().insert("content-type", kind.as_str());
            }
            self.signed(&put)
        };
        let response = self.answered(Method::PUT, url, Some(&payload)).await?;
        Ok(etag(&response).unwrap_or_default())
    }

    async fn put_parts(&self, mut source: Source) -> Result<String, Failure> {
        let (credentials, path) = (Some(&self.credentials), self.inputs.path.as_str());
        let length = PART.max(source.size.div_ceil(MOST));
        let empty = Payload { content: Bytes::new(), content_type: self.inputs.content_type.clone() };
        let begin = || {
            let mut begin = self.bucket.create_multipart_upload(credentials, path);
            if let Some(kind) = &empty.content_type {
                begin.headers_mut().insert("content-type", kind.as_str());
            }
            self.signed(&begin)
        };
        let begun = self.text(self.answered(Method::POST, begin, Some(&empty)).await?).await?;
        let begun = CreateMultipartUpload::parse_response(&begun);
        let begun = begun.map_err(|_| self.failure("the answer names no upload; is this the address of such a service?"))?;
        let upload = begun.upload_id();
        let mut unfinished = Unfinished {
            client: self.client.clone(),
            abort: Some(self.signed(&self.bucket.abort_multipart_upload(credentials, path, upload))),
        };
        let (mut etags, mut number) = (Vec::new(), 0);
        while let Some(content) = next_part(&mut source, length).await? {
            number += 1;
            // It is as fresh as the part that is under way.
            unfinished.abort = Some(self.signed(&self.bucket.abort_multipart_upload(credentials, path, upload)));
            let payload = Payload { content, content_type: None };
            let url = || self.signed(&self.bucket.upload_part(credentials, path, number, upload));
            let response = self.answered(Method::PUT, url, Some(&payload)).await?;
            etags.push(etag(&response).ok_or_else(|| self.failure(&format!("the answer to part {number} has no ETag")))?);
        }
        let complete = || self.bucket.complete_multipart_upload(credentials, path, upload, etags.iter().map(String::as_str));
        let payload = Payload { content: complete().body().into(), content_type: None };
        let ended = self.text(self.answered(Method::POST, || self.signed(&complete()), Some(&payload)).await?).await?;
        // A service may find out what is wrong after it has said that all is well.
        let ended = CompleteMultipartUploadResponse::parse(&ended);
        let ended = ended.map_err(|_| self.failure("the parts that were sent could not be put together"))?;
        unfinished.abort = None;
        Ok(ended.etag().to_owned())
    }
}

/// Parts whose upload has not ended. They would stay and be paid for.
struct Unfinished {
    client: Client,
    abort: Option<Url>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let (Some(url), Ok(runtime)) = (self.abort.take(), tokio::runtime::Handle::try_current()) {
            let request = self.client.delete(url).send();
            // Whether it comes through or not, the connection is over.
            runtime.spawn(async move { drop(request.await) });
        }
    }
}

fn etag(response: &reqwest::Response) -> Option<String> {
    Some(response.headers().get(header::ETAG)?.to_str().ok()?.to_owned())
}

/// The next `length` bytes, or as many as are left; `None` at the end. What comes in pieces across a boundary is put back.
async fn next_part(source: &mut Source, length: u64) -> Result<Option<Bytes>, Failure> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut part = BytesMut::new();
    while part.len() < length {
        let Some(piece) = source.pieces.next().await else { break };
        let mut piece = piece?;
        let rest = piece.split_off(piece.len().min(length - part.len()));
        part.extend_from_slice(&piece);
        if !rest.is_empty() {
            let later = std::mem::replace(&mut source.pieces, futures_util::stream::empty().boxed());
            source.pieces = futures_util::stream::iter([Ok(rest)]).chain(later).boxed();
        }
    }
    Ok((!part.is_empty()).then(|| part.freeze()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_are_as_long_as_they_should_be_and_nothing_is_lost_between_them() {
        let pieces = ["abc", "defgh", "i", "jk"].map(|piece| Ok(Bytes::from_static(piece.as_bytes())));
        let mut source = Source { size: 11, pieces: futures_util::stream::iter(pieces).boxed() };
        let mut parts = Vec::new();
        while let Ok(Some(part)) = next_part(&mut source, 4).await {
            parts.push(part);
        }
        assert_eq!(parts, ["abcd", "efgh", "ijk"]);
    }
}
