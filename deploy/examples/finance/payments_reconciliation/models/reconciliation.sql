-- What each document asked for, what came in, and what is open. Banks convert back and forth: up to five cents of
-- difference count as paid.
with paid as (
    select
        document_number,
        sum(payment_amount) as paid_amount,
        max(paid_on) as last_paid_on
    from payments
    where document_number is not null
    group by document_number
),

balances as (
    select
        i.document_number,
        i.is_void,
        case when i.is_void then 0 else i.gross_amount end as due_amount,
        coalesce(p.paid_amount, 0) as paid_amount,
        p.last_paid_on
    from invoices as i
    left join paid as p using (document_number)
)

select
    document_number,
    cast(due_amount as decimal(12, 2)) as due_amount,
    cast(paid_amount as decimal(12, 2)) as paid_amount,
    cast(due_amount - paid_amount as decimal(12, 2)) as open_amount,
    case
        when abs(due_amount - paid_amount) <= 0.05 then if(is_void, 'void', 'paid')
        when paid_amount = 0 then 'open'
        when abs(paid_amount) < abs(due_amount) then 'partly_paid'
        else 'overpaid'
    end as status,
    last_paid_on
from balances
