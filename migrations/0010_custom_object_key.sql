-- Values of unique attributes of objects, each by a hash of attribute and value: a second one is found without a search.

create table custom_object_key (
    key text not null primary key,
    object_id text not null,
    attribute_id text not null
);
create index custom_object_key_object on custom_object_key (object_id);
create index custom_object_key_attribute on custom_object_key (attribute_id);
