-- A kind that we have never seen may run the other way; look at it before it is counted.
select movement_id, kind
from stg_stock_movements
where kind not in ('receipt', 'sale', 'return', 'adjustment', 'transfer')
