-- US dollars for one unit of each currency and day. The provider corrects a rate by publishing it again: the latest
-- one counts. The dollar itself is always one.
with published as (
    select distinct
        rate_date,
        upper(trim(currency)) as currency,
        usd_per_unit,
        published_at
    from fx_rates
)

select rate_date, currency, usd_per_unit
from published
qualify rank() over (partition by rate_date, currency order by published_at desc) = 1

union all

select date '1970-01-01', 'USD', cast(1 as decimal(12, 6))
