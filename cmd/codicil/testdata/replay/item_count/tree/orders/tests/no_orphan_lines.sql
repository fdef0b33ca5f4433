-- A line without its order cannot be invoiced and would be counted by whoever sums the lines alone.
select l.order_id, l.line_number
from order_lines as l
left join orders as o using (order_id)
where o.order_id is null
