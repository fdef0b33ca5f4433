-- One row for each numbered document of the register, in its latest state: a document that is voided is written again.
with cleaned as (
    select distinct
        trim(document_number) as document_number,
        lower(trim(kind)) as kind,
        order_id,
        refund_id,
        upper(trim(billing_country)) as billing_country,
        cast(issued_at as date) as issued_on,
        voided_at is not null as is_void,
        registered_at
    from invoice_register
)

select *
from cleaned
qualify rank() over (partition by document_number order by registered_at desc) = 1
