-- Points of numbers that are not customers must not appear; in the club's system they are test members.
select customer_id
from customer_segments
where customer_id not in (select customer_id from customers)
