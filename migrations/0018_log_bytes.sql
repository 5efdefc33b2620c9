-- What a chunk counts towards the limit of an execution's log.

alter table execution_log add column bytes integer not null default 0;
update execution_log set bytes = octet_length(entries)
where execution_id in (select id from execution where status not in ('ENDED_SUCCESS', 'ENDED_ERROR', 'ENDED_CANCELLED'));
