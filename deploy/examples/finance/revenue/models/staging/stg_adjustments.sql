-- One row for each adjustment that accounting booked by hand. One that names no channel belongs to the web shop.
select distinct
    adjustment_id,
    booked_on,
    coalesce(lower(trim(channel)), 'web') as channel,
    amount
from manual_adjustments
