-- One row for each real order, in its latest known state.
-- The shop sends an order again whenever its status changes, sometimes twice, and sometimes days late; test orders
-- of the shop team never leave this model.
with cleaned as (
    select
        order_id,
        customer_id,
        cast(placed_at as timestamptz) at time zone 'UTC' as order_timestamp,
        lower(trim(channel)) as channel,
        lower(trim(status)) as status,
        upper(trim(currency)) as currency,
        loaded_at
    from raw_orders
    where not is_test
)

select distinct *
from cleaned
qualify rank() over (partition by order_id order by loaded_at desc) = 1
