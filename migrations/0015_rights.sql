-- Rights: a role that counts in one project only, and what stands behind schedules and webhooks.

alter table identity_role add column project_id text;

create index schedule_flow on schedule (flow_id);
create index schedule_scheduler on schedule (scheduler_id) where scheduler_id is not null;
create index webhook_flow on webhook (flow_id);
