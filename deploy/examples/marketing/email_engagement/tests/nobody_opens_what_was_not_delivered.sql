-- An opening of a message that bounced means that we joined events to the wrong message.
select send_id, first_opened_at
from messages
where not is_delivered and first_opened_at is not null
