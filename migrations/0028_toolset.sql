-- Groups and presets of tools that agents with a key are shown; null shows all but the group `risk`.
alter table api_key add column tools text;
