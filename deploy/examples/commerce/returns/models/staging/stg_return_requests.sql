-- One row for each return that a customer asked for, in its latest state, with the reason in our own words.
with cleaned as (
    select distinct
        q.return_id,
        q.order_id,
        q.line_number,
        q.quantity,
        coalesce(r.reason, 'other') as reason,
        lower(trim(q.state)) as state,
        q.requested_at,
        q.updated_at
    from return_requests as q
    left join return_reasons as r on r.wording = lower(trim(q.reason))
)

select *
from cleaned
qualify rank() over (partition by return_id order by updated_at desc) = 1
