//! An HTTP answer as an output: small bodies as JSON or text, large and binary ones as a FILE.

use bytes::BytesMut;
use reqwest::{Response, header};
use serde_json::{Map, Value, json};

use super::super::{Job, Sink, http};
use crate::error::Error;

/// Bytes of a body that stand in the output itself.
const INLINE: usize = 64 << 10;

/// Reads the body as it comes: into what was begun at `kept`, a name, or into memory, or from there into a FILE once it is too long. An
/// error is the rest of a sentence.
pub(super) async fn read<'a>(mut response: Response, job: &'a Job<'_>, kept: Option<(&'a str, Box<dyn Sink>)>) -> Result<Value, String> {
    let mut output = head(&response);
    if let Some(length) = response.content_length().filter(|length| *length > job.file_limit as u64) {
        return Err(format!("the answer has {length} bytes; a file may have {} at the most.", job.file_limit));
    }
    let (mut held, mut size, mut kept) = (BytesMut::new(), 0, kept);
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) => return Err(format!("the answer broke off after {size} bytes ({}).", http::root(&error))),
        };
        size += chunk.len();
        match &mut kept {
            Some((name, taker)) => taker.take(&chunk).await.map_err(|error| unkept(name, &error))?,
            None => held.extend_from_slice(&chunk),
        }
        if held.len() > INLINE {
            kept = Some(spill(&mut held, job).await?);
        }
    }
    let encoding = output.get("encoding").and_then(Value::as_str).unwrap_or("utf-8");
    let encoding = encoding_rs::Encoding::for_label(encoding.as_bytes()).unwrap_or(encoding_rs::UTF_8);
    if kept.is_none() {
        match written(&held, encoding) {
            Some((name, value)) => drop(output.insert(name.to_owned(), value)),
            None => kept = Some(spill(&mut held, job).await?),
        }
    }
    if let Some((name, taker)) = kept {
        taker.finish().await.map_err(|error| unkept(name, &error))?;
        output.insert("file".into(), name.into());
    }
    Ok(Value::Object(output))
}

/// Puts what has come so far into a FILE.
async fn spill<'a>(held: &mut BytesMut, job: &'a Job<'_>) -> Result<(&'a str, Box<dyn Sink>), String> {
    let name = job.spill.as_str();
    let mut taker = job.files.begin(name).await.map_err(|error| unkept(name, &error))?;
    taker.take(&held.split()).await.map_err(|error| unkept(name, &error))?;
    Ok((name, taker))
}

fn unkept(name: &str, error: &Error) -> String {
    format!("the body of the answer could not be kept in the file '{name}': {}", error.message())
}

fn head(response: &Response) -> Map<String, Value> {
    let mut headers = Map::new();
    for name in response.headers().keys() {
        let all: Vec<String> =
            response.headers().get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        headers.insert(name.as_str().to_owned(), all.join(", ").into());
    }
    let mut cookies = Map::new();
    for value in response.headers().get_all(header::SET_COOKIE) {
        let text = String::from_utf8_lossy(value.as_bytes());
        if let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) {
            cookies.insert(name.trim().to_owned(), value.trim().into());
        }
    }
    let mut output = Map::new();
    output.insert("status_code".into(), json!(response.status().as_u16()));
    if let Some(charset) = charset(headers.get("content-type").and_then(Value::as_str).unwrap_or_default()) {
        output.insert("encoding".into(), charset.into());
    }
    output.insert("headers".into(), headers.into());
    output.insert("cookies".into(), cookies.into());
    output
}

/// `utf-8` of `text/html; charset="UTF-8"`.
fn charset(content_type: &str) -> Option<String> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|part| part.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"').to_lowercase())
}

/// A body as JSON, or else as text; `None` if it is neither.
fn written(body: &[u8], encoding: &'static encoding_rs::Encoding) -> Option<(&'static str, Value)> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Some(("json", value));
    }
    let (text, _, is_broken) = encoding.decode(body);
    (!is_broken && !text.contains('\0')).then(|| ("text", Value::String(text.into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_or_text_or_neither() {
        assert_eq!(written(b"[1]", encoding_rs::UTF_8), Some(("json", json!([1]))));
        assert_eq!(written(b"", encoding_rs::UTF_8), Some(("text", json!(""))));
        assert_eq!(written(b"gr\xfc\xdfe", encoding_rs::WINDOWS_1252), Some(("text", json!("gr\u{fc}\u{df}e"))));
        assert_eq!(written(b"gr\xfc\xdfe", encoding_rs::UTF_8), None, "it says it is UTF-8, and is not");
        assert_eq!(written(b"\x89PNG\0\0", encoding_rs::UTF_8), None);
    }

    #[test]
    fn the_character_set_is_what_the_type_says() {
        assert_eq!(charset("text/html; boundary=x; Charset=\"ISO-8859-1\"").as_deref(), Some("iso-8859-1"));
        assert_eq!(charset("application/json"), None);
    }
}
