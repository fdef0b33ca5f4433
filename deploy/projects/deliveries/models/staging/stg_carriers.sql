-- The terms that hold today; earlier ones are in the snapshot.
select
    carrier_id,
    carrier_name,
    service,
    promised_days,
    cast(price_cents / 100.0 as decimal(10, 2)) as price
from {{ ref('carrier_terms') }}
where dbt_valid_to is null
