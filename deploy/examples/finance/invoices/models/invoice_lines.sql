-- What each invoice charges for. Credit notes have no lines of their own: they name the refund.
select
    i.document_number,
    l.line_number,
    l.sku,
    l.quantity,
    l.line_amount as net_amount
from invoices as i
inner join order_lines as l using (order_id)
where i.kind = 'invoice'
