-- Two valid invoices for one order would charge a customer twice.
select order_id, count(*) as invoices
from invoices
where kind = 'invoice' and not is_void
group by order_id
having count(*) > 1
