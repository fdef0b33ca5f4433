-- Without a rule that sets no limit, customers could fall through and vanish from all lists.
select count(*) as rules_without_limit
from segment_rules
where coalesce(min_orders, min_amount, min_points, max_days_since_order) is null
having count(*) = 0
