-- Spend by tenant and day, beside the day before and the mean of the seven days up to it. A day without entries has no
-- row, and counts as nothing in the others'.
WITH days AS (
  SELECT r.tenant, r.hour - r.hour % 86400000 AS day,
    CAST(sum(r.requests) AS BIGINT) AS requests,
    CAST(sum(r.list_cost) AS BIGINT) AS list_cost,
    CAST(sum(r.effective_cost) AS BIGINT) AS effective_cost,
    CAST(sum(r.unbilled_cost) AS BIGINT) AS unbilled_cost
  FROM rollups r
  GROUP BY r.tenant, r.hour - r.hour % 86400000
)
SELECT d.tenant, d.day, utc_day(d.day) AS day_utc, d.requests, d.list_cost, d.effective_cost, d.unbilled_cost,
  coalesce(before.effective_cost, 0) AS day_before,
  CAST(sum(d.effective_cost) OVER (
    PARTITION BY d.tenant ORDER BY d.day RANGE BETWEEN 518400000 PRECEDING AND CURRENT ROW
  ) AS BIGINT) / 7 AS mean_of_7_days
FROM days d LEFT JOIN days before ON before.tenant = d.tenant AND before.day = d.day - 86400000
