-- The same adjustment with two amounts is a typing error of accounting, and must not count twice.
select adjustment_id
from stg_adjustments
group by adjustment_id
having count(*) > 1
