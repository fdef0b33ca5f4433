-- Each document with the tax rate of its country on the day of the order. A credit note takes back the tax that was
-- charged, and so goes by that day too.
select
    d.*,
    v.percent as vat_percent,
    cast(d.net_amount * v.percent * 0.01 as decimal(10, 2)) as vat_amount
from int_documents as d
asof left join vat_rates as v
    on d.billing_country = v.country and d.order_date >= v.valid_from
