-- What moved of each article in each warehouse on each day on which something did, by the day of the movement itself.
select
    cast(moved_at as date) as stock_date,
    sku,
    warehouse,
    cast(sum(quantity) as integer) as net_quantity,
    max(moved_at) as last_moved_at
from stg_stock_movements
group by all
