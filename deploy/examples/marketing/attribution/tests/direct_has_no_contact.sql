-- Direct means that we know of no contact, and nothing else does.
select order_id, touch_number, channel, touch_id
from order_attribution
where (channel = 'direct') <> (touch_id is null)
