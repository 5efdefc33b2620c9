-- Packages of flows: what requirements were resolved to. The text of a lock is what an environment is made from again where it is not installed.

create table environment (
    -- Hash of the requirements and the Python version.
    wanted text primary key,
    key text not null,
    requirements text not null,
    lock text not null,
    used_at text not null
);
create index environment_key on environment (key);
create index environment_used on environment (used_at);

alter table execution add column environment_key text;
create index execution_environment on execution (environment_key) where environment_key is not null;
alter table project add column environment text;
alter table workspace add column environment text;
