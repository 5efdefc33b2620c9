-- What an execution did outside flow_api in its present epoch, written before it was done: after that, a replay could repeat it.
alter table execution add column escaped text;
