-- One row for each refund of the payment provider. It books most refunds as negative and some as positive
-- amounts: a refund is always money that we paid back.
select distinct
    refund_id,
    return_id,
    abs(amount) as amount,
    upper(trim(currency)) as currency,
    refunded_at
from psp_refunds
