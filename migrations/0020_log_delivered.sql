-- What an async handler was told after its last recorded call and before the last entry of a chunk: a replay tells it the same before it
-- logs again, so that the entries that are stored already are known by their numbers.

alter table execution_log add column delivered text;
