//! Export documents over HTTP: a record as YAML, a place as an archive, to be saved as a file.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::param::{Param, ParamKind};
use super::tag;
use crate::service::Exported;

pub(super) const DOWNLOAD: Param = Param {
    name: "download",
    kind: ParamKind::Word(&["export"]),
    doc: "`export`: the record as a YAML document; a project, a bundle or the workspace as a zip archive of all in it.",
};
pub(super) const INFORMATIONAL: Param = Param {
    name: "informational",
    kind: ParamKind::Bool,
    doc: "With `download=export`, true adds the columns that an import leaves alone, such as `created_at` or `is_enabled`.",
};

/// The file, or 304 for one that the client has already.
pub(super) fn answer(exported: Exported, headers: &HeaderMap) -> Response {
    let hash = blake3::hash(&exported.content).to_hex();
    let tag = HeaderValue::try_from(format!("\"{}\"", &hash[..32])).expect("hex digits and quotes are plain ASCII");
    if tag::is_known(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let mut response = exported.content.into_response();
    let about = response.headers_mut();
    about.insert(header::CONTENT_TYPE, HeaderValue::from_static(exported.media));
    about.insert(header::CONTENT_DISPOSITION, disposition(&exported.file_name));
    about.insert(header::ETAG, tag);
    about.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// What RFC 5987 does not take as it is, and a little more.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name twice, as RFC 6266 has it: for clients that read ASCII only, and as it is.
fn disposition(name: &str) -> HeaderValue {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " _-.,+=@()%~".contains(c) { c } else { '_' }).collect();
    let whole = utf8_percent_encode(name, RESERVED);
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}");
    HeaderValue::try_from(text).expect("only plain ASCII is left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_said_in_ascii_and_as_it_is() {
        let value = disposition("grüße 1.flow.yaml");
        assert_eq!(value, "attachment; filename=\"gr__e 1.flow.yaml\"; filename*=UTF-8''gr%C3%BC%C3%9Fe%201.flow.yaml");
    }
}
