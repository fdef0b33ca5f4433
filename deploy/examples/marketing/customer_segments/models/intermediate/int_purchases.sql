-- What each customer has bought so far, as of the day of the newest order. Cancelled orders are no purchases.
with as_of as (
    select max(order_date) as as_of_date
    from orders
)

select
    o.customer_id,
    count(*) as order_count,
    sum(o.order_amount) as lifetime_amount,
    max(o.order_date) as last_order_date,
    max(a.as_of_date) - max(o.order_date) as days_since_order
from orders as o
cross join as_of as a
where o.status <> 'cancelled' and o.customer_id is not null
group by o.customer_id
