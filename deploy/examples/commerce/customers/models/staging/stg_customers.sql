-- One row for each customer of the CRM, as it was last updated, with names, addresses and countries in one spelling.
with cleaned as (
    select distinct
        c.customer_id,
        regexp_replace(trim(c.full_name), '\s+', ' ', 'g') as full_name,
        lower(trim(c.email)) as email,
        trim(c.phone) as phone,
        n.country,
        c.signed_up_at,
        c.newsletter_opt_in,
        c.updated_at
    from crm_customers as c
    left join country_names as n on n.name = lower(trim(c.country))
)

select *
from cleaned
qualify rank() over (partition by customer_id order by updated_at desc) = 1
