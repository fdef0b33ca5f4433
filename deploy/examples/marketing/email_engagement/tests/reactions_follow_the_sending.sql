-- Clocks of the provider were once an hour ahead; reactions before the sending show it.
select send_id, sent_at, first_opened_at, first_clicked_at
from messages
where first_opened_at < sent_at or first_clicked_at < sent_at
