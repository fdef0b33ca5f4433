-- One row for each movement of stock. The warehouses' system repeats some; movements of articles that are
-- not in the catalogue are relics of the system before, and cannot be valued.
with cleaned as (
    select distinct
        movement_id,
        upper(trim(sku)) as sku,
        upper(trim(warehouse)) as warehouse,
        lower(trim(kind)) as kind,
        quantity,
        moved_at
    from stock_movements
)

select *
from cleaned
where sku in (select sku from stg_articles)
