select
    holiday,
    country
from {{ ref('holidays') }}
