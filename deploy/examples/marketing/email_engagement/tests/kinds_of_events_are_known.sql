-- A new kind of event would be dropped unseen.
select distinct kind
from stg_events
where kind not in ('delivered', 'bounced', 'opened', 'clicked', 'unsubscribed')
