-- The semantic cache by hour: the requests that it answered, how many of its answers the model was asked to check, and
-- how often the model said something else. A check counts in the hour in which it ended.
SELECT r.tenant, r.cost_center, r.task, r.model, r.hour, utc_hour(r.hour) AS hour_utc,
  CAST(sum(r.requests) AS BIGINT) AS semantic_hits,
  CAST(sum(r.checks) AS BIGINT) AS checks,
  CAST(sum(r.wrong) AS BIGINT) AS wrong
FROM rollups r
WHERE r.source = 'SEMANTIC_CACHE'
GROUP BY r.tenant, r.cost_center, r.task, r.model, r.hour
