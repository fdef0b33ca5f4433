-- The warehouse reports a shipment again when something about it changed; the latest report counts.
select
    shipment_id,
    order_id,
    carrier_id,
    warehouse,
    cast(shipped_at as timestamptz) at time zone 'UTC' as shipped_at,
    upper(country) as country,
    weight_grams,
    state = 'cancelled' as is_cancelled
from {{ ref('raw_shipments') }}
qualify row_number() over (partition by shipment_id order by reported_at desc, state) = 1
