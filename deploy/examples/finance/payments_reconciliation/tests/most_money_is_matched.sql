-- Some transfers say only "thank you". More than one in fifty dollars without a document means that matching broke.
select
    sum(payment_amount) filter (where document_number is null) as unmatched,
    sum(payment_amount) as total
from payments
where payment_amount > 0
having sum(payment_amount) filter (where document_number is null) * 50 > sum(payment_amount)
