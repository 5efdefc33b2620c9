//! Stored files, by their names: text as text, anything else in base64, up to a size that a conversation can take.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flowstead_wire::ResourceContent;
use percent_encoding::percent_decode_str;

use super::base;
use crate::error::{Error, Kind, Result};
use crate::mcp::Mcp;
use crate::service::{Actor, Selector};

pub(in crate::mcp) const TEMPLATE: &str = "file://{name}";
pub(super) const SCHEME: &str = "file";
/// Bytes of a content that is given whole.
const LARGEST: u64 = 1 << 20;

/// The content of the file with this name or id, as far as the actor may read it.
pub(super) async fn read(mcp: &Mcp, actor: &Actor, (uri, path): (&str, &str)) -> Result<ResourceContent> {
    let name = percent_decode_str(path).decode_utf8_lossy();
    let selector = Selector::parse(&name);
    let open = mcp.service().file_open(actor, &selector).await?;
    if open.size > LARGEST {
        let id = open.row.text("id").unwrap_or_default();
        let text = format!(
            "The file '{name}' has {} bytes; a resource has at most {LARGEST}. GET {}/file/{id}/content gives it whole or by ranges.",
            open.size,
            base(mcp)
        );
        return Err(Error::new(Kind::TooLarge, text));
    }
    let file = mcp.service().file_content(actor, &selector).await?;
    let mime_type = file.row.text("content_type").map(str::to_owned);
    let uri = uri.to_owned();
    Ok(match std::str::from_utf8(&file.content) {
        Ok(text) => ResourceContent::Text { uri, mime_type, text: text.to_owned() },
        Err(_) => ResourceContent::Blob { uri, mime_type, data: STANDARD.encode(&file.content) },
    })
}
