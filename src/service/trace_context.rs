//! Where an execution stands in a trace: the W3C Trace Context (`traceparent`) of who called, of the execution, and of what it calls.

use std::fmt;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::Row;

/// A trace and the span in it that what follows is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceContext {
    pub trace: u128,
    pub span: u64,
}

/// As a `traceparent` header of version 00; everything here is sampled.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace, self.span)
    }
}

impl TraceContext {
    /// Reads a `traceparent`; nothing where it is none, as the recommendation has it: a caller's mistake breaks no call.
    pub fn parse(header: &str) -> Option<TraceContext> {
        let parts: Vec<&str> = header.trim().split('-').collect();
        let [version, trace, span, flags, more @ ..] = parts.as_slice() else { return None };
        let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        // A later version may have more parts; ff is none.
        let is_known = is_hex(version, 2) && *version != "ff" && (*version != "00" || more.is_empty());
        if !is_known || !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
            return None;
        }
        let (trace, span) = (u128::from_str_radix(trace, 16).ok()?, u64::from_str_radix(span, 16).ok()?);
        (trace != 0 && span != 0).then_some(TraceContext { trace, span })
    }

    /// That of an execution: the trace it was called in, else one with the id of the execution that all began with.
    pub fn of(row: &Row) -> TraceContext {
        let id = row.id().unwrap_or_default();
        let called = row.text("trace_id").and_then(|text| u128::from_str_radix(text, 16).ok());
        let trace = called.unwrap_or_else(|| row.uuid("root_execution_id").unwrap_or(id).as_u128());
        TraceContext { trace, span: span_of(id) }
    }

    pub(super) fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }

    pub(super) fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }
}

/// The span of an execution: the half of its id that is random.
pub(super) fn span_of(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

/// Puts the trace of a connection into the headers of its request, unless the flow set one.
pub(super) fn pass_on(inputs: &mut Value, row: &Row) {
    let Some(inputs) = inputs.as_object_mut() else { return };
    let headers = inputs.entry("headers").or_insert_with(|| json!({}));
    if headers.is_null() {
        *headers = json!({});
    }
    let Some(headers) = headers.as_object_mut() else { return };
    if !headers.keys().any(|name| name.eq_ignore_ascii_case("traceparent")) {
        headers.insert("traceparent".to_owned(), TraceContext::of(row).to_string().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the recommendation.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written_and_what_is_none_is_passed_over() {
        let context = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!((context.trace_id().as_str(), context.span_id().as_str()), ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"));
        assert_eq!(context.to_string(), EXAMPLE);
        assert_eq!(TraceContext::parse(&EXAMPLE.replacen("00", "cc", 1).replace("-01", "-01-what-comes")), Some(context));
        for wrong in [
            "",
            "00-4bf9-00f067aa0ba902b7-01",
            &EXAMPLE.replacen("00", "ff", 1),
            &EXAMPLE.to_uppercase(),
            &format!("{EXAMPLE}-more"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(TraceContext::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_execution_of_its_own_is_a_trace_with_its_id() {
        let (root, id) = (Uuid::now_v7(), Uuid::now_v7());
        let mut row = Row::new();
        row.set("id", id.to_string());
        row.set("root_execution_id", root.to_string());
        let context = TraceContext::of(&row);
        assert_eq!((context.trace_id(), context.span), (root.simple().to_string(), span_of(id)));
        row.set("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(TraceContext::of(&row).trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let mut inputs = json!({ "headers": { "Traceparent": "mine" } });
        pass_on(&mut inputs, &row);
        assert_eq!(inputs, json!({ "headers": { "Traceparent": "mine" } }));
        let mut inputs = json!({ "headers": null });
        pass_on(&mut inputs, &row);
        assert_eq!(inputs["headers"]["traceparent"], TraceContext::of(&row).to_string());
    }
}
