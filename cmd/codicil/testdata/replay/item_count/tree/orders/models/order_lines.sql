-- The lines of every order, valued in US dollars at the rate of the day on which the order was placed.
-- Lines of orders that we never received are left out until the order comes.
select
    l.order_id,
    l.line_number,
    l.sku,
    l.quantity,
    l.unit_price,
    cast(l.quantity * l.unit_price * o.usd_per_unit as decimal(10, 2)) as line_amount
from stg_order_lines as l
inner join int_orders_priced as o using (order_id)
