//! Traces for others: each execution that ends is a span, sent to an OpenTelemetry collector (OTLP over HTTP) where one is set.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status as Ended, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::clock;
use crate::config::Traces;
use crate::error::{Error, Kind, Result};
use crate::records::Status;
use crate::service::{Actor, Door, News, Row, Selector, Service, TraceContext, status_of};

/// Executions that wait to be looked at; beyond, some are left out.
const QUEUE: usize = 10_000;
/// Spans in one message.
const BATCH: usize = 512;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends spans from now on, in the background.
///
/// # Errors
/// An address that is none.
pub fn start(service: &Service, traces: &Traces) -> Result<()> {
    if traces.endpoint.is_empty() {
        return Ok(());
    }
    let exporter = SpanExporter::builder().with_http().with_endpoint(&traces.endpoint).with_timeout(TIMEOUT).build();
    let mut exporter = exporter.map_err(|e| {
        let text = format!(
            "traces.endpoint is '{}', where spans cannot be sent ({e}); a right one is 'http://127.0.0.1:4318/v1/traces'.",
            traces.endpoint
        );
        Error::new(Kind::Invalid, text)
    })?;
    let attributes = [KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
    exporter.set_resource(&Resource::builder().with_service_name(traces.service_name.clone()).with_attributes(attributes).build());
    let (sender, receiver) = mpsc::channel(QUEUE);
    service.listeners().add(move |news| {
        if let News::Execution(id) = news {
            // Whoever sends nothing for long loses spans, not executions.
            let _ = sender.try_send(*id);
        }
    });
    tokio::spawn(send(service.clone(), exporter, receiver));
    Ok(())
}

async fn send(service: Service, exporter: SpanExporter, mut changed: mpsc::Receiver<Uuid>) {
    let mut ids = Vec::new();
    let mut was_lost = false;
    // An execution is told of at each of its steps; only its end makes a span, once.
    while changed.recv_many(&mut ids, BATCH).await > 0 {
        ids.sort_unstable();
        ids.dedup();
        let mut spans = Vec::new();
        for id in ids.drain(..) {
            match ended(&service, id).await {
                Ok(row) => spans.extend(row.as_ref().and_then(span)),
                Err(error) => tracing::warn!(%error, execution = %id, "an execution could not be made a span"),
            }
        }
        if spans.is_empty() {
            continue;
        }
        let count = spans.len();
        let sent = exporter.export(spans).await;
        if let (Err(error), false) = (&sent, was_lost) {
            tracing::warn!(%error, count, "spans could not be sent and are lost; this is said once until some arrive");
        }
        was_lost = sent.is_err();
    }
}

/// The execution, if it has ended.
async fn ended(service: &Service, id: Uuid) -> Result<Option<Row>> {
    let executions = crate::records::find("EXECUTION").expect("it is a declared type");
    match service.record_row(&Actor::system(Door::Server), executions, &Selector::Id(id)).await {
        Ok(row) => Ok(Some(row).filter(|row| status_of(row).is_some_and(Status::is_ended))),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn span(row: &Row) -> Option<SpanData> {
    let context = TraceContext::of(row);
    let time = |column: &str| row.text(column).and_then(clock::parse).map(SystemTime::from);
    let end = time("ended_at")?;
    let status = status_of(row)?;
    let text = |column: &str| row.text(column).unwrap_or_default().to_owned();
    let kind = if row.text("type") == Some("CONNECTION") { SpanKind::Client } else { SpanKind::Internal };
    let parent = row.text("parent_span_id").and_then(|text| u64::from_str_radix(text, 16).ok());
    let attributes = ["id", "type", "status", "flow_id", "flow_name", "connector_type", "project_id"]
        .into_iter()
        .filter(|column| row.text(column).is_some())
        .map(|column| KeyValue::new(format!("flowstead.execution.{column}"), text(column)));
    let outcome = match status {
        Status::EndedSuccess => Ended::Ok,
        Status::EndedError => Ended::error(text("status_message")),
        _ => Ended::Unset,
    };
    Some(SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(context.trace.to_be_bytes()),
            SpanId::from_bytes(context.span.to_be_bytes()),
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: parent.map_or(SpanId::INVALID, |span| SpanId::from_bytes(span.to_be_bytes())),
        parent_span_is_remote: row.text("parent_execution_id").is_none(),
        span_kind: kind,
        name: Cow::Owned(text("name")),
        start_time: time("started_at").or_else(|| time("created_at")).unwrap_or(end),
        end_time: end,
        attributes: attributes.collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: outcome,
        instrumentation_scope: InstrumentationScope::builder("flowstead").build(),
    })
}
