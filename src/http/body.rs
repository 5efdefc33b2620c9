//! JSON request bodies: type and size checked, fields taken one by one with their places in errors.

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};

use super::state::HttpState;
use crate::error::{Error, Kind, Result, did_you_mean, near_names};

/// How much of a body beyond the limit is read and thrown away, so that the client gets to read why it was refused.
const DISCARD: usize = 8 << 20;

/// A JSON body, or none where nothing was sent.
pub(super) struct JsonBody(pub(super) Option<Value>);

impl FromRequest<HttpState> for JsonBody {
    type Rejection = Error;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, state.body_limit()).await?;
        if bytes.is_empty() {
            return Ok(JsonBody(None));
        }
        check_type(&parts.headers)?;
        super::json::parse(&bytes).map(|value| JsonBody(Some(value)))
    }
}

impl JsonBody {
    /// The fields of a body that must be an object.
    pub(super) fn object(self) -> Result<Fields> {
        match self.0 {
            Some(Value::Object(map)) => Ok(Fields { map, taken: Vec::new() }),
            Some(_) => Err(Error::new(Kind::Malformed, "The body must be a JSON object, such as {\"name\": \"value\"}.").field("")),
            None => Err(Error::new(Kind::Malformed, "A body is missing; this route needs a JSON object.").field("")),
        }
    }

    /// The fields of a body that may be left out.
    pub(super) fn optional_object(self) -> Result<Fields> {
        match self.0 {
            None => Ok(Fields { map: Map::new(), taken: Vec::new() }),
            some => JsonBody(some).object(),
        }
    }
}

/// The whole body, at most `limit` bytes.
pub(super) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::with_capacity(announced.unwrap_or(0).min(limit).min(1 << 20));
    let mut over = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| cut_off())?;
        if over > 0 || bytes.len() + chunk.len() > limit {
            bytes.clear();
            over += chunk.len();
            if over > DISCARD {
                break;
            }
        } else {
            bytes.extend_from_slice(&chunk);
        }
    }
    if over > 0 {
        let message = format!("The body is larger than the {limit} bytes that are accepted here.");
        return Err(Error::new(Kind::TooLarge, message).details(json!({"limit_bytes": limit})));
    }
    Ok(bytes.freeze())
}

/// The refusal of a body that was not sent to its end.
pub(super) fn cut_off() -> Error {
    Error::new(Kind::Malformed, "The body ended before it was complete.")
}

/// Reads what is still to come of a refused body, up to a limit, so that the client gets to read why it was refused.
pub(super) async fn discard(body: &mut BodyDataStream) {
    let mut left = DISCARD;
    while let Some(Ok(chunk)) = body.next().await {
        match left.checked_sub(chunk.len()) {
            Some(less) => left = less,
            None => break,
        }
    }
}

/// What a body is said to be, without parameters and in lower case; empty where nothing is said.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    essence(headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default())
}

/// A media type or range without its parameters, in lower case.
pub(super) fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn check_type(headers: &HeaderMap) -> Result<()> {
    let essence = media_type(headers);
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let given = if essence.is_empty() { "without a content type".to_owned() } else { format!("of type '{essence}'") };
    Err(Error::new(Kind::UnsupportedMedia, format!("The body is {given}; this route reads JSON, with 'content-type: application/json'.")))
}

/// The fields of a JSON object, taken by name; what is left over at the end is refused.
pub(super) struct Fields {
    map: Map<String, Value>,
    taken: Vec<&'static str>,
}

impl Fields {
    /// Takes a field of any type; null counts as absent.
    pub(super) fn value(&mut self, name: &'static str) -> Option<Value> {
        self.given(name).filter(|value| !value.is_null())
    }

    /// Takes a field of any type, null included.
    pub(super) fn given(&mut self, name: &'static str) -> Option<Value> {
        self.taken.push(name);
        self.map.shift_remove(name)
    }

    /// Takes a text.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Error::invalid(format!("'{name}' must be a text.")).field(format!("/{name}"))),
        }
    }

    /// Takes a text that must be there.
    pub(super) fn required_text(&mut self, name: &'static str) -> Result<String> {
        self.text(name)?.ok_or_else(|| Error::invalid(format!("'{name}' is missing; it must be a text.")).field(format!("/{name}")))
    }

    /// Takes a field through `read`, which accepts `expected`; null counts as absent.
    pub(super) fn read<T>(&mut self, name: &'static str, expected: &str, read: fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        read(&value).map(Some).ok_or_else(|| Error::invalid(format!("'{name}' must be {expected}.")).field(format!("/{name}")))
    }

    /// Refuses fields that nobody took, naming the nearest that exists.
    pub(super) fn finish(self) -> Result<()> {
        let Some(name) = self.map.keys().next() else {
            return Ok(());
        };
        let taken = || self.taken.iter().copied();
        let near = did_you_mean(name, taken());
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        Err(Error::invalid(format!("The body has an unknown field '{name}'.{near}"))
            .field(pointer)
            .details(json!({"near": near_names(name, taken()), "valid": self.taken})))
    }

    /// Everything that was not taken.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.map
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn fields(value: Value) -> Fields {
        JsonBody(Some(value)).object().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_field_that_nobody_takes_is_refused_by_its_place() {
        let mut fields = fields(json!({"user_name": "anna", "pass/word": "x"}));
        assert_eq!(fields.required_text("user_name").unwrap(), "anna");
        assert!(fields.text("password").unwrap().is_none());
        let error = fields.finish().unwrap_err();
        assert_eq!(error.field_pointer(), Some("/pass~1word"));
        assert!(error.message().ends_with("Did you mean 'password'?"), "{error}");
    }

    #[test]
    fn a_field_of_the_wrong_type_is_refused_by_its_place() {
        assert_eq!(fields(json!({"name": 5})).required_text("name").unwrap_err().field_pointer(), Some("/name"));
        assert!(JsonBody(Some(json!([]))).object().is_err());
        assert!(JsonBody(None).object().is_err());
        assert!(JsonBody(None).optional_object().is_ok());
    }

    #[test]
    fn only_json_types_are_read() {
        let of = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            check_type(&headers)
        };
        assert!(of("application/json; charset=utf-8").is_ok());
        assert!(of("Application/merge-patch+JSON").is_ok());
        assert_eq!(of("text/plain").unwrap_err().kind(), Kind::UnsupportedMedia);
        assert!(check_type(&HeaderMap::new()).unwrap_err().message().contains("without a content type"));
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let headers = HeaderMap::new();
        assert_eq!(read(&headers, Body::from("12345"), 5).await.unwrap(), "12345");
        assert_eq!(read(&headers, Body::from("123456"), 5).await.unwrap_err().kind(), Kind::TooLarge);
    }
}
