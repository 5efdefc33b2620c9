-- How many executions of a flow may run at once.

alter table flow add column max_running integer;
create index flow_max_running on flow (id) where max_running is not null;
