-- One row for each message, with what its reader did. The address of an erased customer is blank.
with reactions as (
    select
        send_id,
        bool_or(kind = 'delivered') as is_delivered,
        min(occurred_at) filter (where kind = 'opened') as first_opened_at,
        min(occurred_at) filter (where kind = 'clicked') as first_clicked_at,
        bool_or(kind = 'unsubscribed') as is_unsubscribed
    from int_human_events
    group by send_id
)

select
    s.send_id,
    s.campaign,
    s.customer_id,
    case when not c.is_erased then s.recipient_email end as recipient_email,
    s.sent_at,
    coalesce(r.is_delivered, false) as is_delivered,
    r.first_opened_at,
    r.first_clicked_at,
    coalesce(r.is_unsubscribed, false) as is_unsubscribed
from stg_sends as s
inner join customers as c using (customer_id)
left join reactions as r using (send_id)
