-- One row for each order, with its total in US dollars and the number of items that the customer kept.
with totals as (
    select
        order_id,
        sum(line_amount) as order_amount,
        sum(quantity - returned_quantity) as item_count
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
    o.discount_code,
    o.usd_per_unit as usd_rate,
    cast(coalesce(t.order_amount, 0) as decimal(10, 2)) as order_amount,
    cast(coalesce(t.item_count, 0) as integer) as item_count
from int_orders_priced as o
left join totals as t using (order_id)
