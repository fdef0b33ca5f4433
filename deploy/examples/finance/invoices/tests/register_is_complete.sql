-- A document whose order we do not know would leave a gap in the numbers.
select d.document_number, d.order_id
from stg_documents as d
left join invoices as i using (document_number)
where i.document_number is null
