-- One row for each card transaction that was settled, in the shape of a payment. Failed attempts moved no money.
select distinct
    transaction_id as payment_id,
    'card' as source,
    case lower(trim(kind)) when 'capture' then 'payment' else lower(trim(kind)) end as kind,
    upper(trim(document_number)) as document_number,
    cast(settled_at as date) as paid_on,
    amount
from psp_transactions
where status = 'settled'
