select
    s.carrier_id,
    cast(date_trunc('month', s.shipped_at) as date) as month,
    cast(count(*) as integer) as shipments,
    cast(count(*) filter (where s.status = 'delivered') as integer) as delivered,
    cast(count(*) filter (where s.is_late) as integer) as late,
    cast(sum(s.shipping_cost) as decimal(12, 2)) as shipping_cost
from {{ ref('shipments') }} as s
group by s.carrier_id, cast(date_trunc('month', s.shipped_at) as date)
