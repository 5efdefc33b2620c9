-- What an execution did, as a set of kinds in one number, and per flow how often its present script did what. Kept by triggers: an execution
-- ends once, in one statement, whatever else that transaction holds.
alter table execution add column effects integer;
create table flow_effect (
    flow_id text not null,
    effects integer not null,
    executions integer not null,
    succeeded integer not null,
    first_at text not null,
    last_at text not null,
    primary key (flow_id, effects)
) without rowid;
-- A retry repeats what another one has done: its kinds count, itself it does not.
create trigger execution_effect after update of ended_at on execution
when old.ended_at is null and new.ended_at is not null and new.started_at is not null and new.effects is not null and new.flow_id is not null
begin
    insert into flow_effect (flow_id, effects, executions, succeeded, first_at, last_at)
    select new.flow_id, new.effects, new.retried_from is null, new.retried_from is null and new.status = 'ENDED_SUCCESS', new.ended_at, new.ended_at
    from flow where id = new.flow_id and script_hash = new.script_hash
    on conflict (flow_id, effects) do update set
        executions = executions + excluded.executions, succeeded = succeeded + excluded.succeeded, last_at = excluded.last_at;
end;
-- One that began and ended in the same batch is written once.
create trigger execution_effect_at_once after insert on execution
when new.ended_at is not null and new.started_at is not null and new.effects is not null and new.flow_id is not null
begin
    insert into flow_effect (flow_id, effects, executions, succeeded, first_at, last_at)
    select new.flow_id, new.effects, new.retried_from is null, new.retried_from is null and new.status = 'ENDED_SUCCESS', new.ended_at, new.ended_at
    from flow where id = new.flow_id and script_hash = new.script_hash
    on conflict (flow_id, effects) do update set
        executions = executions + excluded.executions, succeeded = succeeded + excluded.succeeded, last_at = excluded.last_at;
end;
create trigger flow_effect_of_another_script after update of script_hash, environment on flow
when new.script_hash is not old.script_hash or new.environment is not old.environment
begin
    delete from flow_effect where flow_id = new.id;
end;
create trigger flow_effect_gone after delete on flow
begin
    delete from flow_effect where flow_id = old.id;
end;
