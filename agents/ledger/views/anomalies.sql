-- Hours of the last seven days that are off the tenant's pattern, by the modified z-score against the same hour of the
-- week and the two beside it in the eight weeks before. Coarser than `headrace anomalies`: it knows the spread of those
-- hours alone, at least a twentieth of their median, and passes over hours that usually cost nothing.
WITH RECURSIVE clock AS (
  SELECT now_ms() - now_ms() % 3600000 AS until
),
spent AS (
  SELECT r.tenant, r.hour, CAST(sum(r.effective_cost) AS BIGINT) AS cost
  FROM rollups r JOIN clock c ON r.hour >= c.until - 5446800000
  GROUP BY r.tenant, r.hour
),
tenants AS (
  SELECT s.tenant, min(s.hour) AS first FROM spent s GROUP BY s.tenant
),
hours AS (
  SELECT c.until - 604800000 AS hour FROM clock c
  UNION ALL
  SELECT h.hour + 3600000 FROM hours h JOIN clock c ON h.hour + 3600000 < c.until
),
weeks AS (
  SELECT CAST(1 AS BIGINT) AS week UNION ALL SELECT w.week + 1 FROM weeks w WHERE w.week < 8
),
beside AS (
  SELECT -3600000 AS shift UNION ALL SELECT 0 UNION ALL SELECT 3600000
),
samples AS (
  SELECT t.tenant, h.hour, coalesce(s.cost, 0) AS cost
  FROM tenants t CROSS JOIN hours h CROSS JOIN weeks w CROSS JOIN beside b
    LEFT JOIN spent s ON s.tenant = t.tenant AND s.hour = h.hour - w.week * 604800000 + b.shift
  WHERE h.hour - w.week * 604800000 + b.shift >= t.first
),
-- Of n values in order the median is the mean of those at (n + 1) / 2 and (n + 2) / 2, both rounded down.
ordered AS (
  SELECT s.tenant, s.hour, s.cost,
    row_number() OVER (PARTITION BY s.tenant, s.hour ORDER BY s.cost) AS place,
    count(*) OVER (PARTITION BY s.tenant, s.hour) AS places
  FROM samples s
),
medians AS (
  SELECT o.tenant, o.hour, o.places, CAST(sum(o.cost) AS BIGINT) / count(*) AS median
  FROM ordered o
  WHERE o.place IN ((o.places + 1) / 2, (o.places + 2) / 2)
  GROUP BY o.tenant, o.hour, o.places
),
deviations AS (
  SELECT s.tenant, s.hour, m.median, m.places, abs(s.cost - m.median) AS deviation,
    row_number() OVER (PARTITION BY s.tenant, s.hour ORDER BY abs(s.cost - m.median)) AS place
  FROM samples s JOIN medians m ON m.tenant = s.tenant AND m.hour = s.hour
),
spreads AS (
  SELECT d.tenant, d.hour, d.median, d.places,
    CASE WHEN sum(d.deviation) / count(*) * 20 > d.median THEN sum(d.deviation) / count(*) ELSE d.median / 20.0 END AS mad
  FROM deviations d
  WHERE d.place IN ((d.places + 1) / 2, (d.places + 2) / 2)
  GROUP BY d.tenant, d.hour, d.median, d.places
)
SELECT p.tenant, p.hour, utc_hour(p.hour) AS hour_utc, coalesce(s.cost, 0) AS effective_cost, p.median AS expected,
  0.6745 * (coalesce(s.cost, 0) - p.median) / p.mad AS score
FROM spreads p LEFT JOIN spent s ON s.tenant = p.tenant AND s.hour = p.hour
WHERE p.median > 0 AND p.places >= 12 AND 0.6745 * abs(coalesce(s.cost, 0) - p.median) > 3.5 * p.mad
