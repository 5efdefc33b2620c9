-- The trace and the span in it that an execution was called in (W3C Trace Context).
alter table execution add column trace_id text;
alter table execution add column parent_span_id text;
