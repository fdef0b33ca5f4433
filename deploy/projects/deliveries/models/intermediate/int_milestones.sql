-- One row for each shipment that was scanned at all.
select
    shipment_id,
    min(scanned_at) filter (where kind = 'picked_up') as picked_up_at,
    min(scanned_at) filter (where kind = 'delivered') as delivered_at,
    min(scanned_at) filter (where kind = 'returned') as returned_at,
    count(*) filter (where kind in ('attempted', 'delivered')) as attempts
from {{ ref('stg_scans') }}
group by shipment_id
