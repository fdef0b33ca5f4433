-- A refund in another currency than its order would drop out of refunds unseen, because it has no rate.
select f.refund_id, f.currency, o.currency as order_currency
from stg_refunds as f
inner join returns as r using (return_id)
inner join orders as o using (order_id)
where f.currency <> o.currency
