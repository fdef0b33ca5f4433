-- Each order with the rate and the discount that its lines are valued at.
-- On days without a rate (weekends, gaps of the provider) the last one before counts. A code that is unknown or out of
-- season on the day of the order gives no discount, whatever the customer typed.
with discounts as (
    select
        code,
        valid_from,
        valid_to,
        cast((100 - percent_off) * 0.01 as decimal(5, 4)) as price_factor
    from discount_codes
),

dated as (
    select *, cast(order_timestamp as date) as order_date
    from stg_orders
)

select
    o.order_id,
    o.customer_id,
    o.order_timestamp,
    o.order_date,
    o.channel,
    o.status,
    o.currency,
    d.code as discount_code,
    coalesce(d.price_factor, 1) as price_factor,
    r.usd_per_unit
from dated as o
asof left join stg_fx_rates as r
    on o.currency = r.currency and o.order_date >= r.rate_date
left join discounts as d
    on o.discount_code = d.code and o.order_date between d.valid_from and d.valid_to
