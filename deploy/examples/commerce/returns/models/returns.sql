-- The returns of articles in orders that we know, with the article that comes back.
select
    r.return_id,
    r.order_id,
    r.line_number,
    l.sku,
    r.quantity,
    r.reason,
    r.state,
    r.requested_at
from stg_return_requests as r
inner join order_lines as l using (order_id, line_number)
