-- All that makes or takes revenue, each on its own day and channel: orders when they are placed, unless they
-- were cancelled; refunds when they are paid; adjustments when they are booked. All later models sum this one.
select
    order_date as revenue_date,
    channel,
    'order' as kind,
    order_amount as amount
from orders
where status <> 'cancelled'

union all

select
    f.refund_date,
    o.channel,
    'refund',
    f.refund_amount
from refunds as f
inner join orders as o using (order_id)

union all

select booked_on, channel, 'adjustment', amount
from stg_adjustments
