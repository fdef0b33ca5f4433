-- The catalogue of articles.
select
    sku,
    name,
    family,
    unit_cost,
    reorder_point,
    is_active
from stg_articles
