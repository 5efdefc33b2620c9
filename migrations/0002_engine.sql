-- What the engine and the doors keep beside the records.

-- The journal: one row per numbered flow_api call. Read in key order by a replay, written once when the call starts and once when it is
-- answered, so the row lies in the key's own tree. A result over 64 KiB is a reference to a blob.
create table execution_step (
    execution_id text not null,
    epoch integer not null,
    seq integer not null,
    op text not null,
    target text,
    args text,
    args_hash text not null,
    started_at text not null,
    due_at text,
    done_at text,
    ok integer,
    result text,
    next integer,
    primary key (execution_id, epoch, seq)
) without rowid;

-- The log in chunks: `entries` is a JSON list, `first_number` and `count` give its place in the execution's numbering.
-- (seq, n) of the first and last entry tell a replay what is stored already. `raw_lines` counts entries of raw descriptor output.
create table execution_log (
    execution_id text not null,
    first_number integer not null,
    count integer not null,
    epoch integer not null,
    first_seq integer not null,
    first_n integer not null,
    last_seq integer not null,
    last_n integer not null,
    at text not null,
    raw_lines integer not null default 0,
    entries text not null,
    primary key (execution_id, first_number)
);
create index execution_log_position on execution_log (execution_id, epoch, last_seq, last_n);

-- Content by hash: scripts, files, large values. It lies in pieces, so that long content is written between other work; a row here
-- says that all of them are there.
create table blob (
    hash text not null primary key,
    size integer not null
) without rowid;

create table blob_piece (
    hash text not null,
    number integer not null,
    content blob not null,
    primary key (hash, number)
);

-- Facts about this database: its id, the fencing epoch, server secrets' check values.
create table meta (
    key text not null primary key,
    value text not null
) without rowid;

-- Which execution answered a request with this key, so that a repeated request gets the same one.
create table idempotency (
    key text not null,
    user_id text not null,
    execution_id text not null,
    request_hash text not null,
    created_at text not null,
    primary key (user_id, key)
) without rowid;
create index idempotency_created on idempotency (created_at);

-- Interned grants: many executions share the roles, the cap and the origin user they act with. `content` is JSON, `hash` its digest.
create table grant_row (
    id text not null primary key,
    hash text not null,
    user_id text,
    content text not null,
    created_at text not null
);
create unique index grant_row_hash on grant_row (hash);
create index grant_row_user on grant_row (user_id);

-- Held locks; `count` is how often its holder acquired it. Gone when the holder ends.
create table setting_lock (
    setting_id text not null primary key,
    execution_id text not null,
    count integer not null,
    acquired_at text not null
) without rowid;
create index setting_lock_execution on setting_lock (execution_id);

-- Logged-in sessions by the hash of their id.
create table session (
    id_hash text not null primary key,
    user_id text not null,
    created_at text not null,
    last_seen_at text not null,
    expires_at text not null,
    client text
) without rowid;
create index session_user on session (user_id);
create index session_expires on session (expires_at);
