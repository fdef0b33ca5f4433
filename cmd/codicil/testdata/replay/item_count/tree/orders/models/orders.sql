-- One row for each order, with its total in US dollars.
with totals as (
    select
        order_id,
        sum(line_amount) as order_amount
    from order_lines
    group by order_id
)

select
    o.order_id,
    o.customer_id,
    o.order_timestamp,
    o.order_date,
    o.channel,
    o.status,
    o.currency,
    o.usd_per_unit as usd_rate,
    cast(coalesce(t.order_amount, 0) as decimal(10, 2)) as order_amount
from int_orders_priced as o
left join totals as t using (order_id)
