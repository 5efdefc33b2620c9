-- What the inputs of a connection hold that is shown nowhere, sealed, while it lives.

alter table execution add column protected text;
