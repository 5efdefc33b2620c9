//! Rich results of user tools: the blocks that a flow puts beside its data, as many as an answer can take.

use flowstead_wire::{Content, ResourceContent, ToolResult};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::answer::{Refusal, head};
use super::block;
use super::tool::{cut_output, output_link};
use crate::error::{Error, Kind};
use crate::service::RICH;

/// Blocks of one answer.
const BLOCKS: usize = 50;
/// Characters of all texts together, and of all data as base64.
const TEXT: usize = 30_000;
const DATA: usize = 11 << 20;

/// The answer of a flow that gave blocks; `None` for all others. `is_fixed`: the tool has a schema of its output.
pub(super) fn result(id: Uuid, output: &Value, is_fixed: bool) -> Option<Result<ToolResult, Refusal>> {
    let output = output.as_object()?;
    let blocks = output.get(RICH)?;
    let rest: Map<String, Value> =
        output.iter().filter(|(name, _)| *name != RICH).map(|(name, value)| (name.clone(), value.clone())).collect();
    Some(content(id, blocks).map(|mut content| {
        if rest.is_empty() && !is_fixed {
            return ToolResult { content, structured: None, is_error: false };
        }
        let mut structured = Value::Object(rest);
        if !is_fixed && let Some((answer, link)) = cut_output(id, &structured) {
            structured = answer.into();
            content.push(link);
        }
        content.push(Content::Text(structured.to_string()));
        ToolResult { content, structured: Some(structured), is_error: false }
    }))
}

fn content(id: Uuid, blocks: &Value) -> Result<Vec<Content>, Refusal> {
    let wrong = |text: String| {
        let error = Error::new(Kind::Invalid, format!("The flow has succeeded, but its result cannot be shown: {text}"));
        Refusal::from(error).of(id).hint("flow_api.content makes blocks that can be shown; get_execution has the whole output.").not_again()
    };
    let blocks = blocks.as_array().ok_or_else(|| wrong(format!("'{RICH}' is no list of blocks.")))?;
    if blocks.len() > BLOCKS {
        return Err(wrong(format!("it has {} blocks, and {BLOCKS} are the most.", blocks.len())));
    }
    let (mut content, mut room, mut space, mut is_cut) = (Vec::new(), TEXT, DATA, false);
    for (number, block) in blocks.iter().enumerate() {
        let block = block::checked(block).map_err(|clause| wrong(format!("of block {number}, {clause}.")))?;
        match fitted(block, &mut room, &mut space) {
            Ok(whole) => content.push(whole),
            Err(instead) => {
                is_cut = true;
                content.push(Content::Text(instead));
            }
        }
    }
    if is_cut {
        content.push(output_link(id, Value::Array(blocks.clone()).to_string().len()));
    }
    Ok(content)
}

/// The block as long as there is room; else what stands in its place.
fn fitted(block: Content, room: &mut usize, space: &mut usize) -> Result<Content, String> {
    let (text, data) = match &block {
        Content::Text(text) | Content::Embedded(ResourceContent::Text { text, .. }) => (text.chars().count(), 0),
        Content::Image { data, .. } | Content::Audio { data, .. } | Content::Embedded(ResourceContent::Blob { data, .. }) => {
            (0, data.len())
        }
        Content::Link(_) => (0, 0),
    };
    if text > *room {
        let shown = match &block {
            Content::Text(text) | Content::Embedded(ResourceContent::Text { text, .. }) => head(text, *room),
            _ => String::new(),
        };
        *room = 0;
        return Err(format!("{shown}\n(cut: {text} characters in all)"));
    }
    if data > *space {
        return Err(format!("(left out: {} bytes of data are more than an answer can take)", data / 4 * 3));
    }
    (*room, *space) = (*room - text, *space - data);
    Ok(block)
}
