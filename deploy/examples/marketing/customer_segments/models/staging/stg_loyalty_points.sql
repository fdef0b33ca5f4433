-- The points that each customer holds. Some events arrive twice, and reversals are negative.
select
    customer_id,
    sum(points) as points
from (select distinct event_id, customer_id, points from loyalty_events)
group by customer_id
