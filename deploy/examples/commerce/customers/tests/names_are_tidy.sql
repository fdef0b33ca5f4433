-- Stray spaces end up on parcel labels.
select customer_id
from customers
where full_name <> trim(full_name) or full_name like '%  %'
