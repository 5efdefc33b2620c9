//! EXECUTION: one run of a flow, a script or a connector.

use super::flow::{ISOLATION, ON_LOSS};
use crate::records::{Family, Field, Kind, RecordType, Status};

pub static TYPE: RecordType = RecordType {
    name: "EXECUTION",
    singular: "execution",
    plural: "executions",
    family: Family::Activity,
    doc: "One run of a flow, a script or a connector, from its inputs to its end.",
    is_identity: true,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: OWN,
};

const OWN: &[Field] = &[
    Field::new("type", Kind::Enum(&["FLOW", "SCRIPT", "CONNECTION", "SCHEDULE"]), "What is run. Default `FLOW`.")
        .default("\"FLOW\"")
        .fixed(),
    Field::new("status", Kind::Enum(&Status::NAMES), "Where it stands.").default("\"CREATED\"").system(),
    Field::new("status_message", Kind::Text, "How it ended: the text of `this.success` or `this.error`, or the traceback.").system(),
    Field::new("status_hint", Kind::Text, "What could be done about its failure, as given to `this.error(hint=...)`.").system(),
    Field::new("status_data", Kind::Json, "Details of its failure, as given to `this.error(data=...)`.").system(),
    Field::new("message", Kind::Text, "What it is doing, as text for lists."),
    Field::new("progress", Kind::Json, "`{\"done\": number, \"total\": number, \"message\": text or null}` as last set by the flow.")
        .system(),
    Field::new("flow_id", Kind::Reference("FLOW"), "The flow it runs.").fixed(),
    Field::new("flow_name", Kind::Name, "The name its flow had when it was created.").fixed(),
    Field::new("connector_id", Kind::Reference("CONNECTOR"), "The stored connector it uses.").fixed(),
    Field::new("connector_type", Kind::Text, "The type of the connector it uses, such as `REST`.").fixed(),
    Field::new("script", Kind::Text, "The Python source it runs: the flow's as it was at creation, or its own.").computed().fixed(),
    Field::new("input_value", Kind::Json, "Its inputs as they were given; the handler gets them with defaults filled in.").fixed(),
    Field::new("output_value", Kind::Json, "Its output: what the handler returned or `set_output` built up."),
    Field::new("input_schema", Kind::JsonSchema, "The schema its inputs were checked against.").fixed(),
    Field::new("output_schema", Kind::JsonSchema, "The schema its output is checked against when it succeeds.").fixed(),
    Field::new("parent_execution_id", Kind::Reference("EXECUTION"), "The execution that created it; null for a root.").system(),
    Field::new("root_execution_id", Kind::Reference("EXECUTION"), "The first of its ancestors, or itself.").system(),
    Field::new("schedule_id", Kind::Reference("SCHEDULE"), "The schedule that started it.").system(),
    Field::new("webhook_id", Kind::Reference("WEBHOOK"), "The webhook that started it.").system(),
    Field::new("mcp_user_tool_id", Kind::Reference("MCP_USER_TOOL"), "The user tool that started it.").system(),
    Field::new("custom_object_id", Kind::Reference("CUSTOM_OBJECT"), "The custom object whose life cycle started it.").system(),
    Field::new("wrapper_id", Kind::Reference("WRAPPER"), "The wrapper it runs in place of what it wraps.").fixed(),
    Field::new("plugin_action_id", Kind::Reference("PLUGIN_ACTION"), "The plugin action that started it.").system(),
    Field::new("orphan", Kind::Boolean, "Whether it lives on when its parent ends. Default false.").default("false").fixed(),
    Field::new("priority", Kind::Integer, "Higher is started first; within one priority, the oldest. Default: the flow's, else 0.")
        .present(),
    Field::new("scheduled_for", Kind::Timestamp, "Not to be started before this time.").fixed(),
    Field::new("max_runtime_minutes", Kind::Number, "Minutes of wall time it may take. Default: the flow's; null means no limit.")
        .positive(),
    Field::new("is_productive", Kind::Boolean, "Whether it does real work rather than a trial. Default false.").default("false"),
    Field::new("is_paused", Kind::Boolean, "Whether it is held until somebody resumes it. Default false.").default("false").fixed(),
    Field::new("blocked_on", Kind::Text, "What it waits for, in words and ids; null while it waits for nothing.").system(),
    Field::new("attempt", Kind::Integer, "1 for the first try; one more each time a lost process had to be replaced.")
        .default("1")
        .system(),
    Field::new("started_at", Kind::Timestamp, "When its handler first began.").system(),
    Field::new("ended_at", Kind::Timestamp, "When it ended.").system(),
    Field::new("duration_ms", Kind::Integer, "Milliseconds from `started_at` to `ended_at`.").system(),
    Field::new("cpu_ms", Kind::Integer, "Milliseconds of CPU time its process used for it.").system(),
    Field::new("peak_memory_bytes", Kind::Integer, "The most memory its process held, in bytes.").system(),
    Field::new("exit_status", Kind::Text, "How its process ended if it did, such as `exit code 3` or `signal 11 (SIGSEGV)`.").system(),
    Field::new("on_loss", Kind::Enum(ON_LOSS), "What happens when its process or server is lost. Default: the flow's.").present().fixed(),
    Field::new(
        "escaped",
        Kind::Json,
        "The first thing it did outside flow_api in its present epoch, recorded before it was done: `{\"event\", \"argument\", \"file\", \
         \"line\", \"function\", \"after\", \"epoch\", \"attempt\", \"at\"}`; null while there is none. With `on_loss` `auto`, it ends when its \
         process is lost after that.",
    )
    .system(),
    Field::new("isolation", Kind::Enum(ISOLATION), "Whether its process may take another execution afterwards. Default: the flow's.")
        .present()
        .fixed(),
    Field::new("retried_from", Kind::Reference("EXECUTION"), "The ended execution whose recorded calls it carries on.").system(),
    Field::new("retried_seq", Kind::Integer, "The number of the last call it took over from `retried_from`.").system(),
    Field::new(
        "failed_after",
        Kind::Integer,
        "The number of the last call before what it failed with was raised; what it called after that was cleaning up.",
    )
    .system(),
    Field::new(
        "origin",
        Kind::Json,
        "Who started it and how: `{\"kind\": \"rest\" | \"mcp\" | \"flow\" | \"schedule\" | \"webhook\" | \"console\" | \"cli\", \
         \"identity_id\", \"api_key_id\", \"client\"}`.",
    )
    .system(),
    Field::new(
        "trace_id",
        Kind::Text,
        "The W3C trace that it was called in (`traceparent`), 32 hex digits; null where it began one of its own, with the id of its root execution.",
    )
    .system(),
    Field::new("parent_span_id", Kind::Text, "The span of that trace that it is part of, 16 hex digits.").system(),
    Field::new("idempotency_key", Kind::Text, "The `Idempotency-Key` it was created with.").system(),
    Field::new("savepoint_retention", Kind::Integer, "How many of its savepoints are kept. Default: the flow's; null means all."),
    Field::new("expires_at", Kind::Timestamp, "When retention may delete it; null until it has ended, or when it is kept.").computed(),
    Field::new("purged", Kind::TextList, "What retention has taken of it: `journals`, `logs`; null while it is whole.").system(),
    Field::new("protected", Kind::Json, "What the inputs of a connection hold that is shown nowhere, while it lives.").system().sealed(),
    // What the engine needs to run it again after a loss.
    Field::new("script_hash", Kind::Text, "The blob that holds the script.").hidden(),
    Field::new("environment_key", Kind::Text, "The packages it runs with; null for the standard library alone.").hidden(),
    Field::new("grant_id", Kind::Uuid, "The interned grant it acts with.").hidden(),
    Field::new("epoch", Kind::Integer, "The journal in use.").default("1").hidden(),
    Field::new("effects", Kind::Integer, "The kinds of things it did, as bits.").hidden(),
    Field::new("journal_of", Kind::Uuid, "The execution that began the journal which a retry carries on.").hidden(),
    Field::new("key_base", Kind::Integer, "The base of the key file that its argument hashes are made with.").default("1").hidden(),
    Field::new("depth", Kind::Integer, "How many ancestors it has.").default("0").hidden(),
    Field::new("seed", Kind::Integer, "Seeds `random` in the handler.").hidden(),
    Field::new("wait_until", Kind::Timestamp, "When the wait it is in is due.").hidden(),
    Field::new("cancel_requested", Kind::Boolean, "Whether somebody asked for its end.").default("false").hidden(),
    Field::new("raw_lines", Kind::Integer, "Log entries stored of raw descriptor output.").default("0").hidden(),
    Field::new("schedule_due", Kind::Timestamp, "The time of its schedule that it was started for.").hidden(),
    Field::new("webhook_reply", Kind::Json, "What the caller of its webhook is answered.").hidden(),
    Field::new("limits", Kind::Json, "The limits that were in force when it was created.").hidden(),
];
