-- The roll-ups: what was spent and saved, by tenant, cost centre, task, model, lane, source and hour.
SELECT r.tenant, r.cost_center, r.task, r.model, r.lane, r.source, r.hour, utc_hour(r.hour) AS hour_utc,
  r.entries, r.requests, r.list_cost, r.list_cost - r.effective_cost AS saved, r.effective_cost, r.unbilled_cost,
  r.published_tokens, r.prompt_tokens, r.cached_tokens, r.completion_tokens, r.idle_cost
FROM rollups r
