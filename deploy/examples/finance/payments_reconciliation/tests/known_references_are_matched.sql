-- A transfer that quotes an existing invoice to the letter must be matched, or the pattern has gone wrong.
select b.entry_id, b.reference
from bank_statement as b
inner join invoices as i on i.document_number = b.reference
left join payments as p on p.payment_id = b.entry_id
where p.document_number is distinct from i.document_number
