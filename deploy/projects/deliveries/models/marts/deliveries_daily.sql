select
    cast(delivered_at as date) as delivered_on,
    country,
    cast(count(*) as integer) as delivered,
    cast(count(*) filter (where is_late) as integer) as late
from {{ ref('shipments') }}
where status = 'delivered'
group by cast(delivered_at as date), country
