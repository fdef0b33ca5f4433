-- What was paid back for returns, in US dollars at the rate at which the order was charged, so that a full refund takes
-- off exactly what the order had added.
select
    f.refund_id,
    f.return_id,
    r.order_id,
    f.refunded_at,
    cast(f.refunded_at as date) as refund_date,
    cast(f.amount * o.usd_rate as decimal(10, 2)) as refund_amount
from stg_refunds as f
inner join returns as r using (return_id)
inner join orders as o on o.order_id = r.order_id and o.currency = f.currency
