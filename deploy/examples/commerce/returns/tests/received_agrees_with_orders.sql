-- The shop books a return on the order as well: both systems must have received the same number of items.
select l.order_id, l.line_number, l.returned_quantity, sum(r.quantity) as received
from order_lines as l
left join returns as r on r.order_id = l.order_id and r.line_number = l.line_number and r.state = 'received'
group by l.order_id, l.line_number, l.returned_quantity
having l.returned_quantity <> coalesce(sum(r.quantity), 0)
