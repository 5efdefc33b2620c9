//! create_upload: an address that takes the content of a file, for what is too large for a tool call.

use serde_json::json;

use super::definition::{ADDS, Argument, Call, Definition, Need, Outcome, Shape};
use super::record_read::about;
use super::record_write::IF_EXISTS;
use crate::clock;
use crate::error::Kind;
use crate::mcp::answer::{Refusal, success};
use crate::mcp::resource::base;
use crate::records;
use crate::service::{IfExists, Operation, ToolGroup, UploadRequest};

pub(super) static CREATE_UPLOAD: Definition = Definition {
    name: "create_upload",
    group: ToolGroup::Write,
    description: "Gives a URL that takes a file's content by PUT, once, for 15 minutes. Sends nothing.",
    arguments: &[
        Argument::new("name", Shape::Text, "").required(),
        Argument::new("size", Shape::Integer(0, i64::MAX as u64), ""),
        Argument::new("content_type", Shape::Text, ""),
        Argument::new("if_exists", Shape::Word(IF_EXISTS), ""),
    ],
    annotations: ADDS,
    need: Need::AnyOf(&[(Operation::Create, "FILE"), (Operation::Update, "FILE")]),
    handler: |call| Box::pin(create_upload(call)),
};

async fn create_upload(call: Call<'_>) -> Outcome {
    let mut request = UploadRequest { size: call.arguments.integer("size"), if_exists: IfExists::Error, ..UploadRequest::default() };
    if call.arguments.text("if_exists") == Some("overwrite") {
        request.if_exists = IfExists::Overwrite;
    }
    for name in ["name", "content_type"] {
        if let Some(text) = call.arguments.text(name) {
            request.columns.insert(name.to_owned(), text.into());
        }
    }
    let files = records::find("FILE").expect("FILE is a record type");
    let upload = call.service().upload_promise(call.actor, request).await.map_err(|error| match error.kind() {
        Kind::Conflict => Refusal::from(error).hint("Call again with if_exists \"overwrite\" to replace its content."),
        _ => about(error, files),
    })?;
    let url = format!("{}/upload/{}", base(call.mcp), upload.token);
    Ok(success(json!({
        "upload_url": url,
        "method": "PUT",
        "expires_at": clock::format(upload.expires_at),
        "limit_bytes": upload.limit_bytes,
        "example": format!("curl -T FILE '{url}'"),
    })))
}
