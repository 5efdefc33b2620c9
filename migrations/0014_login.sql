-- Second factors, lock-outs, keys that take the place of others, and sessions that can be told apart.

alter table "user" add column locked_until text;
alter table "user" add column otp_last_step integer;
alter table "user" add column recovery_codes text;

alter table api_key add column replaced_by text;

alter table session add column id text;
alter table session add column address text;
update session set id = lower(hex(randomblob(16)));
update session set id =
    substr(id, 1, 8) || '-' || substr(id, 9, 4) || '-' || substr(id, 13, 4) || '-' || substr(id, 17, 4) || '-' || substr(id, 21);
create unique index session_id on session (id);
