-- One row for each bank transfer, in the shape of a payment, in US dollars at the rate that the bank booked it at.
-- Customers write the number of the invoice in their own ways: whatever is left after dropping all but letters and
-- digits still holds INV, the year and six digits.
with entries as (
    select distinct
        entry_id,
        booked_on,
        regexp_extract(
            regexp_replace(upper(reference), '[^A-Z0-9]', '', 'g'), '(INV|CN)(\d{4})(\d{6})', ['series', 'year', 'number']
        ) as found,
        amount,
        usd_rate
    from bank_statement
)

select
    entry_id as payment_id,
    'bank' as source,
    'payment' as kind,
    case when found.series <> '' then concat_ws('-', found.series, found.year, found.number) end as document_number,
    booked_on as paid_on,
    cast(amount * usd_rate as decimal(10, 2)) as amount
from entries
