-- What the current month (UTC) will have cost each tenant, by the seasonal naive method: each day to come is as the same
-- weekday of the last week. Null while there are not two weeks to go by. `headrace forecast` knows the interval as well.
WITH RECURSIVE clock AS (
  SELECT now_ms() - now_ms() % 86400000 AS today, month_ms() AS since, next_month_ms() AS until
),
days AS (
  SELECT r.tenant, r.hour - r.hour % 86400000 AS day, CAST(sum(r.effective_cost) AS BIGINT) AS cost
  FROM rollups r
  GROUP BY r.tenant, r.hour - r.hour % 86400000
),
coming AS (
  SELECT c.today AS day, 0 AS step FROM clock c
  UNION ALL
  SELECT n.day + 86400000, n.step + 1 FROM coming n JOIN clock c ON n.day + 86400000 < c.until
),
tenants AS (
  SELECT d.tenant, min(d.day) AS first,
    CAST(coalesce(sum(CASE WHEN d.day >= c.since AND d.day < c.until THEN d.cost END), 0) AS BIGINT) AS spent,
    CAST(coalesce(sum(CASE WHEN d.day = c.today THEN d.cost END), 0) AS BIGINT) AS today
  FROM days d CROSS JOIN clock c
  GROUP BY d.tenant
),
expected AS (
  SELECT t.tenant, CAST(sum(
    CASE
      WHEN n.step > 0 THEN coalesce(w.cost, 0)
      WHEN coalesce(w.cost, 0) > t.today THEN w.cost - t.today
      ELSE 0
    END
  ) AS BIGINT) AS cost
  FROM tenants t CROSS JOIN coming n CROSS JOIN clock c
    LEFT JOIN days w ON w.tenant = t.tenant AND w.day = c.today - 604800000 + n.step % 7 * 86400000
  GROUP BY t.tenant
)
SELECT t.tenant, c.since AS month, utc_day(c.since) AS month_utc, t.spent,
  CASE WHEN t.first <= c.today - 1209600000 THEN t.spent + e.cost END AS expected
FROM tenants t JOIN expected e ON e.tenant = t.tenant CROSS JOIN clock c
