-- What tokens are fetched with in the name of a user who agreed, sealed.
alter table oauth add column refresh_token text;
