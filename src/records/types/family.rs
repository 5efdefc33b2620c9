//! The columns a type has by its family: what every resource, activity or subrecord carries.

use crate::records::{Export, Family, Field, Kind, RecordType};

const ID: Field = Field::new("id", Kind::Uuid, "The record's id, a UUID of version 7, so that ids sort by time of creation.")
    .present()
    .system()
    .export(Export::Neither);
const VERSION: Field =
    Field::new("version", Kind::Integer, "Raised by one with every write; the ETag, and what `if_version` and `If-Match` compare.")
        .default("1")
        .system()
        .export(Export::Neither);
const DESCRIPTION: Field = Field::new("description", Kind::Text, "What it is for, as Markdown.");
const PROJECT_ID: Field =
    Field::new("project_id", Kind::Reference("PROJECT"), "The project it is in. A record is in a project, in a bundle, or in neither.");
const BUNDLE_ID: Field =
    Field::new("bundle_id", Kind::Reference("BUNDLE"), "The bundle it is in. A record is in a project, in a bundle, or in neither.");
const PROJECT_NAME: Field =
    Field::new("project_name", Kind::Name, "The project to put it in, by name; looked up when written, kept as `project_id`.").input();
const BUNDLE_NAME: Field =
    Field::new("bundle_name", Kind::Name, "The bundle to put it in, by name; looked up when written, kept as `bundle_id`.").input();
const LOCATION_INHERITANCE: Field = Field::new(
    "location_inheritance",
    Kind::Enum(&["created_by", "default", "wrapped_resource", "resource"]),
    "Where a new record goes when no project and no bundle is given: where its creator is (`created_by`, the usual case), the default \
     project (`default`), or, for executions of a resource, where that resource is.",
)
.input();
const CREATED_AT: Field = Field::new("created_at", Kind::Timestamp, "When it was created.").present().system();
const CREATED_BY: Field = Field::new("created_by", Kind::Reference("*"), "The identity that created it: a user or an execution.").system();
const MODIFIED_AT: Field = Field::new("modified_at", Kind::Timestamp, "When it was last changed.").present().system();
const MODIFIED_BY: Field = Field::new("modified_by", Kind::Reference("*"), "The identity that changed it last.").system();
const WORKSPACE_ID: Field = Field::new("workspace_id", Kind::Reference("WORKSPACE"), "The workspace it belongs to.").system();
const ORGANIZATION_ID: Field =
    Field::new("organization_id", Kind::Reference("ORGANIZATION"), "The organization its workspace belongs to.").system();
const RECORD_TYPE: Field = Field::new("record_type", Kind::Text, "Its type in upper case, such as `FLOW`.").present().computed();

/// `is_readonly` stands last: some types have all but that.
static RESOURCE: &[Field] = &[
    ID,
    VERSION,
    Field::new("name", Kind::Name, "Unique among the records of its type that are not in the trash bin; outer blanks are stripped.")
        .required(),
    DESCRIPTION,
    PROJECT_ID,
    BUNDLE_ID,
    PROJECT_NAME,
    BUNDLE_NAME,
    LOCATION_INHERITANCE,
    CREATED_AT,
    CREATED_BY,
    MODIFIED_AT,
    MODIFIED_BY,
    WORKSPACE_ID,
    ORGANIZATION_ID,
    Field::new("deleted_at", Kind::Timestamp, "When it was put into the trash bin; null while it is live.").system(),
    Field::new("deleted_by", Kind::Reference("*"), "The identity that put it into the trash bin.").system(),
    Field::new("is_deleted", Kind::Boolean, "Whether it is permanently deleted.").default("false").system(),
    Field::new("is_project_readonly", Kind::Boolean, "Whether its project is read-only, and it with it.").present().computed(),
    Field::new("is_bundle_readonly", Kind::Boolean, "Whether its bundle is read-only, and it with it.").present().computed(),
    Field::new("is_bundle_content", Kind::Boolean, "Whether a change of it marks its bundle as modified. Default false.").default("false"),
    Field::new("has_syntax_error", Kind::Boolean, "Whether its script or value could not be read when it was saved.")
        .default("false")
        .system(),
    Field::new("has_deprecation", Kind::Boolean, "Whether its script uses something of flow_api that is deprecated.")
        .default("false")
        .system(),
    Field::new("commit_message", Kind::Text, "What this change is about, for the record's history.").input(),
    Field::new("track_in_git", Kind::Boolean, "Whether Git synchronisation includes it. Default true.").default("true"),
    Field::new("schema_version", Kind::Text, "The version of the export format, now `1`.").present().computed().export(Export::Both),
    RECORD_TYPE,
    Field::new("resource_type", Kind::Text, "The same as `record_type`, for a resource.").present().computed(),
    Field::new("is_readonly", Kind::Boolean, "Whether changes are refused; the only change allowed then is to unset it. Default false.")
        .default("false"),
];

static ACTIVITY: &[Field] = &[
    ID,
    VERSION,
    Field::new("name", Kind::Name, "What lists show; need not be unique. Default: the name of what it is based on.").present(),
    DESCRIPTION,
    PROJECT_ID,
    BUNDLE_ID,
    PROJECT_NAME,
    BUNDLE_NAME,
    LOCATION_INHERITANCE,
    CREATED_AT,
    CREATED_BY,
    MODIFIED_AT,
    MODIFIED_BY,
    WORKSPACE_ID,
    ORGANIZATION_ID,
    RECORD_TYPE,
];

static SUBRECORD: &[Field] = &[ID, VERSION, CREATED_AT, CREATED_BY, MODIFIED_AT, MODIFIED_BY];

/// Types that cannot be made read-only.
const NEVER_READONLY: &[&str] = &["LDAP_CONFIG", "ORGANIZATION", "USER", "WORKSPACE"];

/// The columns a type has by its family, before its own. Rows that the engine keeps have none: their key is their own.
pub(in crate::records) fn family_fields(record_type: &RecordType) -> std::slice::Iter<'static, Field> {
    match record_type.family {
        _ if record_type.is_derived => [].iter(),
        Family::Resource if NEVER_READONLY.contains(&record_type.name) => RESOURCE[..RESOURCE.len() - 1].iter(),
        Family::Resource => RESOURCE.iter(),
        Family::Activity => ACTIVITY.iter(),
        Family::Subrecord { .. } => SUBRECORD.iter(),
    }
}
