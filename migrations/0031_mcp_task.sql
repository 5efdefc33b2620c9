-- Questions that only a person who has logged in may answer, and what a user tool says about tasks.
alter table message add column needs_login integer not null default 0;
alter table mcp_user_tool add column task_support text not null default 'optional';
