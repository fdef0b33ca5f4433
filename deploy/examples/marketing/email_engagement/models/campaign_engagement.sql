-- How each campaign was received, counted in messages: a reader who opens twice counts once.
with counts as (
    select
        campaign,
        count(*) as message_count,
        count(*) filter (where is_delivered) as delivered_count,
        count(first_opened_at) as opened_count,
        count(first_clicked_at) as clicked_count,
        count(*) filter (where is_unsubscribed) as unsubscribed_count
    from messages
    group by campaign
)

select
    c.campaign,
    r.subject,
    r.planned_on,
    cast(c.message_count as integer) as message_count,
    cast(c.delivered_count as integer) as delivered_count,
    cast(c.opened_count as integer) as opened_count,
    cast(c.clicked_count as integer) as clicked_count,
    cast(c.unsubscribed_count as integer) as unsubscribed_count,
    cast(c.opened_count * 100 / nullif(c.delivered_count, 0) as decimal(5, 2)) as open_percent
from counts as c
inner join raw_campaigns as r on lower(trim(r.campaign)) = c.campaign
