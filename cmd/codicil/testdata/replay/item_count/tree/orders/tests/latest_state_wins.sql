-- The shop repeats an order at each change of status: the row loaded last says where the order stands.
select o.order_id, o.status, lower(trim(r.status)) as reported
from orders as o
inner join raw_orders as r using (order_id)
where
    r.loaded_at = (select max(loaded_at) from raw_orders as latest where latest.order_id = o.order_id)
    and o.status <> lower(trim(r.status))
