-- The segment of each customer: the first rule, by priority, whose every limit the customer meets. A rule that leaves a limit
-- blank does not set it.
select
    p.customer_id,
    r.segment,
    cast(p.order_count as integer) as order_count,
    cast(p.lifetime_amount as decimal(12, 2)) as lifetime_amount,
    p.last_order_date,
    cast(p.loyalty_points as integer) as loyalty_points,
    p.may_be_contacted
from int_customer_profile as p
inner join segment_rules as r
    on p.order_count >= coalesce(r.min_orders, 0)
    and p.lifetime_amount >= coalesce(r.min_amount, 0)
    and (r.min_points is null or p.loyalty_points >= r.min_points)
    and (r.max_days_since_order is null or p.days_since_order <= r.max_days_since_order)
qualify row_number() over (partition by p.customer_id order by r.priority) = 1
