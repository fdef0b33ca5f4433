-- A reminder for a void invoice is worse than no reminder.
select r.document_number, r.due_amount
from reconciliation as r
inner join invoices as i using (document_number)
where i.is_void and r.due_amount <> 0
