{% snapshot carrier_terms %}
{{ config(target_schema='main', unique_key='carrier_id', strategy='timestamp', updated_at='updated_at') }}
select * from {{ ref('carriers') }}
{% endsnapshot %}
