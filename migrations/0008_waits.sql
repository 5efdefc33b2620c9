-- What an open call waits for, as JSON, so that a server that starts again can wait on without running the flow: the executions, or the
-- setting whose lock it stands in line for. Null for calls that wait for a time alone, and for those that do not wait.
alter table execution_step add column waits text;
