-- What lies in each warehouse now, what it cost us, and whether it is time to order more.
with latest as (
    select
        m.sku,
        m.warehouse,
        d.closing_quantity as quantity,
        m.last_moved_at
    from int_daily_movements as m
    inner join stock_daily as d using (stock_date, sku, warehouse)
    qualify row_number() over (partition by m.sku, m.warehouse order by m.stock_date desc) = 1
)

select
    l.sku,
    l.warehouse,
    l.quantity,
    cast(l.quantity * a.unit_cost as decimal(12, 2)) as stock_value,
    a.is_active and l.quantity < coalesce(a.reorder_point, 0) as needs_reorder,
    l.last_moved_at
from latest as l
inner join articles as a using (sku)
