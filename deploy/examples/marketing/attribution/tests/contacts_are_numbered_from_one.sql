-- Whoever filters touch_number = 1 must find each order exactly once.
select order_id, count(*) filter (where touch_number = 1) as firsts, max(touch_number) as last, count(*) as contacts
from order_attribution
group by order_id
having count(*) filter (where touch_number = 1) <> 1 or max(touch_number) <> count(*)
