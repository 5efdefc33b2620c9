//! WEBHOOK: an address that starts a flow.

use crate::records::{Export, Family, Field, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "WEBHOOK",
    singular: "webhook",
    plural: "webhooks",
    family: Family::Resource,
    doc: "An address, `/webhook/<name>/call`, that starts a flow with the request as its input.",
    is_identity: true,
    in_project: true,
    in_bundle: true,
    is_derived: false,
    own: &[
        Field::new("flow_id", Kind::Reference("FLOW"), "The flow that a call starts.").required(),
        Field::new("is_enabled", Kind::Boolean, "Whether it can be called. Default false.").default("false").export(Export::Export),
        Field::new("is_key_required", Kind::Boolean, "Whether a call must show the key. Default true.")
            .default("true")
            .export(Export::Export),
        Field::new("key", Kind::Text, "The key that calls show or sign with. Write-only.").sealed(),
        Field::new("is_productive", Kind::Boolean, "Whether its executions count as productive. Default false.").default("false"),
        Field::new(
            "execution_location",
            Kind::Enum(&["flow_record", "webhook_record", "default"]),
            "Where its executions lie: with the flow, with the webhook, or in the default project. Default `flow_record`.",
        )
        .default("\"flow_record\""),
    ],
};
