-- One row for each article that we have ever stocked, with its codes in one spelling.
select distinct
    upper(trim(sku)) as sku,
    trim(name) as name,
    family,
    unit_cost,
    reorder_point,
    is_active
from raw_articles
