-- Nobody has to pay for an order that was cancelled.
select i.document_number, i.order_id
from invoices as i
inner join orders as o using (order_id)
where o.status = 'cancelled' and not i.is_void
