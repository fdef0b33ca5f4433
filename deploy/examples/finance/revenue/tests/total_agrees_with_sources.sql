-- The net of all days must be what orders, refunds and adjustments come to when one adds them up by hand.
with sources as (
    select
        (select sum(order_amount) from orders where status <> 'cancelled')
        - (select sum(refund_amount) from refunds)
        + (select sum(amount) from stg_adjustments) as total
)

select s.total, sum(d.net_amount) as shown
from revenue_daily as d
cross join sources as s
group by s.total
having sum(d.net_amount) <> s.total
