-- The newest executions are asked for most of all; without these each such list read and sorted every one.
create index execution_created on execution (created_at, id);
create index execution_modified on execution (modified_at, id);
