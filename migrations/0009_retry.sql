-- A retry carries on the journal of an ended execution: up to which call, and whose ids and hashes stand in it. Of one that failed,
-- the last call before its failure, from which a retry goes on.
alter table execution add column retried_seq integer;
alter table execution add column failed_after integer;
alter table execution add column journal_of text;
