//! ETags and the headers that compare them: a record's tag is its version, a file's the hash of its content.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::error::{Error, Kind, Result};

/// The ETag of a record.
pub(super) fn of_version(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("digits and quotes are plain ASCII")
}

/// The version that `If-Match` asks for; `None` for no header or `*`.
pub(super) fn required_version(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(tags) = tags(headers, &header::IF_MATCH)? else {
        return Ok(None);
    };
    if tags.contains(&"*") {
        return Ok(None);
    }
    match tags.as_slice() {
        [tag] => tag.trim_matches('"').parse().map(Some).map_err(|_| {
            Error::new(Kind::PreconditionFailed, format!("'if-match: {tag}' is no tag of a record; it must be an ETag that was read here."))
        }),
        _ => Err(Error::new(Kind::Malformed, "'if-match' must be one ETag, such as \"7\", or *.")),
    }
}

/// The one tag that `If-Match` asks for, without its quotes; `*` as it is.
pub(super) fn required(headers: &HeaderMap) -> Result<Option<&str>> {
    match tags(headers, &header::IF_MATCH)?.as_deref() {
        None => Ok(None),
        Some([tag]) => Ok(Some(tag.trim_matches('"'))),
        Some(_) => Err(Error::new(Kind::Malformed, "'if-match' must be one ETag, as it was read here, or *.")),
    }
}

/// Whether `If-None-Match` says that the client has `tag` already.
pub(super) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.to_str().unwrap_or_default();
    tags(headers, &header::IF_NONE_MATCH)
        .ok()
        .flatten()
        .is_some_and(|tags| tags.iter().any(|t| *t == "*" || t.trim_start_matches("W/") == tag))
}

/// Whether a partial answer may be given: `If-Range` is absent or names `tag`.
pub(super) fn may_be_partial(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|given| given == tag)
}

fn tags<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<Vec<&'h str>>> {
    let Some(value) = headers.get(name) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Error::new(Kind::Malformed, format!("The header '{name}' must be plain ASCII text.")))?;
    Ok(Some(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn if_match_is_read_as_a_version() {
        let read = |value| required_version(&headers(header::IF_MATCH, value));
        assert_eq!(read("\"7\"").unwrap(), Some(7));
        assert_eq!(read("7").unwrap(), Some(7));
        assert_eq!(read("*").unwrap(), None);
        assert_eq!(required_version(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("\"abc\"").unwrap_err().kind(), Kind::PreconditionFailed);
        assert_eq!(read("W/\"7\"").unwrap_err().kind(), Kind::PreconditionFailed);
        assert_eq!(read("\"7\", \"8\"").unwrap_err().kind(), Kind::Malformed);
    }

    #[test]
    fn one_tag_may_be_required() {
        let read = |value| required(&headers(header::IF_MATCH, value)).map(|tag| tag.map(str::to_owned));
        assert_eq!(read("\"abc\"").unwrap().as_deref(), Some("abc"));
        assert_eq!(read("*").unwrap().as_deref(), Some("*"));
        assert_eq!(required(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("\"a\", \"b\"").unwrap_err().kind(), Kind::Malformed);
    }

    #[test]
    fn a_known_tag_is_found_in_a_list() {
        let tag = of_version(7);
        assert!(is_known(&headers(header::IF_NONE_MATCH, "\"6\", W/\"7\""), &tag));
        assert!(is_known(&headers(header::IF_NONE_MATCH, "*"), &tag));
        assert!(!is_known(&headers(header::IF_NONE_MATCH, "\"77\""), &tag));
        assert!(!is_known(&HeaderMap::new(), &tag));
    }
}
