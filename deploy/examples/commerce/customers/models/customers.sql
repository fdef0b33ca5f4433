-- One row for each customer. An erased customer keeps the row, so that orders still join, but nothing personal.
select
    c.customer_id,
    case when e.customer_id is null then c.full_name end as full_name,
    case when e.customer_id is null then c.email end as email,
    case when e.customer_id is null then c.phone end as phone,
    c.country,
    c.signed_up_at,
    e.customer_id is null and coalesce(s.is_granted, false) as marketing_consent,
    case when e.customer_id is null then c.newsletter_opt_in end as newsletter_opt_in,
    e.customer_id is not null as is_erased
from stg_customers as c
left join stg_consents as s using (customer_id)
left join stg_erasures as e using (customer_id)
