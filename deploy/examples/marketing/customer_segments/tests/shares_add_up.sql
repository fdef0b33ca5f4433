-- Shares are rounded, but together they are all customers.
select sum(share_percent) as total
from segment_sizes
having abs(sum(share_percent) - 100) > 0.05
