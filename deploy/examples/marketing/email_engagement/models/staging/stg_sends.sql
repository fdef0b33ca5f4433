-- One row for each message that was handed to the mail provider.
select distinct
    send_id,
    lower(trim(campaign)) as campaign,
    customer_id,
    lower(trim(recipient)) as recipient_email,
    sent_at
from email_sends
