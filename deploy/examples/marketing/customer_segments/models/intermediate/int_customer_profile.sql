-- All that the rules look at, for each customer who was not erased, whether they have bought or not.
select
    c.customer_id,
    c.marketing_consent as may_be_contacted,
    coalesce(p.order_count, 0) as order_count,
    coalesce(p.lifetime_amount, 0) as lifetime_amount,
    p.last_order_date,
    p.days_since_order,
    coalesce(l.points, 0) as loyalty_points
from customers as c
left join int_purchases as p using (customer_id)
left join stg_loyalty_points as l using (customer_id)
where not c.is_erased
