-- The contacts that led to each order: those of its customer in the thirty days before, numbered from the latest. An order
-- without any came by itself and counts as direct.
select
    o.order_id,
    o.order_date,
    o.order_amount,
    t.touch_id,
    coalesce(t.channel, 'direct') as channel,
    t.campaign,
    row_number() over (partition by o.order_id order by t.touched_at desc, t.touch_id desc) as touch_number,
    count(*) over (partition by o.order_id) as touch_count
from orders as o
left join stg_touchpoints as t
    on t.customer_id = o.customer_id
    and t.touched_at <= o.order_timestamp
    and t.touched_at > o.order_timestamp - interval 30 days
where o.status <> 'cancelled'
