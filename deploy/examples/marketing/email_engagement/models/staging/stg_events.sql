-- One row for each thing that happened to a message. Events of messages that we did not send belong to the
-- provider's other customers.
select distinct
    event_id,
    send_id,
    lower(trim(kind)) as kind,
    occurred_at,
    user_agent
from email_events
where send_id in (select send_id from email_sends)
