-- A country in a spelling that country_names does not know would leave an invoice without a tax rate.
select customer_id, country
from crm_customers
where lower(trim(country)) not in (select name from country_names)
