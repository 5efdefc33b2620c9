//! PLUGIN_ACTION: one button of a plugin.

use crate::records::{Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "PLUGIN_ACTION",
    singular: "plugin_action",
    plural: "plugin_actions",
    family: Family::Subrecord { parent: "PLUGIN", column: "plugin_id" },
    doc: "One button of a plugin: on which records it is offered, and the flow that it starts.",
    is_identity: false,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("plugin_id", Kind::Reference("PLUGIN"), "The plugin it belongs to.").required().fixed(),
        Field::new("name", Kind::Name, "What the button says; unique within the plugin.").required(),
        Field::new("description", Kind::Text, "What it does, as Markdown."),
        Field::new("action_record_type", Kind::Text, "The type of the records it is offered on, such as `FLOW`.")
            .form(Form::RecordType)
            .required(),
        Field::new(
            "action_type",
            Kind::Enum(&["LIST", "RECORD"]),
            "`RECORD` offers it on a single record, `LIST` in lists too, for all that are chosen. Default `RECORD`.",
        )
        .default("\"RECORD\""),
        Field::new("flow_id", Kind::Reference("FLOW"), "The flow that it starts; null for one that only groups others."),
        Field::new("parent_action_id", Kind::Reference("PLUGIN_ACTION"), "The action it is shown below, in a menu."),
        Field::new("record_filter", Kind::Json, "A filter: it is offered on records that match; null offers it on all.").form(Form::Object),
        Field::new("icon", Kind::Text, "A picture, as a `data:` URL."),
        Field::new("is_enabled", Kind::Boolean, "Whether it is offered. Default true.").default("true"),
        Field::new(
            "execution_location",
            Kind::Enum(&["record", "plugin"]),
            "Where its executions lie: with the record, or with the plugin. Default `record`.",
        )
        .default("\"record\""),
    ],
};
