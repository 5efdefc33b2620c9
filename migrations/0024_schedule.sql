-- Schedules in operation: up to when their times are dealt with, and which time an execution was started for. No time is used twice.

alter table schedule add column due_after text;
alter table execution add column schedule_due text;
create unique index execution_schedule_due on execution (schedule_id, schedule_due) where schedule_due is not null;
