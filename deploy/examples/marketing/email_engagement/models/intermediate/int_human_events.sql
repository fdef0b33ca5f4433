-- Events that a person caused: without the proxies that open messages ahead of the reader and the scanners that
-- follow every link.
select *
from stg_events as e
where not exists (
    select 1
    from machine_agents as m
    where starts_with(e.user_agent, m.agent_prefix)
)
