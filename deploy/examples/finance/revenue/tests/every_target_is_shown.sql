-- A target whose period is spelled differently would vanish, and the board would see a month without one.
select t.fiscal_period, t.target_amount
from revenue_targets as t
inner join revenue_monthly as m on m.fiscal_period = upper(trim(t.fiscal_period))
where m.target_amount is distinct from t.target_amount
