-- What a flow answers the caller of its webhook.

alter table execution add column webhook_reply text;
