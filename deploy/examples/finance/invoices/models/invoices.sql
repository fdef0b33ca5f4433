-- One row for each invoice and credit note, with tax and due date.
select
    document_number,
    kind,
    order_id,
    customer_id,
    billing_country,
    issued_on,
    issued_on + case when issued_on < date '2026-05-01' then 14 else 30 end as due_on,
    cast(net_amount as decimal(10, 2)) as net_amount,
    vat_percent,
    vat_amount,
    cast(net_amount + vat_amount as decimal(10, 2)) as gross_amount,
    is_void
from int_documents_taxed
