-- What leaves one warehouse for another must arrive: over time the transfers of an article add up to nothing.
select sku, sum(quantity) as lost
from stg_stock_movements
where kind = 'transfer'
group by sku
having sum(quantity) <> 0
