-- The warehouse system sends some movements twice; the same movement with two contents would be a fault of theirs.
select movement_id
from stg_stock_movements
group by movement_id
having count(*) > 1
