-- Each working day of each country that we ship to, numbered, so that working days can be added and counted.
with days as (
    select
        cast(d.day as date) as day,
        c.country
    from generate_series(date '2026-01-01', date '2026-06-30', interval 1 day) as d(day)
    cross join (select distinct country from {{ ref('stg_shipments') }}) as c
)

select
    days.day,
    days.country,
    row_number() over (partition by days.country order by days.day) as number
from days
left join {{ ref('stg_holidays') }} as h
    on days.day = h.holiday and days.country = h.country
where h.holiday is null and isodow(days.day) < 6
