-- How the answer to a message came in; and what it asks for in one line is a text, not JSON.

alter table message add column submitted_via text;

update message set request = case
    when json_type(request) = 'text' then json_extract(request, '$')
    when json_type(request) = 'null' then null
    else request
end
where request is not null and json_valid(request);
