-- An order in a currency without any rate before its day would silently lose its lines' amounts.
select order_id, currency, order_date
from orders
where usd_rate is null
