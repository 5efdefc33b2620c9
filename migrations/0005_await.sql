-- What a replay of an async handler needs: a JSON list of what it was told just before this call (numbers of awaited calls that were answered,
-- and, negative, of timers of its event loop), and whether a thread beside the main one made the call, which no replay can repeat.
alter table execution_step add column delivered text;
alter table execution_step add column off_main integer;
