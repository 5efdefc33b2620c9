-- One table per record type; the columns are the fields declared in src/records/types.
-- A name is unique among the rows that are not in the trash bin.

create table workspace (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    default_requirements text,
    limits text,
    retention text
);
create unique index workspace_name on workspace (name) where deleted_at is null;

create table project (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    is_readonly integer not null default 0,
    default_requirements text,
    network text not null default 'open',
    limits text
);
create unique index project_name on project (name) where deleted_at is null;

create table "user" (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    email text,
    is_enabled integer not null default 1,
    icon text,
    is_2fa_enabled integer not null default 0,
    last_login text,
    last_activity text,
    password text,
    otp_secret text,
    must_change_password integer not null default 0
);
create unique index user_name on "user" (name) where deleted_at is null;

create table role (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    is_readonly integer not null default 0
);
create unique index role_name on role (name) where deleted_at is null;

create table role_permission (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    role_id text not null,
    operation text,
    permission_record_type text,
    project_id text
);
create index role_permission_role on role_permission (role_id);

create table identity_role (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    identity_id text not null,
    role_id text not null,
    propagate integer not null default 0,
    parent_type text
);
create unique index identity_role_identity on identity_role (identity_id, role_id);
create index identity_role_role on identity_role (role_id);

create table api_key (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    user_id text not null,
    name text not null,
    kind text not null default 'user',
    prefix text not null,
    expires_at text,
    last_used_at text,
    revoked_at text,
    scopes text,
    secret_hash text not null
);
create unique index api_key_prefix on api_key (prefix);
create index api_key_user on api_key (user_id);

create table flow (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    is_readonly integer not null default 0,
    script text not null,
    input_schema text,
    output_schema text,
    max_runtime_minutes real,
    priority integer not null default 0,
    savepoint_retention integer,
    breakpoints text,
    environment text,
    on_loss text not null default 'auto',
    isolation text not null default 'reuse',
    last_steps text,
    script_hash text
);
create unique index flow_name on flow (name) where deleted_at is null;
create index flow_project on flow (project_id);

create table execution (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    type text not null default 'FLOW',
    status text not null default 'CREATED',
    status_message text,
    status_hint text,
    status_data text,
    message text,
    progress text,
    flow_id text,
    flow_name text,
    connector_id text,
    connector_type text,
    input_value text,
    output_value text,
    input_schema text,
    output_schema text,
    parent_execution_id text,
    root_execution_id text,
    schedule_id text,
    webhook_id text,
    mcp_user_tool_id text,
    custom_object_id text,
    wrapper_id text,
    plugin_action_id text,
    orphan integer not null default 0,
    priority integer not null default 0,
    scheduled_for text,
    max_runtime_minutes real,
    is_productive integer not null default 0,
    is_paused integer not null default 0,
    blocked_on text,
    attempt integer not null default 1,
    started_at text,
    ended_at text,
    duration_ms integer,
    cpu_ms integer,
    peak_memory_bytes integer,
    exit_status text,
    on_loss text not null default 'auto',
    isolation text not null default 'reuse',
    retried_from text,
    origin text,
    idempotency_key text,
    savepoint_retention integer,
    expires_at text,
    script_hash text,
    grant_id text,
    epoch integer not null default 1,
    depth integer not null default 0,
    seed integer,
    wait_until text,
    cancel_requested integer not null default 0,
    raw_lines integer not null default 0,
    limits text
);
create index execution_status on execution (status, created_at);
create index execution_flow on execution (flow_id, created_at) where flow_id is not null;
create index execution_parent on execution (parent_execution_id, created_at) where parent_execution_id is not null;
create index execution_project on execution (project_id, created_at);

create table setting (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    is_readonly integer not null default 0,
    value text
);
create unique index setting_name on setting (name) where deleted_at is null;
create index setting_project on setting (project_id);

create table file (
    id text not null primary key,
    version integer not null default 1,
    name text not null,
    description text,
    project_id text,
    bundle_id text,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    workspace_id text,
    organization_id text,
    deleted_at text,
    deleted_by text,
    is_deleted integer not null default 0,
    is_bundle_content integer not null default 0,
    has_syntax_error integer not null default 0,
    has_deprecation integer not null default 0,
    track_in_git integer not null default 1,
    is_readonly integer not null default 0,
    content_size_bytes integer not null default 0,
    content_type text,
    sha256 text
);
create unique index file_name on file (name) where deleted_at is null;
create index file_project on file (project_id);

create table record_metadata (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    record_id text not null,
    key text not null,
    data text,
    parent_type text
);
create unique index record_metadata_key on record_metadata (record_id, key);
