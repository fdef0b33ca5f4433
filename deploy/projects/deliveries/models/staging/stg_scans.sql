-- Carriers send some scans twice, and spell kinds as they like.
select distinct
    scan_id,
    shipment_id,
    lower(kind) as kind,
    scanned_at
from {{ ref('raw_scans') }}
