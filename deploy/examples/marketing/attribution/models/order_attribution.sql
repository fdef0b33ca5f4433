-- Each order shared out evenly among the contacts that led to it. Shares are whole cents: what is left over goes, a
-- cent each, to the latest contacts, so that the shares add up to the order.
with cents as (
    select *, cast(order_amount * 100 as bigint) as amount_cents
    from int_order_touches
)

select
    order_id,
    cast(touch_number as integer) as touch_number,
    order_date,
    touch_id,
    channel,
    campaign,
    cast(
        (amount_cents // touch_count + if(touch_number <= amount_cents % touch_count, 1, 0)) * 0.01 as decimal(10, 2)
    ) as attributed_amount
from cents
