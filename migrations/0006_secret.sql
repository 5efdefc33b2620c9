-- Secrets, each a value that is stored sealed.

create table secret (
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
    value text,
    allowed_hosts text
);
create unique index secret_name on secret (name) where deleted_at is null;
create index secret_project on secret (project_id);
