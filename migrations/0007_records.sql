-- The other record types; the columns are the fields declared in src/records/types.

create table organization (
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
    icon text
);
create unique index organization_name on organization (name) where deleted_at is null;

create table bundle (
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
    bundle_version text,
    bundle_repository_id text,
    branch_name text,
    icon text,
    is_dirty integer not null default 0
);
create unique index bundle_name on bundle (name) where deleted_at is null;

create table bundle_repository (
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
    url text not null,
    user_name text,
    secret_id text
);
create unique index bundle_repository_name on bundle_repository (name) where deleted_at is null;

create table savepoint (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    execution_id text not null,
    name text not null,
    epoch integer not null default 1,
    seq integer not null
);
create unique index savepoint_pair on savepoint (execution_id, name);

create table message (
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
    subject text,
    message text,
    body text,
    request text,
    message_type text,
    execution_id text,
    response text,
    is_submitted integer not null default 0,
    submitted_by text,
    submitted_at text
);
create index message_project on message (project_id, created_at);
create index message_execution on message (execution_id) where execution_id is not null;

create table process (
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
    kind text not null,
    host text,
    pid integer,
    environment text,
    status text not null,
    current_execution_id text,
    started_at text,
    last_seen_at text,
    memory_bytes integer
);

create table schema (
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
    value text not null
);
create unique index schema_name on schema (name) where deleted_at is null;
create index schema_project on schema (project_id);

create table connector (
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
    connector_type text not null,
    value text not null default '{}',
    secrets text not null default '[]'
);
create unique index connector_name on connector (name) where deleted_at is null;
create index connector_project on connector (project_id);

create table schedule (
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
    flow_id text not null,
    scheduler_id text,
    configuration text not null,
    is_enabled integer not null default 0,
    input_value text,
    last_run_at text
);
create unique index schedule_name on schedule (name) where deleted_at is null;
create index schedule_project on schedule (project_id);

create table scheduler (
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
    configuration_schema text
);
create unique index scheduler_name on scheduler (name) where deleted_at is null;
create index scheduler_project on scheduler (project_id);

create table webhook (
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
    flow_id text not null,
    is_enabled integer not null default 0,
    is_key_required integer not null default 1,
    key text,
    is_productive integer not null default 0,
    execution_location text not null default 'flow_record'
);
create unique index webhook_name on webhook (name) where deleted_at is null;
create index webhook_project on webhook (project_id);

create table wrapper (
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
    flow_id text not null,
    input_schema text
);
create unique index wrapper_name on wrapper (name) where deleted_at is null;
create index wrapper_project on wrapper (project_id);

create table resource_wrapper (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    resource_id text not null,
    wrapper_id text not null,
    input_value text,
    position integer not null default 0,
    parent_type text
);
create unique index resource_wrapper_pair on resource_wrapper (resource_id, wrapper_id);

create table object_template (
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
    icon text,
    before_create text,
    on_create text,
    on_update text,
    on_delete text
);
create unique index object_template_name on object_template (name) where deleted_at is null;
create index object_template_project on object_template (project_id);

create table object_template_attribute (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    object_template_id text not null,
    name text not null,
    description text,
    datatype text not null,
    is_nullable integer not null default 1,
    is_unique integer not null default 0,
    is_hidden integer not null default 0,
    reference_record_type text,
    reference_object_template_id text,
    silent_update integer not null default 0
);
create unique index object_template_attribute_pair on object_template_attribute (object_template_id, name);

create table custom_object (
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
    object_template_id text not null,
    value text not null default '{}',
    provisioning_state text not null default 'READY'
);
create unique index custom_object_name on custom_object (name) where deleted_at is null;
create index custom_object_project on custom_object (project_id);
create index custom_object_template on custom_object (object_template_id);

create table plugin (
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
    is_enabled integer not null default 1,
    icon text
);
create unique index plugin_name on plugin (name) where deleted_at is null;
create index plugin_project on plugin (project_id);

create table plugin_action (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    plugin_id text not null,
    name text not null,
    description text,
    action_record_type text not null,
    action_type text not null default 'RECORD',
    flow_id text,
    parent_action_id text,
    record_filter text,
    icon text,
    is_enabled integer not null default 1,
    execution_location text not null default 'record'
);
create unique index plugin_action_pair on plugin_action (plugin_id, name);

create table oauth (
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
    provider text not null,
    client_id text not null,
    client_secret text,
    scopes text not null default '[]',
    authorization_url text,
    token_url text,
    user_info_url text
);
create unique index oauth_name on oauth (name) where deleted_at is null;
create index oauth_project on oauth (project_id);

create table vault_config (
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
    kind text not null default 'HASHICORP',
    url text not null,
    engine_path text not null default 'secret',
    auth_method text not null default 'TOKEN',
    token text,
    approle_role_id text,
    approle_secret_id text,
    cacert text,
    is_enabled integer not null default 1,
    is_auto_renew integer not null default 0
);
create unique index vault_config_name on vault_config (name) where deleted_at is null;
create index vault_config_project on vault_config (project_id);

create table ldap_config (
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
    url text not null,
    base_dn text not null,
    authentication_mechanism text not null default 'SIMPLE',
    bind_dn text,
    password text,
    user_filter text not null default '(objectClass=person)',
    user_name_attribute text not null default 'uid',
    role_mapping text not null default '{}',
    cacert text,
    client_cert text,
    client_key text,
    is_enabled integer not null default 0
);
create unique index ldap_config_name on ldap_config (name) where deleted_at is null;

create table devolutions_config (
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
    url text not null,
    application_id text,
    application_key text,
    is_enabled integer not null default 1
);
create unique index devolutions_config_name on devolutions_config (name) where deleted_at is null;
create index devolutions_config_project on devolutions_config (project_id);

create table sync_config (
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
    direction text not null default 'PULL',
    remote_url text not null,
    "ref" text not null default 'main',
    path text,
    user_name text,
    password text,
    ssh_key text,
    is_enabled integer not null default 0
);
create unique index sync_config_name on sync_config (name) where deleted_at is null;
create index sync_config_project on sync_config (project_id);

create table tag (
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
    color text
);
create unique index tag_name on tag (name) where deleted_at is null;
create index tag_project on tag (project_id);

create table record_tag (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    record_id text not null,
    tag_id text not null,
    parent_type text
);
create unique index record_tag_pair on record_tag (record_id, tag_id);
create index record_tag_tag on record_tag (tag_id);

create table record_version (
    id text not null primary key,
    version integer not null default 1,
    created_at text not null,
    created_by text,
    modified_at text not null,
    modified_by text,
    record_id text not null,
    number integer not null,
    operation text not null,
    commit_message text,
    content text not null,
    parent_type text
);
create unique index record_version_pair on record_version (record_id, number);
