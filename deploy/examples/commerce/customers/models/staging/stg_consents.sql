-- The last decision of each person on marketing messages. Whoever both grants and withdraws in the same second has
-- withdrawn.
select
    customer_id,
    bool_and(lower(trim(decision)) = 'granted') as is_granted,
    recorded_at as decided_at
from consent_events
group by customer_id, recorded_at
qualify rank() over (partition by customer_id order by recorded_at desc) = 1
