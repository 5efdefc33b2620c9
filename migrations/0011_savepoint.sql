-- What of an execution is not in its journal when it makes a savepoint: brought back when it goes back there. `locks` is JSON, pairs of setting and
-- count; `raw_lines` counts the lines written to raw descriptors so far; `has_escaped` says that it had reached outside flow_api before.
create table savepoint_content (
    savepoint_id text not null primary key,
    returned integer not null default 0,
    raw_lines integer not null default 0,
    has_escaped integer not null default 0,
    locks text not null,
    output_value text
) without rowid;

-- What a replay gave a call instead of its recorded arguments, where these may differ.
alter table execution_step add column replayed_args text;
