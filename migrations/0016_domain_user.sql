-- The user of the operating system that each trust domain's flows run as, where the server is root.

create table domain_user (
    domain text not null primary key,
    uid text not null unique
);
