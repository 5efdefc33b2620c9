-- Who may write: one row. Each process that opens the store, and each restore, raises the number and puts its own name there; whoever
-- writes with an older number breaks the constraint, and its whole transaction with it.

create table lease (
    id integer not null primary key,
    number integer not null,
    holder text not null,
    taken_at text not null,
    constraint lease_is_held check (number >= 0)
);
insert into lease (id, number, holder, taken_at) values (1, 0, 'nobody', '');
