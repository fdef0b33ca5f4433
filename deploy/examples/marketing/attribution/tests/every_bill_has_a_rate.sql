-- A bill in a currency without a rate for its month would be left out of the costs.
select s.month_start, s.channel, s.currency
from ad_spend as s
left join monthly_rates as r on r.month_start = s.month_start and r.currency = upper(trim(s.currency))
where r.usd_per_unit is null
