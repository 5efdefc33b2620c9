-- Lists of a project that are filtered by name: the index alone says which rows are live and how they are named.

drop index setting_project;
create index setting_project on setting (project_id, deleted_at, name);
drop index flow_project;
create index flow_project on flow (project_id, deleted_at, name);
drop index file_project;
create index file_project on file (project_id, deleted_at, name);
drop index custom_object_project;
create index custom_object_project on custom_object (project_id, deleted_at, name);
