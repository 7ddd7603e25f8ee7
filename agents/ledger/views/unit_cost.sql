-- What 1,000 predictions cost, to the nearest nano-dollar, by tenant, cost centre, task, model and day.
WITH days AS (
  SELECT r.tenant, r.cost_center, r.task, r.model, r.hour - r.hour % 86400000 AS day,
    CAST(sum(r.requests) AS BIGINT) AS requests,
    CAST(sum(r.effective_cost) AS BIGINT) AS effective_cost
  FROM rollups r
  GROUP BY r.tenant, r.cost_center, r.task, r.model, r.hour - r.hour % 86400000
)
SELECT d.tenant, d.cost_center, d.task, d.model, d.day, utc_day(d.day) AS day_utc, d.requests, d.effective_cost,
  (2000 * d.effective_cost + d.requests) / (2 * d.requests) AS per_1000
FROM days d
WHERE d.requests > 0
