-- Money that goes back before the customer has asked is a mistake or a fraud.
select f.refund_id, f.refunded_at, r.requested_at
from refunds as f
inner join returns as r using (return_id)
where f.refunded_at < r.requested_at
