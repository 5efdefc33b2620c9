-- The audit log: one entry after the other, each with a hash over itself and the one before it.

create table audit (
    seq integer not null primary key,
    id text not null,
    at text not null,
    operation text not null,
    record_type text,
    record_id text,
    record_name text,
    outcome text not null,
    door text not null,
    actor_type text,
    actor_id text,
    actor_name text,
    user_id text,
    api_key_id text,
    client text,
    address text,
    details text,
    hash text not null
);
create unique index audit_id on audit (id);
create index audit_at on audit (at);
create index audit_record on audit (record_id) where record_id is not null;
create index audit_actor on audit (actor_id) where actor_id is not null;

create trigger audit_is_append_only before update on audit
begin
    select raise(abort, 'entries of the audit log are never changed');
end;
