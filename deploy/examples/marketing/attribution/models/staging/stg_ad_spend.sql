-- What each channel cost in each month, in US dollars at the month's average rate. Credits of the agency are negative.
select
    s.month_start,
    lower(trim(s.channel)) as channel,
    sum(cast(s.cost * r.usd_per_unit as decimal(12, 2))) as spend_amount
from ad_spend as s
inner join monthly_rates as r on r.month_start = s.month_start and r.currency = upper(trim(s.currency))
group by s.month_start, lower(trim(s.channel))
