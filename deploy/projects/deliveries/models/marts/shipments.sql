select
    s.shipment_id,
    s.order_id,
    s.carrier_id,
    s.warehouse,
    s.country,
    s.shipped_at,
    p.due_date,
    m.delivered_at,
    case
        when m.delivered_at is not null then 'delivered'
        when m.returned_at is not null then 'returned'
        when m.picked_up_at is not null then 'under_way'
        else 'waiting'
    end as status,
    cast(m.delivered_at as date) > p.due_date as is_late,
    cast(coalesce(m.attempts, 0) as integer) as attempts,
    c.price as shipping_cost
from {{ ref('stg_shipments') }} as s
inner join {{ ref('stg_carriers') }} as c on s.carrier_id = c.carrier_id
inner join {{ ref('int_promises') }} as p on s.shipment_id = p.shipment_id
left join {{ ref('int_milestones') }} as m on s.shipment_id = m.shipment_id
where not s.is_cancelled
