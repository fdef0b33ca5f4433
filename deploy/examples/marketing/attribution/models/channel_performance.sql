-- What each channel brought and cost in each month.
with brought as (
    select
        cast(date_trunc('month', order_date) as date) as month_start,
        channel,
        count(distinct order_id) as order_count,
        sum(attributed_amount) as attributed_amount
    from order_attribution
    group by all
)

select
    month_start,
    channel,
    cast(coalesce(b.order_count, 0) as integer) as order_count,
    cast(coalesce(b.attributed_amount, 0) as decimal(12, 2)) as attributed_amount,
    cast(coalesce(s.spend_amount, 0) as decimal(12, 2)) as spend_amount
from brought as b
full join stg_ad_spend as s using (month_start, channel)
