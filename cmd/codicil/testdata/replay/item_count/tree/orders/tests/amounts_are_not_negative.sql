-- Returns must not leak into what was charged: a negative amount means that a return was taken for a sale.
select order_id, line_number, line_amount
from order_lines
where line_amount < 0 or quantity < 1
