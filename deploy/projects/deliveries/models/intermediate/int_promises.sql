-- The day on which a shipment is due: so many working days after the first one on or after it was shipped.
with starts as (
    select
        s.shipment_id,
        s.country,
        c.promised_days,
        min(w.number) as first_number
    from {{ ref('stg_shipments') }} as s
    inner join {{ ref('stg_carriers') }} as c on s.carrier_id = c.carrier_id
    inner join {{ ref('int_working_days') }} as w
        on s.country = w.country and w.day >= cast(s.shipped_at as date)
    group by s.shipment_id, s.country, c.promised_days
)

select
    starts.shipment_id,
    w.day as due_date
from starts
inner join {{ ref('int_working_days') }} as w
    on starts.country = w.country and w.number = starts.first_number + starts.promised_days
