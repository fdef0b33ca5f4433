-- Customers whose data we were asked to erase and who had the right to it, with the first such request.
select
    customer_id,
    min(requested_at) as requested_at
from erasure_requests
where lower(trim(outcome)) = 'done'
group by customer_id
