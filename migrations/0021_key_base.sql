-- The base of the key file that an execution's argument hashes are made with: a rotation of the keys makes another one.

alter table execution add column key_base integer not null default 1;
