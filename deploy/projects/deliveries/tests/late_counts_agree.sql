-- Both summaries count the same late shipments.
select *
from (select sum(late) as late from {{ ref('carrier_performance') }}) as a
cross join (select sum(late) as late from {{ ref('deliveries_daily') }}) as b
where a.late <> b.late
