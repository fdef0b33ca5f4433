-- The stock at the end of each day on which it changed.
select
    stock_date,
    sku,
    warehouse,
    net_quantity,
    cast(
        sum(net_quantity) over (partition by sku, warehouse order by stock_date) as integer
    ) as closing_quantity
from int_daily_movements
