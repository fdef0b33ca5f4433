-- Revenue of each fiscal period, and how much of its target that is.
with periods as (
    select
        c.fiscal_period,
        c.fiscal_year,
        c.month_start,
        sum(d.gross_amount) as gross_amount,
        sum(d.net_amount) as net_amount
    from revenue_daily as d
    inner join fiscal_calendar as c on c.month_start = date_trunc('month', d.revenue_date)
    group by c.fiscal_period, c.fiscal_year, c.month_start
)

select
    p.fiscal_period,
    p.fiscal_year,
    p.month_start,
    cast(p.gross_amount as decimal(12, 2)) as gross_amount,
    cast(p.net_amount as decimal(12, 2)) as net_amount,
    t.target_amount,
    cast(p.net_amount * 100 / t.target_amount as decimal(7, 1)) as target_percent
from periods as p
left join stg_targets as t using (fiscal_period)
