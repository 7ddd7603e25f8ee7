-- What each strategy saved (gross), spent on itself (cost) and so saved in the end (net).
SELECT r.tenant, r.cost_center, r.task, r.model, r.lane, r.source, r.hour, utc_hour(r.hour) AS hour_utc,
  s.strategy, s.tokens, s.gross, s.cost, s.gross - s.cost AS net
FROM rollup_savings s JOIN rollups r ON r.rollup_key = s.rollup_key
