//! WORKSPACE: the one row that stands for the whole installation.

use crate::records::{Export, Family, Field, Form, Kind, RecordType};

pub static TYPE: RecordType = RecordType {
    name: "WORKSPACE",
    singular: "workspace",
    plural: "workspaces",
    family: Family::Resource,
    doc: "The whole installation: one row with the settings that hold where no project or flow says otherwise. It is made at the first \
          start and cannot be created or deleted.",
    is_identity: true,
    in_project: false,
    in_bundle: false,
    is_derived: false,
    own: &[
        Field::new("default_requirements", Kind::TextList, "Python packages of flows that name none, as PEP 508 requirements."),
        Field::new("environment", Kind::Json, "The packages of `default_requirements`, as resolved when they were saved.")
            .system()
            .export(Export::Neither),
        Field::new("limits", Kind::Json, "Limits of all executions, an object: `{\"max_running\": 8}` lets eight of them run at once.")
            .form(Form::Object),
        Field::new(
            "retention",
            Kind::Json,
            "For how many days what is kept, an object; null keeps for ever. Defaults: `{\"executions\": 90, \"journals\": 30, \"logs\": 30, \
             \"messages\": 90, \"trash\": 30, \"versions\": 365, \"audit\": 730, \"blobs\": 1, \"keys\": 365, \"environments\": 7}`. Executions, journals and \
             logs count from the end, blobs from when nothing named them, environments from their last use, API keys from when they were revoked or ran out. What a live execution needs stays.",
        )
        .form(Form::Object),
    ],
};
