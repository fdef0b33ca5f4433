-- How large each segment is, and what its customers have spent.
select
    segment,
    cast(count(*) as integer) as customer_count,
    cast(count(*) filter (where may_be_contacted) as integer) as contactable_count,
    cast(sum(lifetime_amount) as decimal(14, 2)) as lifetime_amount,
    cast(count(*) * 100 / sum(count(*)) over () as decimal(5, 2)) as share_percent
from customer_segments
group by segment
