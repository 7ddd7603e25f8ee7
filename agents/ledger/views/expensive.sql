-- What was spent on each request, billed or not: all its entries together, as far back as raw entries are kept.
SELECT e.tenant, e.request_id, min(e.cost_center) AS cost_center, min(e.task) AS task, min(e.model) AS model,
  count(*) AS entries, min(e.occurred_at) AS occurred_at,
  CAST(sum(e.list_cost) AS BIGINT) AS list_cost,
  CAST(sum(e.effective_cost) AS BIGINT) AS effective_cost,
  CAST(sum(e.unbilled_cost) AS BIGINT) AS unbilled_cost,
  CAST(sum(e.effective_cost + e.unbilled_cost) AS BIGINT) AS cost
FROM entries e
WHERE e.kind <> 'IDLE'
GROUP BY e.tenant, e.request_id
