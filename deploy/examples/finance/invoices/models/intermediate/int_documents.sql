-- Each document with its customer, net amount and country. A guest has no customer record, so the register names the
-- country; otherwise it does so only where the customer asked for another one.
select
    d.document_number,
    d.kind,
    d.order_id,
    o.customer_id,
    coalesce(d.billing_country, c.country) as billing_country,
    o.order_date,
    d.issued_on,
    case d.kind when 'credit_note' then -f.refund_amount else o.order_amount end as net_amount,
    d.is_void
from stg_documents as d
inner join orders as o using (order_id)
left join customers as c using (customer_id)
left join refunds as f on f.refund_id = d.refund_id
