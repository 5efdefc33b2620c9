//! MCP_USER_TOOL: a flow that agents see as a tool of their own.

use crate::records::{Export, Family, Field, Form, Kind, RecordType};

/// What a tool says about tasks.
pub const TASK_SUPPORT: &[&str] = &["optional", "required", "forbidden"];

pub static TYPE: RecordType = RecordType {
    name: "MCP_USER_TOOL",
    singular: "mcp_user_tool",
    plural: "mcp_user_tools",
    family: Family::Resource,
    doc: "A flow that agents see as a tool over MCP. Its `name` is the tool's name: a letter, then up to 47 letters, digits, `_` or `-`, \
          and not the name of a built-in tool. Its `description` tells an agent when to use it; the schemas are the flow's.",
    is_identity: false,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("flow_id", Kind::Reference("FLOW"), "The flow that a call runs, with the arguments as its `input_value`.").required(),
        Field::new("is_enabled", Kind::Boolean, "Whether it is listed and may be called. Default true.")
            .default("true")
            .export(Export::Export),
        Field::new("timeout_sec", Kind::Integer, "Seconds that a call waits for the execution to end, 1 to 3600. Default 300.")
            .default("300"),
        Field::new(
            "task_support",
            Kind::Enum(TASK_SUPPORT),
            "Whether a call that takes long may go on as a task, for clients that know tasks: `optional`, `forbidden`, or `required`, which \
             refuses all other clients. Default `optional`.",
        )
        .default("\"optional\""),
        Field::new(
            "annotations",
            Kind::Json,
            "What it does to the world, as hints for hosts: an object of `title` (text), `read_only`, `destructive`, `idempotent` and \
             `open_world` (booleans). Without it a tool counts as destructive and open. Over MCP, what makes it look harmless takes a key \
             whose `tools` name the group `risk`.",
        ),
        Field::new("problem", Kind::Text, "Why it is not listed, in one sentence; null while it is.").computed(),
        Field::new(
            "proposed_annotations",
            Kind::Json,
            "What the recorded executions of its flow's present script tell: `{\"annotations\", \"is_confirmed\", \"evidence\": {\"executions\", \
             \"succeeded\", \"needed\", \"since\", \"until\", \"seen\"}}`. A proposal: a person confirms it by writing `annotations`. What none \
             of them did counts once `needed` have succeeded. Null while none has ended; begun anew with each change of the script.",
        )
        .form(Form::Object)
        .computed(),
        Field::new(
            "warnings",
            Kind::Json,
            "What keeps agents from using it well, as a list of `{\"pointer\", \"message\"}`; `/input_schema` and `/output_schema` are its flow's.",
        )
        .form(Form::List)
        .present()
        .computed(),
    ],
};
