-- Each order with the rate that its lines are valued at. On days without a rate (weekends, gaps of the provider) the last
-- one before counts.
with dated as (
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
    r.usd_per_unit
from dated as o
asof left join stg_fx_rates as r
    on o.currency = r.currency and o.order_date >= r.rate_date
