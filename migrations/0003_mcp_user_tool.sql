-- Flows that agents see as tools.

create table mcp_user_tool (
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
    is_enabled integer not null default 1,
    timeout_sec integer not null default 300,
    annotations text
);
create unique index mcp_user_tool_name on mcp_user_tool (name) where deleted_at is null;
create index mcp_user_tool_project on mcp_user_tool (project_id);
