-- One row for each line of an order, with what was sold.
-- The shop writes a return as a repetition of the line with a negative quantity, which is left out here, and some rows arrive twice. A line
-- without a price is a gift.
with movements as (
    select distinct
        order_id,
        line_number,
        upper(trim(sku)) as sku,
        quantity,
        coalesce(unit_price, 0.00) as unit_price,
        loaded_at
    from raw_order_lines
)

select
    order_id,
    line_number,
    sku,
    unit_price,
    cast(sum(quantity) filter (where quantity > 0) as integer) as quantity
from movements
group by order_id, line_number, sku, unit_price
