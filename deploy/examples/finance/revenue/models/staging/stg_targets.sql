-- The target of each fiscal period, as the board set it.
select distinct
    upper(trim(fiscal_period)) as fiscal_period,
    target_amount
from revenue_targets
