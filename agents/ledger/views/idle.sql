-- What GPUs cost while nobody used them, beside what their use cost, by model and day.
SELECT r.model, r.hour - r.hour % 86400000 AS day, utc_day(r.hour - r.hour % 86400000) AS day_utc,
  CAST(sum(r.idle_cost) AS BIGINT) AS idle_cost,
  CAST(sum(r.effective_cost + r.unbilled_cost - r.idle_cost) AS BIGINT) AS used_cost,
  1.0 * sum(r.idle_cost) / nullif(sum(r.effective_cost + r.unbilled_cost), 0) AS share
FROM rollups r
WHERE r.model IN (SELECT i.model FROM rollups i WHERE i.idle_cost <> 0)
GROUP BY r.model, r.hour - r.hour % 86400000
