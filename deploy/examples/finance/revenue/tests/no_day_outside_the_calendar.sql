-- A day that the fiscal calendar does not know would be missing from every month.
select revenue_date
from revenue_daily
where date_trunc('month', revenue_date) not in (select month_start from fiscal_calendar)
