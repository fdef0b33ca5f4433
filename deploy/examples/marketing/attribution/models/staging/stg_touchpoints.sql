-- One row for each contact of a known customer with our marketing. Contacts of visitors who never signed in cannot
-- be joined to an order.
select distinct
    touch_id,
    customer_id,
    lower(trim(channel)) as channel,
    campaign,
    touched_at
from touchpoints
where customer_id is not null
