-- Revenue of each day and channel on which anything happened.
with sums as (
    select
        revenue_date,
        channel,
        count(*) filter (where kind = 'order') as order_count,
        coalesce(sum(amount) filter (where kind = 'order'), 0) as gross_amount,
        coalesce(sum(amount) filter (where kind = 'refund'), 0) as refund_amount,
        coalesce(sum(amount) filter (where kind = 'adjustment'), 0) as adjustment_amount
    from int_revenue_entries
    group by revenue_date, channel
)

select
    revenue_date,
    channel,
    cast(order_count as integer) as order_count,
    cast(gross_amount as decimal(12, 2)) as gross_amount,
    cast(refund_amount as decimal(12, 2)) as refund_amount,
    cast(adjustment_amount as decimal(12, 2)) as adjustment_amount,
    cast(gross_amount - refund_amount + adjustment_amount as decimal(12, 2)) as net_amount
from sums
