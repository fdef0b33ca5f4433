-- Newsletter readers without an account are in the consent log; they are not customers.
select customer_id
from customers
where customer_id not in (select customer_id from crm_customers)
