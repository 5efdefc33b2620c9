-- Uploads that were promised. Whoever has the signed address of one may send its content once, as the user who asked for it; the
-- signature is no column, so that a copy of the database gives no address away.
create table upload (
    id text not null primary key,
    user_id text not null,
    api_key_id text,
    -- The columns of the FILE as they were asked for, and what becomes of one that is there.
    payload text not null,
    if_exists text not null,
    limit_bytes integer not null,
    created_at text not null,
    expires_at text not null,
    used_at text
) without rowid;

create index upload_expires_at on upload (expires_at);
