-- Every movement of money, card and bank alike, with the document that it pays, if we have issued such a document.
with movements as (
    select * from stg_psp_transactions
    union all
    select * from stg_bank_transfers
)

select
    m.payment_id,
    m.source,
    m.kind,
    i.document_number,
    m.paid_on,
    m.amount as payment_amount
from movements as m
left join invoices as i using (document_number)
