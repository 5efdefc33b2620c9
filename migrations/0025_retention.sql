-- Retention: to find what is past its time, to go on where a server was killed, and to know that nothing names a content.

create index execution_ended on execution (ended_at, id) where ended_at is not null;
create index message_created on message (created_at, id);
create index record_version_created on record_version (created_at, id);

-- Who names a content.
create index execution_script on execution (script_hash) where script_hash is not null;
create index flow_script on flow (script_hash) where script_hash is not null;
create index file_content on file (sha256) where sha256 is not null;
create index record_version_file on record_version (json_extract(content, '$.sha256')) where parent_type = 'FILE';
create index execution_retried on execution (retried_from) where retried_from is not null;

-- Content that nothing named, since when. Whoever writes that content takes the mark away.
create table blob_unused (
    hash text not null primary key,
    since text not null
) without rowid;
create index blob_unused_since on blob_unused (since);

-- Which grants no execution acts with any more, and which sessions nobody uses.
create index execution_grant on execution (grant_id) where grant_id is not null;
create index session_seen on session (last_seen_at);

-- What is left of records that are gone: it goes piece by piece. `what` says which of it.
create table remains (
    record_id text not null,
    what text not null,
    primary key (record_id, what)
) without rowid;

-- What retention has taken of an execution that is still there.
alter table execution add column purged text;

-- It follows from the end and the rule of the day.
alter table execution drop column expires_at;
